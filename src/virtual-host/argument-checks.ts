/*
 * What the values of known arguments must be. A check answers what is wrong, in the form RabbitMQ's
 * texts have it (`{value_negative,-1}`), or undefined.
 */

import type { HeaderTable, HeaderValue } from '../embedded/routing/header-value.ts'
import { limits } from '../limits.ts'
import { isInteger, wireType } from './wire-type.ts'

export type ArgumentCheck = (value: HeaderValue, args: HeaderTable) => string | undefined

export const priorityOfQueueMax = 255

const unacceptable = (value: HeaderValue): string => `{unacceptable_type,${wireType(value)}}`

export const integer: ArgumentCheck = (value) =>
  isInteger(value) ? undefined : `"expected integer, got ${wireType(value)}"`

export const bool: ArgumentCheck = (value) =>
  typeof value === 'boolean' ? undefined : unacceptable(value)

export const text: ArgumentCheck = (value) =>
  typeof value === 'string' ? undefined : unacceptable(value)

export const notNegative: ArgumentCheck = (value, args) =>
  integer(value, args) ?? (Number(value) < 0 ? `{value_negative,${value}}` : undefined)

export const positive: ArgumentCheck = (value, args) =>
  notNegative(value, args) ?? (Number(value) === 0 ? `{value_zero,${value}}` : undefined)

export const duration: ArgumentCheck = (value, args) =>
  notNegative(value, args) ??
  (Number(value) > limits.durationMsMax ? `{value_too_large,${value}}` : undefined)

export const durationAboveZero: ArgumentCheck = (value, args) =>
  duration(value, args) ?? positive(value, args)

export const priorityMax: ArgumentCheck = (value, args) =>
  notNegative(value, args) ??
  (Number(value) > priorityOfQueueMax ? `{max_value_exceeded,${value}}` : undefined)

export const deadLetterRoutingKey: ArgumentCheck = (value, args) =>
  text(value, args) ??
  (args.has('x-dead-letter-exchange') ? undefined : 'routing_key_but_no_dlx_defined')

export const oneOf =
  (known: readonly string[], fault: (value: string) => string): ArgumentCheck =>
  (value, args) =>
    text(value, args) ?? (known.includes(value as string) ? undefined : fault(value as string))

export const queueVersion: ArgumentCheck = (value, args) =>
  notNegative(value, args) ??
  (Number(value) === 1 || Number(value) === 2
    ? undefined
    : `"unsupported queue version '${value}'"`)
