/*
 * The connection of a joiner to the owner of its data directory: AMQP over DIR/homing.sock, and the port
 * on it (docs/port-on-the-wire.md). Who may open the socket needs no password.
 */

import fs from 'node:fs'
import { join } from 'node:path'
import { type AmqpClient, type AmqpConnection, AmqpConnector } from '../adapters/amqp/connection.ts'
import { openHomingLink } from '../adapters/amqp/homing-link.ts'
import { serverKind, serverName } from '../adapters/amqp/server-kind.ts'
import type { Link } from '../adapters/link.ts'
import { HomingError } from '../errors.ts'
import { shortPath, socketName } from './socket-place.ts'

export interface Joiner {
  readonly directory: string
  /** The same for all connections of one engine: an owner that was stopped for a while ends the older ones. */
  readonly client: AmqpClient
  readonly onProblem: (text: string) => void
}

/**
 * Fails with `unreachable` when there is no owner, or none that answers yet; with `not-permitted` when the
 * socket is another user's, and with `unsupported` when the owner is of a version that cannot be joined.
 */
export async function connectToOwner(joiner: Joiner, signal: AbortSignal): Promise<Link> {
  const { directory, onProblem } = joiner
  checkSocket(join(directory, socketName))
  const connection = await connect(joiner, signal)
  try {
    checkVersion(connection, directory)
    return await openHomingLink(connection, { onProblem })
  } catch (error) {
    await connection.close()
    throw error
  }
}

async function connect(joiner: Joiner, signal: AbortSignal): Promise<AmqpConnection> {
  const { directory, client, onProblem } = joiner
  using short = shortPath(directory, socketName)
  const path = short.path.split('/').map(encodeURIComponent).join('/')
  const options = { login: 'external', connectionName: `joined, process ${process.pid}` } as const
  const connector = new AmqpConnector(`amqp+unix://${path}`, options, onProblem, client)
  return await connector.connect(signal)
}

/** Messages are handed to nobody who only happens to have made a socket of that name. */
function checkSocket(path: string): void {
  const uid = process.geteuid?.()
  const socket = fs.lstatSync(path, { throwIfNoEntry: false })
  if (socket === undefined) throw new HomingError('unreachable', `there is no ${path} yet`)
  if (uid === undefined || uid === 0 || socket.uid === uid) return
  throw new HomingError(
    'not-permitted',
    `${path} belongs to user ${socket.uid}, this process to user ${uid}; run both as one user, or give this one a directory of its own`,
  )
}

function checkVersion({ serverProperties }: AmqpConnection, directory: string): void {
  if (serverKind(serverProperties) === 'homing') return
  throw new HomingError(
    'unsupported',
    `${directory} is in use by ${serverName(serverProperties)}, which other processes cannot join; use one version of Homing for all of them`,
  )
}
