/*
 * The chapters in RabbitMQ's shapes.
 */

import type { Route } from '../route.ts'
import { bindingRoutes } from './binding-routes.ts'
import { connectionRoutes } from './connection-routes.ts'
import { definitionsRoutes } from './definitions-routes.ts'
import { exchangeRoutes } from './exchange-routes.ts'
import { healthCheckRoutes } from './health-check-routes.ts'
import { limitRoutes } from './limit-routes.ts'
import { messageRoutes } from './message-routes.ts'
import { overviewRoutes } from './overview-routes.ts'
import { parameterRoutes } from './parameter-routes.ts'
import { permissionRoutes } from './permission-routes.ts'
import { policyRoutes } from './policy-routes.ts'
import { queueRoutes } from './queue-routes.ts'
import { userRoutes } from './user-routes.ts'
import { virtualHostRoutes } from './virtual-host-routes.ts'

export const rabbitmqRoutes: readonly Route[] = [
  ...overviewRoutes,
  ...virtualHostRoutes,
  ...userRoutes,
  ...permissionRoutes,
  ...limitRoutes,
  ...policyRoutes,
  ...parameterRoutes,
  ...exchangeRoutes,
  ...queueRoutes,
  ...messageRoutes,
  ...bindingRoutes,
  ...connectionRoutes,
  ...definitionsRoutes,
  ...healthCheckRoutes,
]
