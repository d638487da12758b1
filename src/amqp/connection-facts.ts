/*
 * What there is to see of a connection, for lists, logs and pages. A copy: it does not change.
 */

import type { HeaderTable } from '../embedded/routing/header-value.ts'
import type { PeerFacts } from './admission.ts'
import type { ChannelFacts } from './channel-facts.ts'

/**
 *   handshake  not let in yet       running
 *   closing    the client closes    closed   we have sent a close      over
 */
export type ConnectionState = 'handshake' | 'running' | 'closing' | 'closed' | 'over'

export interface ConnectionFacts {
  /** `address:port -> address:port`. */
  readonly name: string
  /** As the client calls itself; '' when it does not. */
  readonly givenName: string
  readonly peer: PeerFacts
  readonly state: ConnectionState
  /** '' before the login. */
  readonly user: string
  /** Undefined before it is opened. */
  readonly virtualHost: string | undefined
  readonly clientProperties: HeaderTable
  readonly frameMax: number
  readonly channelMax: number
  /** Seconds; 0 for none. */
  readonly heartbeat: number
  readonly channels: readonly ChannelFacts[]
  /** A publisher that is not read from because the broker is low on something. */
  readonly isBlocked: boolean
  readonly receivedBytes: number
  readonly sentBytes: number
  /** Received and not worked on, or written and not taken by the system. */
  readonly waitingBytes: number
  readonly connectedAtMs: number
  /** What RabbitMQ 4.3 would refuse or change, by feature. */
  readonly warnings: ReadonlyMap<string, string>
}
