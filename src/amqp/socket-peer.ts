/*
 * What a socket tells of its two ends.
 */

import type net from 'node:net'
import type tls from 'node:tls'
import type { PeerFacts } from './admission.ts'
import { certificateUser } from './listen.ts'
import type { CertificateName, Listening } from './listen-address.ts'

/** Of the listener that a socket came by. */
export interface PeerDoor {
  readonly listening: Pick<Listening, 'tls'>
  readonly userFrom: CertificateName
}

/** IPv4 as IPv4, also where the system shows it within IPv6. */
export const plainAddress = (address = ''): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

/** The same before and after TLS has begun on it, and of no other socket of now. */
export const endsOf = ({
  remoteAddress,
  remotePort,
  localAddress,
  localPort,
}: net.Socket): string => `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`

/** A Unix socket has no ports; they are 0. */
export function peerOf(socket: net.Socket, { listening, userFrom }: PeerDoor): PeerFacts {
  const isTls = listening.tls
  return {
    address: plainAddress(socket.remoteAddress),
    port: socket.remotePort ?? 0,
    localAddress: plainAddress(socket.localAddress),
    localPort: socket.localPort ?? 0,
    tls: isTls,
    certificateUser: isTls ? certificateUser(socket as tls.TLSSocket, userFrom) : undefined,
  }
}
