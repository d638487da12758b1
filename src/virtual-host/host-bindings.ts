/*
 * Binding and unbinding, in RabbitMQ's order of checks: write on the destination, read on the source
 * and on its topic, then whether both are there, then whether the queue is another connection's.
 * Unbinding what is not there is done.
 */

import { accessRefused, preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import { isReplyName } from '../direct-reply-names.ts'
import type { Exchange } from '../embedded/routing/exchange.ts'
import {
  equalTables,
  type HeaderTable,
  type HeaderValue,
} from '../embedded/routing/header-value.ts'
import type { BindingTarget } from '../embedded/routing/routing.ts'
import { scopedName } from '../scoped-name.ts'
import type { HostExchanges } from './host-exchanges.ts'
import type { HostParts } from './host-parts.ts'
import { checkOwner, type HostQueues } from './host-queues.ts'
import type { BindingRequest, Session } from './port.ts'
import { noSuch } from './refusals.ts'
import {
  type Resource,
  type ResourceKind,
  refuseDefaultExchange,
  withoutLineEnds,
} from './resource.ts'
import { checkRight, checkTopicRight } from './rights.ts'
import { checkArgumentBytes, checkRoomForBinding } from './room.ts'
import { wireType } from './wire-type.ts'

export interface BindingParts extends Pick<HostParts, 'door'> {
  readonly queues: HostQueues
  readonly exchanges: HostExchanges
}

interface Ends {
  readonly source: Resource
  readonly destination: Resource
}

export class HostBindings {
  readonly #parts: BindingParts
  readonly #virtualHost: string

  constructor(parts: BindingParts) {
    this.#parts = parts
    this.#virtualHost = parts.queues.virtualHost
  }

  bind(session: Session, kind: ResourceKind, request: BindingRequest): void {
    const ends = this.#checked(session, kind, request)
    const source = this.#parts.exchanges.find(ends.source.name)
    if (source === undefined) throw noSuch(ends.source)
    this.#checkDestination(session, ends.destination)
    checkMatch(source, request.args)
    checkArgumentBytes(ends.source, request.args)
    checkRoomForBinding(this.#parts.door, ends.source, () => this.#isBound(kind, ends, request))
    const { routingKey, args } = request
    this.#parts.door.bind(source.name, this.#target(ends.destination), { routingKey, args })
  }

  unbind(session: Session, kind: ResourceKind, request: BindingRequest): void {
    const ends = this.#checked(session, kind, request)
    const { routingKey, args } = request
    const { name } = ends.destination
    const queue = kind === 'queue' ? this.#parts.queues.find(name) : undefined
    // A locked queue is told only of bindings that it has.
    if (queue !== undefined && this.#isBound('queue', ends, request)) checkOwner(queue, session)
    if (kind === 'exchange' && this.#parts.exchanges.find(name) === undefined) return
    if (this.#parts.exchanges.find(ends.source.name) === undefined) return
    const source = scopedName(this.#virtualHost, ends.source.name)
    this.#parts.door.unbind(source, this.#target(ends.destination), { routingKey, args })
  }

  #isBound(
    kind: ResourceKind,
    { source, destination }: Ends,
    { routingKey, args }: BindingRequest,
  ): boolean {
    const bindings = this.#parts.door.routing.bindingsTo(
      kind,
      scopedName(this.#virtualHost, destination.name),
    )
    const from = scopedName(this.#virtualHost, source.name)
    return bindings.some(
      (binding) =>
        binding.source === from &&
        binding.routingKey === routingKey &&
        equalTables(binding.args, args),
    )
  }

  #checked(session: Session, kind: ResourceKind, request: BindingRequest): Ends {
    const { queues, exchanges } = this.#parts
    const name = withoutLineEnds(request.destination)
    const destination = kind === 'queue' ? queues.resource(name) : exchanges.resource(name)
    const source = exchanges.resource(withoutLineEnds(request.source))
    if (kind === 'queue' && isReplyName(name))
      throw accessRefused('cannot bind or unbind to a volatile (direct reply-to) queue')
    checkRight(session, 'write', destination)
    refuseDefaultExchange(destination)
    refuseDefaultExchange(source)
    checkRight(session, 'read', source)
    if (exchanges.find(source.name)?.type === 'topic')
      checkTopicRight(session, 'read', { exchange: source, routingKey: request.routingKey })
    return { source, destination }
  }

  #checkDestination(session: Session, destination: Resource): void {
    const { queues, exchanges } = this.#parts
    if (destination.kind === 'queue') queues.open(destination.name, session)
    else if (exchanges.find(destination.name) === undefined) throw noSuch(destination)
  }

  #target({ kind, name }: Resource): BindingTarget {
    return { kind, name: scopedName(this.#virtualHost, name) }
  }
}

const matches: readonly (HeaderValue | undefined)[] = [
  ...[undefined, 'all', 'any', 'all-with-x', 'any-with-x'],
]

/** The arguments of a binding that mean something to its exchange. Refused with 406. */
function checkMatch({ type, args: declared }: Exchange, args: HeaderTable): void {
  if (type !== 'headers' && declared.get('x-delayed-type') !== 'headers') return
  const match = args.get('x-match')
  if (matches.includes(match) || match === undefined) return
  if (typeof match !== 'string')
    throw preconditionFailed(
      `Invalid x-match field type ${wireType(match)} (value ${String(match)}); expected longstr`,
    )
  throw preconditionFailed(
    `Invalid x-match field value <<"${match}">>; expected all, any, all-with-x, or any-with-x`,
  )
}
