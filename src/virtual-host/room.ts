/*
 * How much clients may declare: none of them fills the broker's memory with what it only names.
 *
 *   queues      of a virtual host (its own limit, or the usual one); exclusive ones of a connection
 *   exchanges, bindings    of a virtual host              arguments    of each of these
 *   consumers   of a connection; of a virtual host
 *
 * What counts is looked up where it is kept, so nothing here can go wrong by the count.
 */

import { notAllowed, preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import { type HeaderTable, tableKey } from '../embedded/routing/header-value.ts'
import { limits } from '../limits.ts'
import type { HostParts } from './host-parts.ts'
import type { HostQueues } from './host-queues.ts'
import type { QueueDeclaration, Session } from './port.ts'
import { type Resource, shown } from './resource.ts'

/** Refused with 406. */
export function checkRoomForQueue(
  { definitions, door, queues }: Pick<HostParts, 'definitions' | 'door'> & { queues: HostQueues },
  resource: Resource,
  { session, request }: { readonly session: Session; readonly request: QueueDeclaration },
): void {
  const { virtualHost } = resource
  const { queuesMax = limits.queuesMax } = definitions.limitsOf(virtualHost)
  // The queues of one virtual host are counted only when all of them are enough.
  if (door.queueCount >= queuesMax && queues.count >= queuesMax)
    throw preconditionFailed(
      `cannot declare queue '${resource.name}': queue limit in vhost '${virtualHost}' (${queuesMax}) is reached`,
    )
  const max = limits.queuesPerConnectionMax
  if (request.exclusive && queues.ownedBy(session) >= max)
    throw preconditionFailed(
      `cannot declare queue '${resource.name}': the connection has ${max} exclusive queues, which is the limit`,
    )
}

/** Refused with 406. */
export function checkRoomForExchange({ routing }: QueueDoor, resource: Resource): void {
  const { virtualHost } = resource
  const max = limits.exchangesMax
  if (routing.exchangeCount < max || routing.exchangesOf(virtualHost).length < max) return
  throw preconditionFailed(
    `cannot declare exchange '${resource.name}': exchange limit in vhost '${virtualHost}' (${max}) is reached`,
  )
}

/** Refused with 406, unless it is bound already. */
export function checkRoomForBinding(
  { routing }: QueueDoor,
  source: Resource,
  isBound: () => boolean,
): void {
  const { virtualHost } = source
  const max = limits.bindingsMax
  if (routing.bindingCount(virtualHost) < max || isBound()) return
  throw preconditionFailed(
    `cannot bind to ${shown(source)}: binding limit in vhost '${virtualHost}' (${max}) is reached`,
  )
}

/** Refused with 406. */
export function checkArgumentBytes(resource: Resource, args: HeaderTable): void {
  if (args.size === 0) return
  const bytes = Buffer.byteLength(tableKey(args))
  const max = limits.argumentsBytesMax
  if (bytes <= max) return
  throw preconditionFailed(
    `the arguments for ${shown(resource)} have ${bytes} of at most ${max} bytes`,
  )
}

/** How many consumers there are, by connection. */
export class ConsumerRoom {
  readonly #bySession = new Map<Session, number>()
  #count = 0

  /** Refused with 530, as where RabbitMQ limits the consumers of a channel. */
  check(session: Session, { virtualHost }: Resource): void {
    const ofConnection = limits.consumersPerConnectionMax
    if (this.#of(session) >= ofConnection)
      throw notAllowed(`reached maximum (${ofConnection}) of consumers per connection`)
    if (this.#count >= limits.consumersMax)
      throw notAllowed(
        `reached maximum (${limits.consumersMax}) of consumers in vhost '${virtualHost}'`,
      )
  }

  take(session: Session): void {
    this.#count++
    this.#bySession.set(session, this.#of(session) + 1)
  }

  give(session: Session): void {
    this.#count--
    const left = this.#of(session) - 1
    if (left > 0) this.#bySession.set(session, left)
    else this.#bySession.delete(session)
  }

  #of(session: Session): number {
    return this.#bySession.get(session) ?? 0
  }
}
