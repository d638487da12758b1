/*
 * The table: every row of every chapter.
 */

import { rabbitmqRoutes } from './rabbitmq/routes.ts'
import type { Route } from './route.ts'
import type { RouteParts } from './route-parts.ts'
import { auditRoutes } from './routes/audit.ts'
import { backupRoutes } from './routes/backup.ts'
import { deliveryRoutes } from './routes/deliveries.ts'
import { documentRoutes } from './routes/document.ts'
import { healthRoutes } from './routes/health.ts'
import { metricsRoutes } from './routes/metrics.ts'
import { outcomeRoutes } from './routes/outcomes.ts'
import { passwordRoutes } from './routes/password.ts'
import { sendingRoutes } from './routes/sending.ts'
import { sessionRoutes } from './routes/session.ts'

export function routesOf(parts: RouteParts): readonly Route[] {
  const rows = [
    ...sessionRoutes(parts),
    ...passwordRoutes(parts),
    ...sendingRoutes(parts),
    ...outcomeRoutes(parts),
    ...deliveryRoutes(parts),
    ...rabbitmqRoutes,
    ...auditRoutes,
    ...backupRoutes,
    ...healthRoutes,
    ...metricsRoutes(parts),
  ]
  return [...rows, ...documentRoutes(rows)]
}
