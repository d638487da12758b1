/*
 * The accounts of a server that is stopped, by its data directory.
 */

import { resolve } from 'node:path'
import { lockDirectory } from '../embedded/directory-lock.ts'
import { AccountLimits } from './account-limits.ts'
import { Accounts } from './accounts.ts'
import { explained } from './definitions-file.ts'
import { openDefinitions } from './open-definitions.ts'
import { Policies } from './policies.ts'

export interface OpenedAccounts extends Disposable {
  readonly accounts: Accounts
  readonly policies: Policies
  readonly limits: AccountLimits
  /** Where the first administrator's password was written, when there were no accounts before. */
  readonly adminPasswordFile: string | undefined
}

/** Holds the directory's lock until disposed. Fails with `locked` while a server runs. */
export async function openAccounts(directory: string): Promise<OpenedAccounts> {
  const lock = await lockDirectory(resolve(directory)).catch((error) => {
    throw explained(error, directory)
  })
  try {
    const { definitions, adminPasswordFile } = await openDefinitions(resolve(directory))
    return {
      accounts: new Accounts(definitions),
      policies: new Policies(definitions),
      limits: new AccountLimits(definitions),
      adminPasswordFile,
      [Symbol.dispose]: () => lock.release(),
    }
  } catch (error) {
    lock.release()
    throw error
  }
}
