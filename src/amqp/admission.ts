/*
 * Who is let in: what a connection asks of the server before it may do anything.
 *
 *   start-ok ─▶ authenticate(credentials, peer) ─▶ a login, or a refusal
 *   open     ─▶ openVirtualHost(name, login, opening) ─▶ virtual host and session, or an AmqpError
 *
 * The connection speaks the protocol, the server knows users. Neither keeps a password after the call.
 */

import type { HeaderTable } from '../embedded/routing/header-value.ts'
import type { Later } from '../later.ts'
import type { Session, VirtualHost } from '../virtual-host/port.ts'
import type { PortabilityWarnings } from './portability.ts'
import type { AmqpError } from './protocol/amqp-error.ts'

/** What a client said about itself to be let in. User names and passwords are bytes on the wire. */
export type Credentials =
  | {
      readonly mechanism: 'PLAIN' | 'AMQPLAIN'
      readonly user: string
      readonly password: Uint8Array
    }
  /** The peer's certificate tells the user, or the socket by which it came. */
  | { readonly mechanism: 'EXTERNAL' }

/** The other end of the socket, as the socket knows it. */
export interface PeerFacts {
  readonly address: string
  readonly port: number
  /** The address and port the client connected to. */
  readonly localAddress: string
  readonly localPort: number
  readonly tls: boolean
  /** User named by a verified client certificate; undefined when there was none. */
  readonly certificateUser: string | undefined
  /** Came by the socket that nobody but the owner of the data directory can open. */
  readonly isOwner?: boolean
}

/** Made by the server, handed back to it; the connection reads the name only. */
export interface Login {
  readonly user: string
}

export type Authenticate = (credentials: Credentials, peer: PeerFacts) => Later<Login | undefined>

/** What is known of a connection when it opens a virtual host. */
export interface Opening {
  /** `address:port -> address:port`, unique among the connections of now. */
  readonly name: string
  /** As the client calls itself; '' when it does not. */
  readonly givenName: string
  readonly peer: PeerFacts
  readonly clientProperties: HeaderTable
  /** The session's `warnPortability` notes here; what was noted before is in it. */
  readonly warnings: PortabilityWarnings
  /** Ends the connection, saying why. */
  readonly close: (why: AmqpError) => void
}

export interface OpenedVirtualHost {
  readonly host: VirtualHost
  readonly session: Session
  /** Asked before a channel opens; throws the AmqpError of the limit that refuses it. */
  takeChannel?(): void
  /** A channel that was taken is no more. */
  giveChannel?(): void
}

/** Throws, or rejects with, an AmqpError (530) when it refuses. */
export type OpenVirtualHost = (
  name: string,
  login: Login,
  opening: Opening,
) => Later<OpenedVirtualHost>

/** A new secret for the same user, as `connection.update-secret` brings it. False refuses it. */
export type UpdateSecret = (login: Login, secret: Uint8Array, peer: PeerFacts) => Later<boolean>
