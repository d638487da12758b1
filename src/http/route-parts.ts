/*
 * What the handlers of the table share beside the site.
 */

import type { Authentication } from './authentication.ts'
import type { BrowserSessions } from './browser-sessions.ts'
import type { Leases } from './consuming/leases.ts'
import type { Cursors } from './cursors.ts'
import type { Entrances } from './entrances.ts'
import type { LiveRowsReading } from './figures/live-rows.ts'
import type { Sampler } from './figures/sampler.ts'
import type { ServerMetrics } from './metrics/server-metrics.ts'
import type { OpenRequests } from './open-requests.ts'
import type { Streams } from './streams.ts'

export interface RouteParts {
  readonly sessions: BrowserSessions
  readonly authentication: Authentication
  readonly streams: Streams
  readonly entrances: Entrances
  readonly cursors: Cursors
  readonly leases: Leases
  readonly sampler: Sampler
  readonly liveRows: LiveRowsReading
  readonly openRequests: OpenRequests
  readonly metrics: ServerMetrics
}
