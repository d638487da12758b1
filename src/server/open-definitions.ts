/*
 * The definitions of a data directory, made at the first start: see first-start.ts. Whoever calls this
 * holds the directory's lock.
 */

import { join } from 'node:path'
import type { Secret } from '../secret.ts'
import { readDefinitions, writeDefinitions, writeWhole } from './definitions-file.ts'
import type { DefinitionsState } from './definitions-state.ts'
import { DefinitionsStore } from './definitions-store.ts'
import { adminPasswordFileName, adminUser, firstState, guestUser } from './first-start.ts'

export const virtualHostDefault = '/'

export interface OpenedDefinitions {
  readonly definitions: DefinitionsStore
  /** The file with the administrator's password, when this was the first start and made it. */
  readonly adminPasswordFile: string | undefined
}

/** Fails with `format-unknown`, `not-permitted`, `disk-full`. */
export async function openDefinitions(
  directory: string,
  adminPassword?: Secret,
): Promise<OpenedDefinitions> {
  const known = readDefinitions(directory)
  if (known !== undefined) {
    return { definitions: storeOf(directory, known), adminPasswordFile: undefined }
  }
  const [guest, { user, password }] = await Promise.all([guestUser(), adminUser(adminPassword)])
  const first = firstState(virtualHostDefault, [user, guest])
  // The password first: an administrator that nobody can be would be no use.
  if (password !== undefined) {
    writeWhole(directory, adminPasswordFileName, `${user.name}:${password}\n`)
  }
  writeDefinitions(directory, first)
  return {
    definitions: storeOf(directory, first),
    adminPasswordFile: password && join(directory, adminPasswordFileName),
  }
}

const storeOf = (directory: string, state: DefinitionsState): DefinitionsStore =>
  new DefinitionsStore(state, (next) => writeDefinitions(directory, next))
