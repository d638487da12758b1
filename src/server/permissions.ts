/*
 * Who may do what: the one place that decides it.
 *
 *   authorize(state, { user, vhost, right, resource })      configure, write, read a queue or exchange
 *   authorizeTopic(state, { …, exchange, routingKey })      and, on a topic exchange, with that key
 *   mayEnter(state, user, vhost)                            open a connection to the virtual host
 *
 * Rules: no entry means no. Tags give no right on queues and exchanges. A pattern finds its match
 * anywhere in the name, as in RabbitMQ; '' matches no name. The default exchange is asked about as
 * `amq.default`.
 */

import type { Right } from '../virtual-host/port.ts'
import { type DefinitionsState, pairKey } from './definitions-state.ts'
import { matchesPattern, quotePattern } from './permission-pattern.ts'

export interface Access {
  readonly user: string
  readonly vhost: string
  readonly right: Right
  /** Name of the queue or exchange. */
  readonly resource: string
}

export interface TopicAccess {
  readonly user: string
  readonly vhost: string
  readonly right: 'write' | 'read'
  readonly exchange: string
  readonly routingKey: string
}

export function authorize(state: DefinitionsState, access: Access): boolean {
  const { user, vhost, right, resource } = access
  if (!isKnown(state, user, vhost)) return false
  const permission = state.permissions.get(pairKey(user, vhost))
  return permission !== undefined && matchesPattern(permission[right], resource || defaultExchange)
}

/** Where nothing is said of the exchange, {@link authorize} alone decides. */
export function authorizeTopic(state: DefinitionsState, access: TopicAccess): boolean {
  const { user, vhost, right, exchange, routingKey } = access
  if (!isKnown(state, user, vhost)) return false
  const entries = state.topicPermissions.get(pairKey(user, vhost))
  const entry = entries?.find((one) => one.exchange === exchange)
  if (entry === undefined) return true
  return matchesPattern(expanded(entry[right], user, vhost), routingKey)
}

export function mayEnter(state: DefinitionsState, user: string, vhost: string): boolean {
  return isKnown(state, user, vhost) && state.permissions.has(pairKey(user, vhost))
}

const defaultExchange = 'amq.default'

const isKnown = (state: DefinitionsState, user: string, vhost: string): boolean =>
  state.users.has(user) && state.vhosts.has(vhost)

/** `{username}` and `{vhost}` stand for these names, never for a pattern that a name might spell. */
const expanded = (pattern: string, user: string, vhost: string): string =>
  pattern
    .replaceAll('{username}', () => quotePattern(user))
    .replaceAll('{vhost}', () => quotePattern(vhost))
