/*
 * A password as it is kept: scrypt (RFC 7914) with a salt of its own.
 *
 *   scrypt$N$r$p$SALT$HASH      salt and hash in base64
 *
 * One that was imported from RabbitMQ is kept as it came until its user logs in (rabbitmq-password.ts).
 *
 * Rule: nothing but this file sees a password and a hash together, and nothing keeps a password.
 */

import { Buffer } from 'node:buffer'
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { isRabbitmqPassword, parseRabbitmqHash } from './rabbitmq-password.ts'

export interface PasswordCost {
  readonly n: number
  readonly r: number
  readonly p: number
}

interface PasswordHash {
  readonly cost: PasswordCost
  readonly salt: Buffer
  readonly hash: Buffer
}

/** About 40 ms and 16 MiB each. */
export const passwordCost: PasswordCost = { n: 2 ** 14, r: 8, p: 1 }

/** Where guessing is no danger: everybody knows the password, or it is random and long. */
export const publicPasswordCost: PasswordCost = { n: 2 ** 8, r: 8, p: 1 }

const saltBytes = 16
const hashBytes = 32
const costMax: PasswordCost = { n: 2 ** 18, r: 16, p: 8 }
const scryptBytesMax = 2 ** 30

/** Fails with `bad-argument` when the password is empty or too long. */
export async function hashPassword(
  password: Uint8Array,
  cost: PasswordCost = passwordCost,
): Promise<string> {
  if (password.length === 0 || password.length > limits.passwordBytesMax) {
    throw new HomingError(
      'bad-argument',
      `the password has ${password.length} bytes; give one of 1 to ${limits.passwordBytesMax}`,
    )
  }
  const salt = randomBytes(saltBytes)
  const hash = await derive(password, { cost, salt })
  const { n, r, p } = cost
  return ['scrypt', n, r, p, salt.toString('base64'), hash.toString('base64')].join('$')
}

/** Whether it is that password. The time it takes says nothing of how far it was right. */
export async function verifyPassword(password: Uint8Array, stored: string): Promise<boolean> {
  if (password.length > limits.passwordBytesMax) return false
  const foreign = parseRabbitmqHash(stored)
  if (foreign !== undefined) return isRabbitmqPassword(password, foreign)
  const parsed = parsePasswordHash(stored)
  if (parsed === undefined) return false
  return timingSafeEqual(await derive(password, parsed), parsed.hash)
}

/** Takes the time of a check at full cost, for users that there are not. */
export async function pretendToVerify(password: Uint8Array): Promise<void> {
  await derive(password.subarray(0, limits.passwordBytesMax), {
    cost: passwordCost,
    salt: nobodysSalt,
  })
}

/** Whether checking it takes less time than checking an ordinary one. */
export function isCheap(stored: string): boolean {
  const parsed = parsePasswordHash(stored)
  return parsed === undefined || parsed.cost.n < passwordCost.n
}

/** Whether the text can be kept as the hash of a password. */
export const isPasswordHash = (stored: string): boolean =>
  parsePasswordHash(stored) !== undefined || isImported(stored)

/** Came from RabbitMQ: to be replaced as soon as the password is known. */
export const isImported = (stored: string): boolean => parseRabbitmqHash(stored) !== undefined

/** Undefined when it is no hash of ours. */
export function parsePasswordHash(stored: string): PasswordHash | undefined {
  const [scheme, n, r, p, salt, hash, ...rest] = stored.split('$')
  if (scheme !== 'scrypt' || salt === undefined || hash === undefined || rest.length > 0) return
  const cost = { n: Number(n), r: Number(r), p: Number(p) }
  if (!isCost(cost)) return
  const parsed = { cost, salt: Buffer.from(salt, 'base64'), hash: Buffer.from(hash, 'base64') }
  return parsed.salt.length > 0 && parsed.hash.length === hashBytes ? parsed : undefined
}

const nobodysSalt = randomBytes(saltBytes)

function isCost({ n, r, p }: PasswordCost): boolean {
  const powerOfTwo = Number.isInteger(n) && n >= 2 && n <= costMax.n && (n & (n - 1)) === 0
  return powerOfTwo && isWithin(r, costMax.r) && isWithin(p, costMax.p)
}

const isWithin = (value: number, max: number): boolean =>
  Number.isInteger(value) && value >= 1 && value <= max

function derive(
  password: Uint8Array,
  { cost, salt }: { readonly cost: PasswordCost; readonly salt: Buffer },
): Promise<Buffer> {
  const { n: N, r, p } = cost
  return new Promise((resolve, reject) => {
    scrypt(password, salt, hashBytes, { N, r, p, maxmem: scryptBytesMax }, (error, key) => {
      if (error) reject(error)
      else resolve(key)
    })
  })
}
