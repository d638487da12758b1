/*
 * Addresses of direct replies.
 *
 *   amq.rabbitmq.reply-to.RANDOM.USER.SIGNATURE        parts in base64url
 *   SIGNATURE = the first 16 bytes of HMAC-SHA256(secret, virtual host · user · random)
 *
 * Rule: nobody can make or guess one without the secret, and one that is shown again later still tells
 * whose reply it is, also after a restart with the same secret: nothing is remembered for it. Whoever
 * answers a request learns the name of its user from it. Where the name is too long to fit, the
 * address has none, and a reply that comes too late is dropped.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'
import { replyAddressPrefix } from '../direct-reply-names.ts'

const randomLength = 12
const signatureLength = 16
/** A short string holds 255 bytes, and four of base64 stand for three. */
const userBytesMax = 144

export interface AddressMaking {
  readonly secret: Uint8Array
  readonly virtualHost: string
}

export function replyAddress(making: AddressMaking, user: string, random: Uint8Array): string {
  const fits = Buffer.byteLength(user) <= userBytesMax
  const named = fits ? Buffer.from(user).toString('base64url') : ''
  const rest = Buffer.from(random.subarray(0, randomLength)).toString('base64url')
  const signature = signed(making, named, rest).toString('base64url')
  return `${replyAddressPrefix}${rest}.${named}.${signature}`
}

/** Whose replies such an address takes; undefined for what was not made with the secret. */
export function userOfAddress(making: AddressMaking, address: string): string | undefined {
  const [rest = '', named = '', signature = '', ...more] = address
    .slice(replyAddressPrefix.length)
    .split('.')
  if (named === '' || more.length > 0) return undefined
  const given = Buffer.from(signature, 'base64url')
  const right = signed(making, named, rest)
  if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined
  return Buffer.from(named, 'base64url').toString('utf8')
}

const signed = ({ secret, virtualHost }: AddressMaking, named: string, rest: string): Buffer =>
  createHmac('sha256', secret)
    .update(JSON.stringify([virtualHost, named, rest]))
    .digest()
    .subarray(0, signatureLength)
