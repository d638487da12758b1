/*
 * What the handlers of the table share beside the site.
 */

import type { Authentication } from './authentication.ts'
import type { BrowserSessions } from './browser-sessions.ts'
import type { Streams } from './streams.ts'

export interface RouteParts {
  readonly sessions: BrowserSessions
  readonly authentication: Authentication
  readonly streams: Streams
}
