/*
 * The table: every row of every chapter.
 */

import { rabbitmqRoutes } from './rabbitmq/routes.ts'
import type { Route } from './route.ts'
import type { RouteParts } from './route-parts.ts'
import { documentRoutes } from './routes/document.ts'
import { healthRoutes } from './routes/health.ts'
import { sessionRoutes } from './routes/session.ts'

export function routesOf(parts: RouteParts): readonly Route[] {
  const rows = [...sessionRoutes(parts), ...healthRoutes, ...rabbitmqRoutes]
  return [...rows, ...documentRoutes(rows)]
}
