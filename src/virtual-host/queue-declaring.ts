/*
 * Declaring and deleting queues, with RabbitMQ's checks in RabbitMQ's order.
 *
 *   name ─▶ right ─┬ there ────▶ owner, durable, auto_delete, arguments: the same?
 *                  └ not there ▶ limit, reserved name, dead-letter rights, arguments, property by property
 *
 * An exclusive queue is never durable, whatever is asked. `amq.rabbitmq.reply-to…` is no queue, but
 * declaring it answers as if there were one.
 */

import { preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import { isKeptName, isReplyName } from '../direct-reply-names.ts'
import type { HeaderTable } from '../embedded/routing/header-value.ts'
import type { Later } from '../later.ts'
import type { Declared } from './declaration.ts'
import type { DirectReplies } from './direct-replies.ts'
import { assertSame, assertSameArguments } from './equivalence.ts'
import { wrongType } from './host-exchanges.ts'
import type { HostParts } from './host-parts.ts'
import type { HostQueue } from './host-queue.ts'
import { checkOwner, type HostQueues } from './host-queues.ts'
import type { QueueDeclaration, QueueDeclared, Session } from './port.ts'
import { checkPortableQueue, notePortableQueue } from './portability.ts'
import {
  checkQueueArguments,
  comparedArguments,
  moduleOf,
  type QueueType,
  queueTypeArgument,
  queueTypeIn,
} from './queue-arguments.ts'
import { inUse, lockedQueue, noSuch, notEmpty } from './refusals.ts'
import { checkNewName, checkReserved, type Resource, shown, withoutLineEnds } from './resource.ts'
import { checkAnyRight, checkRight } from './rights.ts'
import { checkArgumentBytes, checkRoomForQueue } from './room.ts'
import { serverName, withoutNamePrefix } from './server-name.ts'

export interface DeclaringParts extends Pick<HostParts, 'definitions' | 'door' | 'randomBytes'> {
  readonly queues: HostQueues
  readonly replies: DirectReplies
}

export interface Deleting {
  readonly ifUnused: boolean
  readonly ifEmpty: boolean
}

/** What was declared, and whether it is new. */
export interface Answer extends QueueDeclared {
  readonly made: boolean
}

export class QueueDeclaring {
  readonly #parts: DeclaringParts
  readonly #virtualHost: string

  constructor(parts: DeclaringParts) {
    this.#parts = parts
    this.#virtualHost = parts.queues.virtualHost
  }

  declare(session: Session, came: QueueDeclaration): Answer {
    const asked = withoutLineEnds(came.name)
    if (isReplyName(asked) && !isKeptName(asked)) return this.#reply(asked)
    const { queues } = this.#parts
    const request = this.#withUsualType({ ...came, args: withoutNamePrefix(came.args) })
    const type = queueTypeIn(request.args)
    const name = asked === '' ? this.#serverName(type, came.args) : asked
    const resource = queues.resource(name)
    // Other than with exchanges, RabbitMQ refuses these names also where the queue is there.
    if (asked !== '' && !isKeptName(asked)) checkReserved(resource)
    checkRight(session, 'configure', resource)
    const there = queues.find(name)
    if (there !== undefined) return this.#again(session, there, request)
    checkRoomForQueue(this.#parts, resource, { session, request })
    checkNewName(resource)
    checkArgumentBytes(resource, request.args)
    this.#checkDeadLetter(session, resource, request)
    checkQueueArguments(resource, request.args, type)
    checkProperties(resource, type, request)
    checkPortableQueue(session, resource, request)
    const declared = declaredBy(request, type as QueueType)
    const queue = queues.add(name, declared, request.exclusive ? session : undefined)
    return { ...answerOf(queue), made: true }
  }

  /** Passive declare. */
  check(session: Session, name: string): QueueDeclared {
    const asked = withoutLineEnds(name)
    if (isReplyName(asked) && !isKeptName(asked)) return this.#reply(asked)
    const { queues } = this.#parts
    checkAnyRight(session, queues.resource(asked))
    const queue = queues.open(asked, session)
    queues.used(queue)
    return answerOf(queue)
  }

  /** Nothing when it is not there. */
  delete(session: Session, name: string, { ifUnused, ifEmpty }: Deleting): Later<number> {
    const { queues } = this.#parts
    const resource = queues.resource(withoutLineEnds(name))
    checkRight(session, 'configure', resource)
    const queue = queues.find(resource.name)
    if (queue === undefined) return 0
    checkOwner(queue, session)
    if (ifUnused && queue.consumerCount > 0) throw inUse(resource)
    if (ifEmpty && queue.ready > 0) throw notEmpty(resource)
    return queues.delete(queue)
  }

  #reply(name: string): Answer {
    const { queues, replies } = this.#parts
    if (!replies.isAlive(name)) throw noSuch(queues.resource(name))
    return { name, messages: 0, consumers: 1, made: false }
  }

  #again(session: Session, queue: HostQueue, request: QueueDeclaration): Answer {
    const { declared, resource, owner } = queue
    // Other than for any other use, declaring must say of exclusive what is.
    if (owner !== (request.exclusive ? session : undefined)) throw lockedQueue(resource)
    const durable = request.durable && !request.exclusive
    assertSame(resource, { name: 'durable', current: declared.durable, received: durable })
    const { autoDelete } = request
    assertSame(resource, {
      name: 'auto_delete',
      current: declared.autoDelete,
      received: autoDelete,
    })
    const names = comparedArguments(declared.type).filter((name) => name !== queueTypeArgument)
    const received = request.args
    assertSameType(queue, request)
    assertSameArguments(resource, names, { current: declared.args, received })
    notePortableQueue(session, resource, request)
    this.#parts.queues.used(queue)
    return { ...answerOf(queue), made: false }
  }

  /**
   * With the virtual host's default type, where none is named and the queue can have it: from then on
   * it is as if it had been asked for.
   */
  #withUsualType(request: QueueDeclaration): QueueDeclaration {
    const usual = this.#parts.definitions.defaultQueueTypeOf(this.#virtualHost)
    const { durable, exclusive, autoDelete, args } = request
    if (usual === undefined || args.has(queueTypeArgument)) return request
    if (usual !== 'classic' && (!durable || exclusive || autoDelete)) return request
    return { ...request, args: new Map([...args, [queueTypeArgument, usual]]) }
  }

  #serverName(type: string, args: HeaderTable): string {
    if (type !== 'classic')
      throw preconditionFailed(`Cannot declare a server-named queue for type ${moduleOf(type)}`)
    return serverName(this.#virtualHost, args, this.#parts.randomBytes)
  }

  #checkDeadLetter(session: Session, resource: Resource, { args }: QueueDeclaration): void {
    const exchange = args.get('x-dead-letter-exchange')
    if (exchange === undefined) return
    if (typeof exchange !== 'string') throw wrongType(resource, 'x-dead-letter-exchange', exchange)
    checkRight(session, 'read', resource)
    checkRight(session, 'write', { ...resource, kind: 'exchange', name: exchange })
  }
}

function answerOf(queue: HostQueue): QueueDeclared {
  return { name: queue.name, messages: queue.ready, consumers: queue.consumerCount }
}

function declaredBy(request: QueueDeclaration, type: QueueType): Declared {
  const { exclusive, autoDelete, args } = request
  const durable = request.durable && !exclusive
  return { type, durable, exclusive, autoDelete, args, foreign: false }
}

/** A type that is not named is `classic`, or whatever the queue is. */
function assertSameType({ declared, resource }: HostQueue, { args }: QueueDeclaration): void {
  const current = declared.args
  const isNamed = args.has(queueTypeArgument)
  if (declared.type === 'classic' && (!isNamed || args.get(queueTypeArgument) === 'classic')) return
  assertSameArguments(resource, [queueTypeArgument], { current, received: args })
}

/** Quorum queues are durable, shared and stay. Refused with 406. */
function checkProperties(resource: Resource, type: string, request: QueueDeclaration): void {
  if (type !== 'quorum') return
  const invalid = [
    ['auto-delete', request.autoDelete],
    ['exclusive-owner', request.exclusive],
    ['non-durable', !request.durable],
  ] as const
  for (const [property, isInvalid] of invalid)
    if (isInvalid) throw preconditionFailed(`invalid property '${property}' for ${shown(resource)}`)
}
