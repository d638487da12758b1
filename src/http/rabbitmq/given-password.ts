/*
 * The password of a user in a body: as it is, as a hash of RabbitMQ's or ours, or none.
 */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { hashPassword, isPasswordHash } from '../../server/password.ts'

/** Our own, as definitions are exported. */
export const ownAlgorithm = 'homing_scrypt'
const algorithmDefault = 'rabbit_password_hashing_sha256'

export const passwordMembers = {
  password: z.string().optional(),
  /** '' for one who logs in by certificate only. */
  password_hash: z.string().max(1_024).optional(),
  hashing_algorithm: z.string().max(100).optional(),
}

export interface GivenPassword {
  readonly password?: string | undefined
  readonly password_hash?: string | undefined
  readonly hashing_algorithm?: string | undefined
}

/** What is kept of it; undefined for nobody's. Fails with `bad-argument`. */
export async function keptPassword(given: GivenPassword): Promise<string | undefined> {
  const { password, password_hash: hash } = given
  if (password !== undefined && password !== '') return hashPassword(Buffer.from(password, 'utf8'))
  if (hash === undefined || hash === '') return undefined
  const algorithm = given.hashing_algorithm ?? algorithmDefault
  const kept = algorithm === ownAlgorithm ? hash : `${algorithm}$${hash}`
  if (isPasswordHash(kept)) return kept
  throw new HomingError(
    'bad-argument',
    `the password hash is none of ${algorithm.slice(0, 80)}; give one of ${ownAlgorithm}, rabbit_password_hashing_sha256 or rabbit_password_hashing_sha512, or a password`,
  )
}

/** As definitions have it. */
export function shownPassword(kept: string | undefined) {
  if (kept === undefined) return { password_hash: '', hashing_algorithm: algorithmDefault }
  const [algorithm = '', ...rest] = kept.split('$')
  if (algorithm === 'scrypt') return { password_hash: kept, hashing_algorithm: ownAlgorithm }
  return { password_hash: rest.join('$'), hashing_algorithm: algorithm }
}
