/*
 * The exchanges of one virtual host: declaring, deleting, and the alternates that policies give them.
 *
 * Checks and their order are RabbitMQ's: type, default exchange, right, then equivalence when it is
 * there, name and rights on the alternate exchange when it is not. An unknown type closes the channel
 * with 406, as since RabbitMQ 4.0.
 */

import { accessRefused, preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import {
  delayedType,
  type Exchange,
  type ExchangeType,
  exchangeTypes,
  matchingTypes,
} from '../embedded/routing/exchange.ts'
import type { HeaderTable, HeaderValue } from '../embedded/routing/header-value.ts'
import { baseName, scopedName } from '../scoped-name.ts'
import { assertSame, assertSameArguments } from './equivalence.ts'
import type { HostParts } from './host-parts.ts'
import { policySettings } from './policy.ts'
import type { ExchangeDeclaration, Session } from './port.ts'
import { checkPortableExchange } from './portability.ts'
import { inUse, noSuch } from './refusals.ts'
import {
  checkNewName,
  checkReserved,
  type Resource,
  refuseDefaultExchange,
  shown,
  withoutLineEnds,
} from './resource.ts'
import { checkAnyRight, checkRight } from './rights.ts'
import { checkArgumentBytes, checkRoomForExchange } from './room.ts'
import { wireType } from './wire-type.ts'

const alternateArgument = 'alternate-exchange'
const delayedTypeArgument = 'x-delayed-type'

export class HostExchanges {
  readonly virtualHost: string
  readonly #parts: HostParts

  constructor(virtualHost: string, parts: HostParts) {
    this.virtualHost = virtualHost
    this.#parts = parts
  }

  resource(name: string): Resource {
    return { kind: 'exchange', name, virtualHost: this.virtualHost }
  }

  find(name: string): Exchange | undefined {
    return this.#parts.door.routing.exchange(scopedName(this.virtualHost, name))
  }

  /** True when it was made. */
  declare(session: Session, request: ExchangeDeclaration): boolean {
    const type = typeIn(request.type)
    const resource = this.resource(withoutLineEnds(request.name))
    refuseDefaultExchange(resource)
    checkRight(session, 'configure', resource)
    checkPortableExchange(session, resource, type)
    const there = this.find(resource.name)
    if (there !== undefined) {
      checkSame(resource, there, { ...request, type })
      return false
    }
    this.#make(session, resource, { ...request, type })
    return true
  }

  /** Passive declare. */
  check(session: Session, name: string): void {
    const resource = this.resource(withoutLineEnds(name))
    refuseDefaultExchange(resource)
    checkAnyRight(session, resource)
    if (this.find(resource.name) === undefined) throw noSuch(resource)
  }

  /** True when there was one. */
  delete(session: Session, name: string, ifUnused: boolean): boolean {
    const resource = this.resource(withoutLineEnds(name))
    refuseDefaultExchange(resource)
    if (resource.name.startsWith('amq.'))
      throw accessRefused(`deletion of system ${shown(resource)} not allowed`)
    checkRight(session, 'configure', resource)
    if (this.find(resource.name) === undefined) return false
    const { door } = this.#parts
    const scoped = scopedName(this.virtualHost, resource.name)
    if (ifUnused && door.routing.hasBindingsFrom(scoped)) throw inUse(resource)
    door.deleteExchange(scoped)
    return true
  }

  /** Policies may be others now: an alternate exchange comes from the arguments, else from a policy. */
  policiesChanged(): void {
    const { routing } = this.#parts.door
    for (const { name, args } of routing.exchangesOf(this.virtualHost)) {
      if (baseName(name) === '') continue
      routing.setAlternate(name, this.#alternate(baseName(name), args))
    }
  }

  #make(session: Session, resource: Resource, request: CheckedDeclaration): void {
    checkReserved(resource)
    checkNewName(resource)
    checkRoomForExchange(this.#parts.door, resource)
    checkArgumentBytes(resource, request.args)
    const { args, type, durable, autoDelete, internal } = request
    this.#checkAlternate(session, resource, args)
    if (
      type === delayedType &&
      !matchingTypes.some((known) => known === args.get(delayedTypeArgument))
    )
      throw preconditionFailed(
        `Invalid argument, '${delayedTypeArgument}' must be an existing exchange type`,
      )
    const { door } = this.#parts
    const scoped = scopedName(this.virtualHost, resource.name)
    const alternate = args.get(alternateArgument)
    door.declareExchange(scoped, {
      ...{ type, durable, autoDelete, internal, args },
      ...(typeof alternate === 'string' && { alternate: scopedName(this.virtualHost, alternate) }),
    })
    door.routing.setAlternate(scoped, this.#alternate(resource.name, args))
  }

  #checkAlternate(session: Session, resource: Resource, args: HeaderTable): void {
    const alternate = args.get(alternateArgument)
    if (alternate === undefined) return
    if (typeof alternate !== 'string') throw wrongType(resource, alternateArgument, alternate)
    checkRight(session, 'read', resource)
    checkRight(session, 'write', this.resource(alternate))
  }

  #alternate(name: string, args: HeaderTable): string | undefined {
    const { virtualHost } = this
    const policy = policySettings(this.#parts.definitions, { virtualHost, name, kind: 'exchange' })
    const alternate = args.get(alternateArgument) ?? policy.get(alternateArgument)
    return typeof alternate === 'string' ? scopedName(virtualHost, alternate) : undefined
  }
}

interface CheckedDeclaration extends ExchangeDeclaration {
  readonly type: ExchangeType
}

/** 406 for an argument that names an exchange and is no text. */
export const wrongType = (resource: Resource, argument: string, value: HeaderValue): Error =>
  preconditionFailed(
    `invalid type '${wireType(value)}' for arg '${argument}' in ${shown(resource)}`,
  )

function typeIn(name: string): ExchangeType {
  const type = exchangeTypes.find((known) => known === name)
  if (type !== undefined) return type
  throw preconditionFailed(`unknown exchange type '${name}'`)
}

function checkSame(resource: Resource, there: Exchange, request: CheckedDeclaration): void {
  const fields = [
    ['type', there.type, request.type],
    ['durable', there.durable, request.durable],
    ['auto_delete', there.autoDelete, request.autoDelete],
    ['internal', there.internal, request.internal],
  ] as const
  for (const [name, current, received] of fields) assertSame(resource, { name, current, received })
  const compared = [alternateArgument, ...(there.type === delayedType ? [delayedTypeArgument] : [])]
  assertSameArguments(resource, compared, { current: there.args, received: request.args })
}
