/*
 * Declaring again what is there: it must be the same, and the refusal says what is not.
 *
 *   "inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' but current is 'false'"
 *
 * Libraries match on that text. Arguments are compared by value, across integer widths.
 */

import { preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import {
  equalValues,
  type HeaderTable,
  type HeaderValue,
} from '../embedded/routing/header-value.ts'
import { type Resource, shown } from './resource.ts'
import { wireType } from './wire-type.ts'

export interface Compared<Value> {
  readonly name: string
  readonly current: Value
  readonly received: Value
}

export function assertSame(resource: Resource, compared: Compared<boolean | string>): void {
  const { name, current, received } = compared
  if (current !== received) throw inequivalent(resource, name, [`'${received}'`, `'${current}'`])
}

export function assertSameArguments(
  resource: Resource,
  names: readonly string[],
  { current, received }: Omit<Compared<HeaderTable>, 'name'>,
): void {
  for (const name of names) {
    const there = current.get(name)
    const asked = received.get(name)
    if (there === asked) continue
    if (there !== undefined && asked !== undefined) {
      if (equalValues(there, asked)) continue
      throw inequivalent(resource, name, [`'${plainText(asked)}'`, `'${plainText(there)}'`])
    }
    throw inequivalent(resource, name, [described(asked), described(there)])
  }
}

function inequivalent(
  resource: Resource,
  name: string,
  [received, current]: readonly [string, string],
): Error {
  return preconditionFailed(
    `inequivalent arg '${name}' for ${shown(resource)}: received ${received} but current is ${current}`,
  )
}

const described = (value: HeaderValue | undefined): string =>
  value === undefined ? 'none' : `the value '${plainText(value)}' of type '${wireType(value)}'`

function plainText(value: HeaderValue): string {
  if (value === null) return 'undefined'
  if (typeof value !== 'object') return String(value)
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : wireType(value)
}
