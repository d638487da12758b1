/*
 * What a server has when it has nothing yet: the virtual host `/`, the user `guest`, and an
 * administrator with a password that nobody could guess, which is told by a file that its owner reads.
 *
 *   DIR/admin-password      "USER:PASSWORD" on one line; delete it when you have noted it
 */

import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Secret } from '../secret.ts'
import type { Change, DefinitionsState } from './definitions-state.ts'
import { emptyState } from './definitions-state.ts'
import { hashPassword, publicPasswordCost } from './password.ts'
import { addUser, setPermission } from './user-changes.ts'
import { addVirtualHost } from './virtual-host-changes.ts'

export const adminName = 'admin'
export const guestName = 'guest'
export const adminPasswordFileName = 'admin-password'

const passwordRandomBytes = 24
const replySecretBytes = 32

export interface FirstUser {
  readonly name: string
  readonly passwordHash: string
  readonly tags: readonly string[]
}

/** A virtual host and users who may do everything in it. */
export function firstState(vhost: string, users: readonly FirstUser[]): DefinitionsState {
  const replySecret = randomBytes(replySecretBytes).toString('hex')
  const all = { vhost, configure: '.*', write: '.*', read: '.*' }
  const changes: readonly Change[] = [
    addVirtualHost(vhost),
    ...users.flatMap((user) => [addUser(user), setPermission({ ...all, user: user.name })]),
  ]
  return changes.reduce((state, change) => change(state), { ...emptyState, replySecret })
}

export async function guestUser(): Promise<FirstUser> {
  const password = Buffer.from(guestName, 'utf8')
  const passwordHash = await hashPassword(password, publicPasswordCost)
  return { name: guestName, passwordHash, tags: ['administrator'] }
}

/**
 * An administrator: with the password that was chosen, or with one that is made and told, since it is not
 * kept anywhere else.
 */
export async function adminUser(chosen?: Secret): Promise<{
  readonly user: FirstUser
  readonly password: string | undefined
}> {
  const made =
    chosen === undefined ? randomBytes(passwordRandomBytes).toString('base64url') : undefined
  const password = Buffer.from(chosen?.reveal() ?? made ?? '', 'utf8')
  // A random one is as hard to guess as its length; people choose others.
  const cost = chosen === undefined ? publicPasswordCost : undefined
  const passwordHash = await hashPassword(password, cost)
  return { user: { name: adminName, passwordHash, tags: ['administrator'] }, password: made }
}
