/*
 * What the properties of a message ask of the broker, checked as RabbitMQ checks it.
 */

import { preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import { expirationOf, propertyAt, propertyFlags, userIdOf } from '../amqp/protocol/properties.ts'
import type { HeaderValue } from '../embedded/routing/header-value.ts'
import { limits } from '../limits.ts'
import type { Session } from './port.ts'

/** Longest delay that RabbitMQ's plugin knows; what asks for more is not delayed by it. */
const delayMsMax = 2 ** 32 - 1

const transientMode = 1
const persistentMode = 2

/** Whether the message is to be kept on disk; one without a delivery mode is not. Refused with 406. */
export function isPersistent(properties: Uint8Array): boolean {
  const at = propertyAt(properties, propertyFlags.deliveryMode)
  if (at === -1) return false
  const mode = properties[at]
  if (mode === persistentMode) return true
  if (mode === transientMode) return false
  throw preconditionFailed(`invalid message: {delivery_mode_unknown,${mode}}`)
}

/** A user-id is the login's own, unless an impersonator says it. Refused with 406. */
export function checkUserId(session: Session, properties: Uint8Array): void {
  const userId = userIdOf(properties)
  if (userId === undefined || userId === session.user || session.tags.has('impersonator')) return
  throw preconditionFailed(
    `user_id property set to '${userId}' but authenticated user was '${session.user}'`,
  )
}

/** Milliseconds to live, Infinity when nothing is said. Refused with 406. */
export function expirationMs(properties: Uint8Array): number {
  const expiration = expirationOf(properties)
  if (expiration === undefined) return Number.POSITIVE_INFINITY
  const [digits] = /^[+-]?\d+/.exec(expiration) ?? []
  const fault = expirationFault(expiration, digits)
  if (fault === undefined) return Number(digits)
  throw preconditionFailed(`invalid expiration '${expiration}': ${fault}`)
}

function expirationFault(expiration: string, digits: string | undefined): string | undefined {
  if (digits === undefined) return 'no_integer'
  if (digits.length < expiration.length)
    return `{leftover_string,${JSON.stringify(expiration.slice(digits.length))}}`
  if (Number(digits) < 0) return `{value_negative,${digits}}`
  return Number(digits) > limits.durationMsMax ? `{value_too_large,${digits}}` : undefined
}

/** What an exchange of delayed messages makes of `x-delay`; 0 for no delay. */
export function delayMs(value: HeaderValue | undefined): number {
  const asked =
    typeof value === 'string' && /^[+-]?\d+$/.test(value) ? Number(value) : Number(numberIn(value))
  return asked > 0 && asked <= delayMsMax ? Math.trunc(asked) : 0
}

const numberIn = (value: HeaderValue | undefined): number | bigint =>
  typeof value === 'number' || typeof value === 'bigint' ? value : 0
