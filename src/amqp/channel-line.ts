/*
 * What the parts of a channel know of it: its number, its virtual host, its way out.
 *
 *   channel ─┬─ publishing    content, confirms        ┐
 *            ├─ consuming     consumers, prefetch      ├─ each knows the line only
 *            ├─ settling      unsettled deliveries     │
 *            └─ topology      exchanges and queues     ┘
 */

import type { ChannelSession, VirtualHost } from '../virtual-host/port.ts'
import type { ClientCapabilities } from './client-capabilities.ts'
import type { Output } from './output.ts'
import type { AmqpError } from './protocol/amqp-error.ts'
import type { Method } from './protocol/methods.ts'

export interface ChannelLine extends ChannelSession {
  readonly number: number
  readonly host: VirtualHost
  readonly output: Output
  /** As agreed; 0 for no limit. */
  readonly frameMax: number
  readonly bodyBytesMax: number
  /** Why publishers are to wait; undefined when they are not. */
  readonly blockedFor: string | undefined
  readonly capabilities: ClientCapabilities
  /** False once a close was sent or received: nothing is delivered and nothing confirmed any more. */
  readonly isOpen: boolean
  send(method: Method): void
  /** Closes the channel at the end of this turn, for a reason that no frame of the client gave. */
  fail(error: AmqpError): void
}
