/*
 * The headers exchange: a binding's arguments against a message's headers (AMQP 0-9-1 §3.1.3.4, with
 * RabbitMQ's two further modes).
 *
 *   x-match    all (default)   any      arguments whose names begin with 'x-' are skipped
 *              all-with-x      any-with-x   only 'x-match' itself is
 *
 * A void argument asks that the header be there, with any value. With nothing to compare, `all`
 * matches every message and `any` none.
 */

import { HomingError } from '../../errors.ts'
import type { Binding } from './binding.ts'
import { equalValues, type Headers, type HeaderValue } from './header-value.ts'

interface Mode {
  readonly all: boolean
  readonly withX: boolean
}

const modes: ReadonlyMap<HeaderValue | undefined, Mode> = new Map<HeaderValue | undefined, Mode>([
  [undefined, { all: true, withX: false }],
  ['all', { all: true, withX: false }],
  ['any', { all: false, withX: false }],
  ['all-with-x', { all: true, withX: true }],
  ['any-with-x', { all: false, withX: true }],
])

/** A binding's arguments, made ready for comparing. */
export interface HeadersPattern {
  readonly all: boolean
  readonly asked: readonly (readonly [name: string, value: HeaderValue])[]
}

/** Fails with `bad-argument` when `x-match` has an unknown value. */
export function headersPattern(binding: Binding): HeadersPattern {
  const asksFor = binding.args.get('x-match')
  const mode = modes.get(asksFor)
  if (mode === undefined)
    throw new HomingError(
      'bad-argument',
      `the binding of "${binding.destination}" to exchange "${binding.source}" has x-match ${String(asksFor)}; known are all, any, all-with-x, any-with-x`,
    )
  const { all, withX } = mode
  const isAsked = (name: string) => (withX ? name !== 'x-match' : !name.startsWith('x-'))
  return { all, asked: [...binding.args].filter(([name]) => isAsked(name)) }
}

export function headersMatch({ all, asked }: HeadersPattern, headers: Headers): boolean {
  for (const [name, value] of asked) {
    const found = headers.get(name)
    const matches = found !== undefined && (value === null || equalValues(value, found))
    if (matches !== all) return matches
  }
  return all
}
