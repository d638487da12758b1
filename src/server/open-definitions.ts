/*
 * The definitions of a data directory, made at the first start: see first-start.ts. Whoever calls this
 * holds the directory's lock.
 */

import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  definitionsFileName,
  readDefinitions,
  writeDefinitions,
  writeWhole,
} from './definitions-file.ts'
import type { DefinitionsState } from './definitions-state.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { adminPasswordFileName, adminUser, firstState, guestUser } from './first-start.ts'

export const virtualHostDefault = '/'

export interface OpenedDefinitions {
  readonly definitions: DefinitionsStore
  /** Signs addresses that are valid across restarts. */
  readonly replySecret: Uint8Array
  /** The file with the administrator's password, when this was the first start. */
  readonly adminPasswordFile: string | undefined
}

const replySecretFileName = 'reply-secret'
const replySecretBytes = 32

type Admin = ReturnType<typeof adminUser>

/** Hashing takes a while: begun before the directory is opened, it costs the first start nothing. */
export function adminIfFirst(directory: string): Admin | undefined {
  if (existsSync(join(directory, definitionsFileName))) return undefined
  const admin = adminUser()
  admin.catch(() => undefined)
  return admin
}

/** Fails with `format-unknown`, `not-permitted`, `disk-full`. */
export async function openDefinitions(
  directory: string,
  admin?: Admin,
): Promise<OpenedDefinitions> {
  const known = readDefinitions(directory)
  const replySecret = replySecretIn(directory)
  if (known !== undefined) {
    return { definitions: storeOf(directory, known), replySecret, adminPasswordFile: undefined }
  }
  const [guest, { user, password }] = await Promise.all([guestUser(), admin ?? adminUser()])
  const first = firstState(virtualHostDefault, [user, guest])
  // The password first: an administrator that nobody can be would be no use.
  writeWhole(directory, adminPasswordFileName, `${user.name}:${password}\n`)
  writeDefinitions(directory, first)
  return {
    definitions: storeOf(directory, first),
    replySecret,
    adminPasswordFile: join(directory, adminPasswordFileName),
  }
}

function replySecretIn(directory: string): Uint8Array {
  const path = join(directory, replySecretFileName)
  if (existsSync(path)) {
    const known = Buffer.from(readFileSync(path, 'utf8').trim(), 'hex')
    if (known.length === replySecretBytes) return known
  }
  const made = randomBytes(replySecretBytes)
  writeWhole(directory, replySecretFileName, `${made.toString('hex')}\n`)
  return made
}

const storeOf = (directory: string, state: DefinitionsState): DefinitionsStore =>
  new DefinitionsStore(state, (next) => writeDefinitions(directory, next))
