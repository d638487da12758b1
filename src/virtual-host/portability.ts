/*
 * What clients ask for that RabbitMQ 4.3 refuses, or takes for something else.
 *
 *   asked for ─▶ noted once for the connection: log, inspection
 *             └▶ where RabbitMQ 4.3 is the measure: refused as there
 *
 * Rule: a feature without a refusal is one that RabbitMQ 4.3 accepts and does not do. Features of the
 * connection and the channel (frame_max, global_qos, nack) are looked at there.
 */

import { type AmqpError, internalError, preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import { delayedType } from '../embedded/routing/exchange.ts'
import type { ConsumeRequest, QueueDeclaration, Session } from './port.ts'
import { moduleOf, type QueueType, queueTypeIn } from './queue-arguments.ts'
import { type Resource, shown } from './resource.ts'

interface Feature {
  readonly name: string
  isUsed(request: QueueDeclaration): boolean
  /** What stands in the log. */
  readonly says: string
  /** The text for the client of RabbitMQ 4.3's refusal. */
  refusal?(queue: Resource): AmqpError
}

const timeoutArgument = 'x-consumer-timeout'

const deprecated =
  (name: string) =>
  (queue: Resource): AmqpError =>
    internalError(`Feature '${name}' is deprecated and not permitted: ${shown(queue)}`)

const invalid =
  (argument: string) =>
  (queue: Resource): AmqpError =>
    preconditionFailed(
      `invalid arg '${argument}' for ${shown(queue)} of queue type ${moduleOf('classic')}`,
    )

const has =
  (argument: string) =>
  ({ args }: QueueDeclaration): boolean =>
    args.has(argument)

const features: readonly Feature[] = [
  {
    name: 'transient_nonexcl_queues',
    isUsed: ({ durable, exclusive }) => !durable && !exclusive,
    says: 'is neither durable nor exclusive; RabbitMQ 4.3 closes the connection',
    refusal: deprecated('transient_nonexcl_queues'),
  },
  {
    name: 'queue_master_locator',
    isUsed: has('x-queue-master-locator'),
    says: "has 'x-queue-master-locator'; RabbitMQ 4.3 closes the connection",
    refusal: deprecated('queue_master_locator'),
  },
  {
    name: 'x-queue-mode',
    isUsed: has('x-queue-mode'),
    says: "has 'x-queue-mode', which RabbitMQ 4.3 refuses and which means nothing since 3.12",
    refusal: invalid('x-queue-mode'),
  },
  {
    name: 'x-queue-version',
    isUsed: ({ args }) => Number(args.get('x-queue-version')) === 1,
    says: "has 'x-queue-version' 1, which RabbitMQ 4.3 refuses",
    refusal: invalid('x-queue-version'),
  },
  {
    name: timeoutArgument,
    isUsed: ({ args }) => args.has(timeoutArgument) && queueTypeIn(args) === 'classic',
    says: `is classic and has '${timeoutArgument}', which RabbitMQ 4.3 knows for quorum queues only`,
    refusal: invalid(timeoutArgument),
  },
  {
    name: 'x-message-deduplication',
    isUsed: has('x-message-deduplication'),
    says: "has 'x-message-deduplication' of a plugin that does not work with RabbitMQ 4.3, and means nothing here; 'x-homing-deduplicate' does it here",
  },
]

/** Before a queue is made. Throws what RabbitMQ 4.3 refuses it with, where that is the measure. */
export function checkPortableQueue(
  session: Session,
  queue: Resource,
  request: QueueDeclaration,
): void {
  for (const feature of features) {
    if (!feature.isUsed(request)) continue
    if (session.compat !== undefined && feature.refusal) throw feature.refusal(queue)
    session.warnPortability(feature.name, `${shown(queue)} ${feature.says}`)
  }
}

/** A queue that is there is declared again: RabbitMQ 4.3 would not have it. */
export function notePortableQueue(
  session: Session,
  queue: Resource,
  request: QueueDeclaration,
): void {
  for (const { name, isUsed, says } of features)
    if (isUsed(request)) session.warnPortability(name, `${shown(queue)} ${says}`)
}

/** The plugin that has them does not work with RabbitMQ 4.3, where their type is unknown. */
export function checkPortableExchange(session: Session, exchange: Resource, type: string): void {
  if (type !== delayedType) return
  if (session.compat !== undefined) throw preconditionFailed(`unknown exchange type '${type}'`)
  session.warnPortability(
    delayedType,
    `${shown(exchange)} is of a type that RabbitMQ 4.3 does not have; its plugin needs Mnesia`,
  )
}

export function notePortableConsumer(
  session: Session,
  queue: Resource,
  { type, args }: { readonly type: QueueType; readonly args: ConsumeRequest['args'] },
): void {
  if (type !== 'classic' || !args.has(timeoutArgument)) return
  session.warnPortability(
    timeoutArgument,
    `a consumer of ${shown(queue)}, which is classic, has '${timeoutArgument}'; RabbitMQ 4.3 knows it for quorum queues only`,
  )
}

/** Since RabbitMQ 4.3: a consumer of a quorum queue that holds a message so long is cancelled. */
export const consumerTimeoutMsOf43 = 30 * 60 * 1_000

export function noteHeldLong(session: Session, queue: Resource): void {
  session.warnPortability(
    'consumer_timeout',
    `a consumer of ${shown(queue)} held a message for 30 minutes; RabbitMQ 4.3 cancels it then and gives the message back`,
  )
}
