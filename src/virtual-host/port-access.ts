/*
 * What a session of the port may do in this virtual host: asked as AMQP methods are, told as the
 * library tells it.
 *
 *   publish           write on the exchange; configure on a queue that is made with it
 *   consume, purge    read on the queue             declare, pause    configure
 *   backup            nobody but who came by the socket of the data directory
 *   by id             write on the default exchange: who may send under any id is told its outcome
 *   lists             read on the queue of each
 */

import { AmqpError, accessRefused } from '../amqp/protocol/amqp-error.ts'
import { isReplyName } from '../direct-reply-names.ts'
import type { LiveQueue } from '../embedded/live-queue.ts'
import { defaultExchange } from '../embedded/routing/exchange.ts'
import type { QueueSettings } from '../engine.ts'
import { type ErrorCode, HomingError } from '../errors.ts'
import { callbackQueue } from '../message/message.ts'
import type { PortAccess } from '../port-session/access.ts'
import { portQueue } from '../port-wire/frame.ts'
import { scopedName } from '../scoped-name.ts'
import { checkUserId } from './content-checks.ts'
import type { HostExchanges } from './host-exchanges.ts'
import type { HostParts } from './host-parts.ts'
import { checkOwner, type HostQueues } from './host-queues.ts'
import type { QueueDeclaration, Right, Session } from './port.ts'
import { noSuch } from './refusals.ts'
import { checkNewName, checkReserved, type Resource, shown } from './resource.ts'
import { checkRight, checkTopicRight } from './rights.ts'
import { checkRoomForQueue } from './room.ts'

export interface PortAccessParts extends Pick<HostParts, 'door' | 'definitions'> {
  readonly session: Session
  readonly queues: HostQueues
  readonly exchanges: HostExchanges
}

/** What the library makes is durable and shared. */
const madeByLibrary = { exclusive: false } as QueueDeclaration

export class HostPortAccess implements PortAccess {
  readonly virtualHost: string
  readonly connectionName: string
  readonly userName: string
  readonly #parts: PortAccessParts
  /** The last publish that was allowed, to a queue by its name. */
  #allowed:
    | {
        readonly routingKey: string
        readonly live: LiveQueue
        readonly version: number | undefined
      }
    | undefined

  constructor(parts: PortAccessParts) {
    this.virtualHost = parts.queues.virtualHost
    this.connectionName = parts.session.connectionName
    this.userName = parts.session.user
    this.#parts = parts
  }

  get mayKnowMachine(): boolean {
    return this.#parts.session.isOwner === true
  }

  checkPublish(exchange: string, routingKey: string): void {
    if (exchange !== '') {
      asLibrary('exchange-unknown', () => this.#checkExchange(exchange, routingKey))
      return
    }
    const allowed = this.#allowed
    const version = this.#parts.session.rightsVersion
    const isSame = allowed?.routingKey === routingKey && !allowed.live.deleted
    if (isSame && version !== undefined && allowed.version === version) return
    asLibrary('queue-unknown', () => this.#checkQueueToSend(routingKey))
    const live = this.#live(routingKey)
    this.#allowed = live && { routingKey, live, version }
  }

  checkSender(properties: Uint8Array): void {
    asLibrary('queue-unknown', () => checkUserId(this.#parts.session, properties))
  }

  checkCallbacks(names: readonly string[]): void {
    for (const name of names) this.checkPublish('', callbackQueue(name))
  }

  checkConsume(queue: string): void {
    const { session, queues } = this.#parts
    asLibrary('queue-unknown', () => {
      this.#checkNotOurs(queue)
      checkRight(session, 'read', queues.resource(queue))
      const there = queues.find(queue)
      if (there === undefined) {
        this.#checkNewQueue(queue)
        return
      }
      checkOwner(there, session)
      if (there.exclusiveConsumer !== undefined)
        throw accessRefused(`${shown(there.resource)} in exclusive use`)
    })
  }

  checkDeclare(queue: string, { deadLetter }: QueueSettings): void {
    const { session, queues, exchanges } = this.#parts
    asLibrary('queue-unknown', () => {
      this.#checkNotOurs(queue)
      const resource = queues.resource(queue)
      checkRight(session, 'configure', resource)
      const there = queues.find(queue)
      if (there === undefined) this.#checkNewQueue(queue)
      else checkOwner(there, session)
      if (deadLetter === undefined) return
      checkRight(session, 'read', resource)
      checkRight(session, 'write', exchanges.resource(deadLetter.exchange))
    })
  }

  checkPurge(queue: string): void {
    this.#checkWhole('read', queue)
  }

  checkPause(queue: string): void {
    this.#checkWhole('configure', queue)
  }

  /** For what is done to a queue as a whole; whether it is there the engine says. */
  #checkWhole(right: 'read' | 'configure', queue: string): void {
    const { session, queues } = this.#parts
    asLibrary('queue-unknown', () => {
      this.#checkNotOurs(queue)
      checkRight(session, right, queues.resource(queue))
      const there = queues.find(queue)
      if (there !== undefined) checkOwner(there, session)
    })
  }

  checkBackup(): void {
    const { session } = this.#parts
    if (session.isOwner === true) return
    throw new HomingError(
      'access-refused',
      `user '${session.user}' came over a network, and a backup goes to a directory of the server's machine: take it there with homing backup, or by POST /api/backup into the folder that the server has for it`,
    )
  }

  mayRead(queue: string): boolean {
    return this.#parts.session.may('read', queue)
  }

  maySee(queue: string): boolean {
    const { session } = this.#parts
    const any = (right: Right): boolean => session.may(right, queue)
    return any('read') || any('write') || any('configure')
  }

  get mayAskById(): boolean {
    return this.#parts.session.may('write', 'amq.default')
  }

  refuse(what: string): never {
    const { user } = this.#parts.session
    throw new HomingError(
      'access-refused',
      `user '${user}' has no right ${what} in vhost '${this.virtualHost}'; an administrator can give it`,
    )
  }

  #checkExchange(exchange: string, routingKey: string): void {
    const { session, exchanges } = this.#parts
    const resource = exchanges.resource(exchange)
    checkRight(session, 'write', resource)
    const found = exchanges.find(exchange)
    if (found === undefined) throw noSuch(resource)
    if (found.internal) throw accessRefused(`cannot publish to internal ${shown(resource)}`)
    if (found.type === 'topic')
      checkTopicRight(session, 'write', { exchange: resource, routingKey })
  }

  #checkQueueToSend(queue: string): void {
    const { session, exchanges } = this.#parts
    this.#checkNotOurs(queue)
    checkRight(session, 'write', exchanges.resource(defaultExchange))
    if (this.#live(queue) === undefined) this.#checkNewQueue(queue)
  }

  /** It is made when it is first used: who may declare it may. */
  #checkNewQueue(queue: string): void {
    const { session, queues } = this.#parts
    const resource: Resource = queues.resource(queue)
    checkReserved(resource)
    checkRight(session, 'configure', resource)
    checkRoomForQueue(this.#parts, resource, { session, request: madeByLibrary })
    checkNewName(resource)
  }

  /** Names that stand for something else than a queue. */
  #checkNotOurs(queue: string): void {
    if (queue !== portQueue && !isReplyName(queue)) return
    throw new HomingError('bad-name', `"${queue}" is no name for a queue; choose another`)
  }

  #live(queue: string): LiveQueue | undefined {
    return this.#parts.door.queue(scopedName(this.virtualHost, queue))
  }
}

/** `missing`: the code for what is not there. */
function asLibrary(missing: ErrorCode, check: () => void): void {
  try {
    check()
  } catch (error) {
    if (!(error instanceof AmqpError)) throw error
    const text = error.replyText.replace(/^[A-Z_]+ - /, '')
    throw new HomingError(codeOf(error.replyCode, missing), text, { cause: error })
  }
}

function codeOf(replyCode: number, missing: ErrorCode): ErrorCode {
  if (replyCode === 404) return missing
  return replyCode === 406 ? 'bad-argument' : 'access-refused'
}
