/*
 * The headers by which a client asks for a result, or gives one.
 *
 *   x-homing-notify    all | failure     the broker tells reply_to what became of the message
 *   x-homing-timeout   ms, or '30s'      no settlement in that time: taken back, the attempt counted
 *   x-homing-attempts  1 … 10000         deliveries before it is lost; 5 by default with a time-out
 *   x-homing-id        text              the message's id: the same one twice is worked on once
 *   x-homing-error     code              of a reply: it is an error, and this is its code
 *
 * Any other header that begins with `x-homing-` is refused, so that a slip of the pen is not lost
 * silently.
 */

import { preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import { FieldScan } from '../amqp/protocol/field-scan.ts'
import { headerBytesOf, headerOf, replyToOf } from '../amqp/protocol/properties.ts'
import { type Duration, durationMs } from '../duration.ts'
import type { HeaderValue } from '../embedded/routing/header-value.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { checkId, checkName } from '../name.ts'

export interface ResultHeaders {
  readonly notify: 'all' | 'failure' | undefined
  /** Milliseconds; 0 for no limit. */
  readonly timeoutMs: number
  readonly attemptsMax: number
  readonly id: string | undefined
  readonly error: string | undefined
}

const prefix = 'x-homing-'
const known: ReadonlySet<string> = new Set(
  ['notify', 'timeout', 'attempts', 'id', 'error'].map((name) => `${prefix}${name}`),
)

export const noResultHeaders: ResultHeaders = {
  notify: undefined,
  timeoutMs: 0,
  attemptsMax: limits.attemptsMax,
  id: undefined,
  error: undefined,
}

/** Refused with 406 when a value is wrong. */
export function resultHeaders(properties: Uint8Array): ResultHeaders {
  refuseUnknown(properties)
  const read = (name: string): HeaderValue | undefined => headerOf(properties, `${prefix}${name}`)
  const notify = notifyOf(read('notify'))
  if (notify !== undefined && replyToOf(properties) === undefined) {
    throw preconditionFailed(
      "header 'x-homing-notify' asks for an answer, and the message has no reply_to",
    )
  }
  const timeoutMs = timeoutOf(read('timeout'))
  return {
    notify,
    timeoutMs,
    attemptsMax: attemptsOf(read('attempts'), timeoutMs),
    id: nameOf('id', read('id'), (text) => checkId(text)),
    error: nameOf('error', read('error'), (text) => checkName(text, 'the code of an error')),
  }
}

function refuseUnknown(properties: Uint8Array): void {
  const headers = headerBytesOf(properties)
  if (headers === undefined) return
  const scan = new FieldScan(headers)
  while (scan.next()) {
    const { name } = scan
    if (!name.startsWith(prefix) || known.has(name)) continue
    throw preconditionFailed(`header '${name}' is not known; known are ${[...known].join(', ')}`)
  }
}

function notifyOf(value: HeaderValue | undefined): ResultHeaders['notify'] {
  if (value === undefined || value === 'all' || value === 'failure') return value
  throw wrong('notify', value, "'all' or 'failure'")
}

function timeoutOf(value: HeaderValue | undefined): number {
  if (value === undefined) return 0
  const duration = typeof value === 'bigint' ? Number(value) : value
  try {
    const ms = durationMs(duration as Duration, 'x-homing-timeout')
    if (ms > 0) return ms
  } catch (error) {
    if (!(error instanceof HomingError)) throw error
  }
  throw wrong('timeout', value, "milliseconds above 0, or a text such as '30s'")
}

function attemptsOf(value: HeaderValue | undefined, timeoutMs: number): number {
  if (value === undefined) return timeoutMs > 0 ? limits.attemptsDefault : limits.attemptsMax
  const attempts = Number(value)
  const isRight = typeof value === 'number' || typeof value === 'bigint'
  if (isRight && Number.isInteger(attempts) && attempts >= 1 && attempts <= limits.attemptsMax)
    return attempts
  throw wrong('attempts', value, `a whole number from 1 to ${limits.attemptsMax}`)
}

function nameOf(
  name: string,
  value: HeaderValue | undefined,
  check: (text: string) => void,
): string | undefined {
  if (value === undefined) return undefined
  if (typeof value !== 'string') throw wrong(name, value, 'a text')
  try {
    check(value)
    return value
  } catch (error) {
    if (!(error instanceof HomingError)) throw error
    throw preconditionFailed(`header '${prefix}${name}': ${error.message}`)
  }
}

const wrong = (name: string, value: HeaderValue, expected: string) =>
  preconditionFailed(
    `invalid header '${prefix}${name}': ${typeof value === 'string' ? `'${value}'` : String(value)}; give ${expected}`,
  )
