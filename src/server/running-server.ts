/*
 * A server as those see it who started it.
 */

import type { ConnectionFacts } from '../amqp/connection-facts.ts'
import type { Listening } from '../amqp/listen-address.ts'
import type { Engine } from '../engine.ts'
import type { HttpListening } from '../http/http-settings.ts'
import type { Accounts } from './accounts.ts'
import type { Reloaded, ServerSettings } from './server-settings.ts'

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
  /**
   * Takes over what can be changed while it runs; without `settings`, the configuration it was started by is
   * read again. Fails with `bad-certificate`, `bad-config`, `bad-argument`, and then nothing has changed.
   */
  reload(settings?: ServerSettings): Promise<Reloaded>
  /** Lets clients settle what they hold for the time of `grace`, tells the clients, gives back what they hold, closes the engine. */
  close(): Promise<void>
}
