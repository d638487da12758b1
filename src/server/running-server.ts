/*
 * A server as those see it who started it.
 */

import type { ConnectionFacts } from '../amqp/connection-facts.ts'
import type { Listening } from '../amqp/listen-address.ts'
import type { Engine } from '../engine.ts'
import type { Accounts } from './accounts.ts'

export interface RunningServer extends AsyncDisposable {
  /** Serves the library and others at the same time. Closed with the server. */
  readonly engine: Engine
  /** Changes are in force at once, and on disk. */
  readonly accounts: Accounts
  readonly listening: readonly Listening[]
  /** Why publishers are blocked; undefined when they are not. */
  readonly blockedFor: string | undefined
  /** The connections of now, for lists and pages. */
  connections(): readonly ConnectionFacts[]
  /** Tells the clients, gives back what they hold, closes the engine. */
  close(): Promise<void>
}
