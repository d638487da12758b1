/*
 * Passwords as RabbitMQ keeps them: a salt of 4 bytes and one pass of a hash over salt and password.
 *
 *   rabbit_password_hashing_sha256$BASE64      BASE64: salt(4) hash(32)
 *   rabbit_password_hashing_sha512$BASE64      BASE64: salt(4) hash(64)
 *
 * Such a hash is guessed a million times faster than ours. It comes by an import of definitions, lets its
 * user in once, and is then replaced by scrypt of the password that was right.
 */

import { Buffer } from 'node:buffer'
import { createHash, timingSafeEqual } from 'node:crypto'

const algorithms: ReadonlyMap<string, { readonly hash: string; readonly bytes: number }> = new Map([
  ['rabbit_password_hashing_sha256', { hash: 'sha256', bytes: 32 }],
  ['rabbit_password_hashing_sha512', { hash: 'sha512', bytes: 64 }],
])

const saltBytes = 4

interface RabbitmqHash {
  readonly algorithm: string
  readonly hash: string
  readonly salt: Buffer
  readonly digest: Buffer
}

/** Undefined when it is none. */
export function parseRabbitmqHash(stored: string): RabbitmqHash | undefined {
  const [name = '', encoded, ...rest] = stored.split('$')
  const algorithm = algorithms.get(name)
  if (algorithm === undefined || encoded === undefined || rest.length > 0) return undefined
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(encoded)) return undefined
  const bytes = Buffer.from(encoded, 'base64')
  if (bytes.length !== saltBytes + algorithm.bytes) return undefined
  return {
    algorithm: name,
    hash: algorithm.hash,
    salt: bytes.subarray(0, saltBytes),
    digest: bytes.subarray(saltBytes),
  }
}

export function isRabbitmqPassword(
  password: Uint8Array,
  { hash, salt, digest }: RabbitmqHash,
): boolean {
  return timingSafeEqual(createHash(hash).update(salt).update(password).digest(), digest)
}
