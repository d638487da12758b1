/*
 * Consuming and getting: who may, and which consumers exclude each other.
 *
 *   exclusive consumer       no other beside it, and it comes only when there is none
 *   single active consumer   many wait, one is served; none of them may be exclusive
 */

import { accessRefused, resourceLocked } from '../amqp/protocol/amqp-error.ts'
import type { HeldDelivery } from '../embedded/live-queue.ts'
import type { Later } from '../later.ts'
import { HostConsumer } from './host-consumer.ts'
import type { HostParts } from './host-parts.ts'
import type { HostQueue } from './host-queue.ts'
import type { HostQueues } from './host-queues.ts'
import { propertiesOf, shownMessage, withDeliveryCount } from './message-properties.ts'
import type { ConsumeRequest, ConsumerSink, Got, Session } from './port.ts'
import { notePortableConsumer } from './portability.ts'
import { checkConsumeArguments } from './queue-arguments.ts'
import { shown } from './resource.ts'
import { ConsumerRoom } from './room.ts'

export interface ConsumingParts extends Pick<HostParts, 'door' | 'clock'> {
  readonly queues: HostQueues
}

export class Consuming {
  readonly #parts: ConsumingParts
  readonly #room = new ConsumerRoom()

  constructor(parts: ConsumingParts) {
    this.#parts = parts
  }

  /** Refused with 403, 406 and 530. */
  consume(
    session: Session,
    queue: HostQueue,
    { request, sink }: { readonly request: ConsumeRequest; readonly sink: ConsumerSink },
  ): HostConsumer {
    checkConsumeArguments(queue.resource, request.args, queue.declared.type)
    checkExclusive(queue, request)
    this.#room.check(session, queue.resource)
    notePortableConsumer(session, queue.resource, { type: queue.declared.type, args: request.args })
    const { door, clock, queues } = this.#parts
    const left = (consumer: HostConsumer): void => {
      this.#room.give(session)
      if (queue.exclusiveConsumer === consumer) queue.exclusiveConsumer = undefined
      queues.consumerLeft(queue)
    }
    const consumer = new HostConsumer(queue, request, { session, door, clock, left, sink })
    consumer.enter(request)
    this.#room.take(session)
    if (request.exclusive) queue.exclusiveConsumer = consumer
    return consumer
  }

  /** Refused with 405 on a quorum queue with a single active consumer, as in RabbitMQ. */
  get(session: Session, queue: HostQueue, noAck: boolean): Later<Got | undefined> {
    if (queue.declared.type === 'quorum' && queue.live.queue.settings.singleActive)
      throw resourceLocked(
        `cannot obtain access to locked ${shown(queue.resource)}. basic.get operations are not supported by quorum queues with single active consumer`,
      )
    this.#parts.queues.used(queue)
    const { connectionName, user: userName } = session
    const taken = this.#parts.door.get(queue.live, noAck, { connectionName, userName })
    return taken instanceof Promise
      ? taken.then((delivery) => gotOf(queue, delivery, noAck))
      : gotOf(queue, taken, noAck)
  }
}

function checkExclusive(queue: HostQueue, { exclusive }: ConsumeRequest): void {
  const { live, resource, exclusiveConsumer } = queue
  const isShared = live.queue.settings.singleActive === true
  const refused = isShared
    ? exclusive
    : exclusiveConsumer !== undefined || (exclusive && queue.consumerCount > 0)
  if (refused) throw accessRefused(`${shown(resource)} in exclusive use`)
}

function gotOf(
  queue: HostQueue,
  delivery: HeldDelivery | undefined,
  noAck: boolean,
): Got | undefined {
  if (delivery === undefined) return undefined
  const { redelivered, attempt } = delivery
  const message = shownMessage(delivery.message)
  const properties = propertiesOf(message)
  // Other than to consumers, RabbitMQ tells the count of a first delivery as well.
  const counts = queue.declared.type === 'quorum'
  return {
    message,
    properties: counts ? withDeliveryCount(properties, attempt - 1) : properties,
    redelivered,
    remaining: queue.ready,
    held: noAck ? undefined : delivery,
  }
}
