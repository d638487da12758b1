/*
 * A server as those see it who started it.
 */

import type { ConnectionFacts } from '../amqp/connection-facts.ts'
import type { Listening } from '../amqp/listen-address.ts'
import type { Engine } from '../engine.ts'
import type { HttpListening } from '../http/http-settings.ts'
import type { Accounts } from './accounts.ts'

export interface RunningServer extends AsyncDisposable {
  /** Serves the library and others at the same time. Closed with the server. */
  readonly engine: Engine
  /** Changes are in force at once, and on disk. */
  readonly accounts: Accounts
  readonly listening: readonly Listening[]
  /** Empty without an HTTP side. */
  readonly httpListening: readonly HttpListening[]
  /** Why publishers are blocked; undefined when they are not. */
  readonly blockedFor: string | undefined
  /** The connections of now, for lists and pages. */
  connections(): readonly ConnectionFacts[]
  /** Loads what was left for after the start, so that nobody has to wait for it. */
  warm(): void
  /** Tells the clients, gives back what they hold, closes the engine. */
  close(): Promise<void>
}
