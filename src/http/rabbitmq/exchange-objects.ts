/*
 * Exchanges as RabbitMQ's API shows them. In paths the default exchange is `amq.default`.
 */

import { defaultExchange } from '../../embedded/routing/exchange.ts'
import type { ExchangeView, VirtualHostView } from '../../virtual-host/view.ts'
import type { Caller } from '../caller.ts'
import type { ExchangeObject } from '../shapes/exchange.ts'
import { jsonFromTable } from './json-table.ts'
import type { Showing } from './showing.ts'
import { type Visibility, visibilityOf } from './visibility.ts'

export const defaultExchangeInPaths = 'amq.default'

/** The name as clients of AMQP have it. */
export const exchangeInPath = (name: string): string =>
  name === defaultExchangeInPaths ? defaultExchange : name

/** Those that the caller may see. */
export function exchangeObjects(
  showing: Showing,
  caller: Caller,
  vhost?: string,
): readonly ExchangeObject[] {
  return showing.views(caller, vhost).flatMap(([name, view]) => {
    const visibility = visibilityOf(caller, name)
    return view
      .exchanges()
      .filter((exchange) => visibility.sees(nameInRights(exchange.name)))
      .map((exchange) => exchangeObject(exchange, { vhost: name, view, visibility }))
  })
}

/** Undefined when there is none, or the caller may not see it. */
export function exchangeDetail(
  showing: Showing,
  caller: Caller,
  { vhost, name }: { readonly vhost: string; readonly name: string },
): ExchangeObject | undefined {
  const view = showing.host(vhost)?.view
  const exchange = view?.exchange(name)
  const visibility = visibilityOf(caller, vhost)
  if (view === undefined || exchange === undefined) return undefined
  if (!visibility.sees(nameInRights(name))) return undefined
  return exchangeObject(exchange, { vhost, view, visibility })
}

interface ExchangeContext {
  readonly vhost: string
  readonly view: VirtualHostView
  readonly visibility: Visibility
}

const exchangeObject = (
  { name, exchange, policy }: ExchangeView,
  { vhost, view, visibility }: ExchangeContext,
): ExchangeObject => ({
  name,
  vhost,
  type: exchange.type,
  durable: exchange.durable,
  auto_delete: exchange.autoDelete,
  internal: exchange.internal,
  arguments: jsonFromTable(exchange.args),
  policy: policy ?? null,
  user_who_performed_action: '',
  homing: {
    may: visibility.rights(nameInRights(name)),
    bindings_from: view.bindingCountFrom(name),
    bindings_to: view.bindingCountTo('exchange', name),
  },
})

/** Permissions are asked for the default exchange by this name. */
export const nameInRights = (name: string): string =>
  name === defaultExchange ? defaultExchangeInPaths : name
