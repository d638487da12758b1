/*
 * Bindings as RabbitMQ's API shows them.
 *
 *   properties key:  ROUTINGKEY            without arguments; `~` for the empty key
 *                    ROUTINGKEY~HASH       with them
 */

import { createHash } from 'node:crypto'
import { tableKey } from '../../embedded/routing/header-value.ts'
import type { BindingView } from '../../virtual-host/view.ts'
import type { Caller } from '../caller.ts'
import type { BindingObject } from '../shapes/binding.ts'
import { jsonFromTable } from './json-table.ts'
import type { Showing } from './showing.ts'
import { visibilityOf } from './visibility.ts'

const hashCharacters = 8

export const bindingObject = (vhost: string, binding: BindingView): BindingObject => ({
  source: binding.source,
  vhost,
  destination: binding.destination,
  destination_type: binding.kind,
  routing_key: binding.routingKey,
  arguments: jsonFromTable(binding.args),
  properties_key: propertiesKey(binding),
})

/** Names one of the bindings between the same two. */
export function propertiesKey({ routingKey, args }: BindingView): string {
  const key = encodeURIComponent(routingKey).replaceAll('~', '%7E')
  if (args.size === 0) return key === '' ? '~' : key
  const hash = createHash('sha256').update(tableKey(args)).digest('base64url')
  return `${key}~${hash.slice(0, hashCharacters)}`
}

/** Whether that is the key of the binding, escaped as in lists or not. */
export function isNamedBy(binding: BindingView, key: string): boolean {
  const own = propertiesKey(binding)
  return own === key || decodeURIComponent(own) === key
}

/** Bindings whose destination the caller may see. */
export function bindingObjects(
  showing: Showing,
  caller: Caller,
  vhost?: string,
): readonly BindingObject[] {
  return showing.views(caller, vhost).flatMap(([name, view]) => {
    const visibility = visibilityOf(caller, name)
    return view
      .bindings()
      .filter(({ destination }) => visibility.sees(destination))
      .map((binding) => bindingObject(name, binding))
  })
}
