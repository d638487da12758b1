/*
 * The accounts of a server that is stopped, by its data directory.
 */

import { resolve } from 'node:path'
import { systemClock } from '../clock.ts'
import { lockDirectory } from '../embedded/directory-lock.ts'
import { AccountLimits } from './account-limits.ts'
import { Accounts } from './accounts.ts'
import { openAuditLog } from './audit-log.ts'
import { explained } from './definitions-file.ts'
import { openDefinitions } from './open-definitions.ts'
import { Policies } from './policies.ts'
import { noLog } from './server-log.ts'

export interface OpenedAccounts extends Disposable {
  readonly accounts: Accounts
  readonly policies: Policies
  readonly limits: AccountLimits
  /** Where the first administrator's password was written, when there were no accounts before. */
  readonly adminPasswordFile: string | undefined
}

/** Who is at work, for the audit log. */
export interface AtWork {
  /** Name of the operating system's user. */
  readonly user: string
  /** The command line; nothing of it is a secret. */
  readonly command: string
}

/** Holds the directory's lock until disposed. Fails with `locked` while a server runs. */
export async function openAccounts(directory: string, by?: AtWork): Promise<OpenedAccounts> {
  const lock = await lockDirectory(resolve(directory)).catch((error) => {
    throw explained(error, directory)
  })
  try {
    const { definitions, adminPasswordFile } = await openDefinitions(resolve(directory))
    const audit = openAuditLog(resolve(directory), { clock: systemClock, log: noLog })
    const { user, command: on } = by ?? { user: '', command: '' }
    definitions.watch(() => {
      audit.note({ user, from: 'command', action: 'change definitions', on, result: 'done' })
    })
    return {
      accounts: new Accounts(definitions),
      policies: new Policies(definitions),
      limits: new AccountLimits(definitions),
      adminPasswordFile,
      [Symbol.dispose]: () => {
        audit.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}
