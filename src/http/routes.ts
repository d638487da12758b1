/*
 * The table: every row of every chapter.
 */

import { rabbitmqRoutes } from './rabbitmq/routes.ts'
import type { Route } from './route.ts'
import type { RouteParts } from './route-parts.ts'
import { auditRoutes } from './routes/audit.ts'
import { backupRoutes } from './routes/backup.ts'
import { callbackRoutes } from './routes/callbacks.ts'
import { deadLetterRoutes } from './routes/dead-letters.ts'
import { deliveryRoutes } from './routes/deliveries.ts'
import { documentRoutes } from './routes/document.ts'
import { figuresRoutes } from './routes/figures.ts'
import { healthRoutes } from './routes/health.ts'
import { outcomeEventRoutes } from './routes/outcome-events.ts'
import { outcomeRoutes } from './routes/outcomes.ts'
import { passwordRoutes } from './routes/password.ts'
import { queueContentRoutes } from './routes/queue-contents.ts'
import { sendingRoutes } from './routes/sending.ts'
import { sessionRoutes } from './routes/session.ts'
import { storyRoutes } from './routes/stories.ts'

export function routesOf(parts: RouteParts): readonly Route[] {
  const rows = [
    ...sessionRoutes(parts),
    ...sendingRoutes(parts),
    ...outcomeRoutes(parts),
    ...outcomeEventRoutes(parts),
    ...figuresRoutes(parts),
    ...deliveryRoutes(parts),
    ...queueContentRoutes(parts),
    ...storyRoutes(parts),
    ...deadLetterRoutes(parts),
    ...callbackRoutes(parts),
    ...passwordRoutes(parts),
    ...healthRoutes,
    ...rabbitmqRoutes,
    ...auditRoutes,
    ...backupRoutes,
  ]
  return [...rows, ...documentRoutes(rows)]
}
