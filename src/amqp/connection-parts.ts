/*
 * What a connection is made of, and who hears what becomes of it.
 */

import type { Clock } from '../clock.ts'
import type { PeerFacts } from './admission.ts'
import type { Outlet } from './outlet.ts'
import type { AmqpError } from './protocol/amqp-error.ts'
import type { ConnectionSettings } from './settings.ts'

export interface ConnectionWatch {
  /** It may work from now on. */
  opened?(): void
  /** Nothing of it is left. Told once. */
  over?(why: string): void
  /** A channel or the connection was closed by an error, or a client was not let in. */
  refused?(error: AmqpError): void
  /** RabbitMQ 4.3 would refuse or change something. Told once per feature. */
  warned?(feature: string, text: string): void
  /** Something broke that no client can break: for the log, with its stack. */
  broke?(thrown: unknown): void
}

export interface ConnectionParts {
  readonly clock: Clock
  readonly settings: ConnectionSettings
  readonly peer: PeerFacts
  readonly outlet: Outlet
  readonly watch?: ConnectionWatch
}
