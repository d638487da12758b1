/*
 * From the text of the option `ledger` to a ledger:
 *
 *   memory:                         this process's own, gone with it
 *   postgres://…  postgresql://…    PostgreSQL, by the package pg
 *   ./ledger.sqlite                 a SQLite file on a disk of this machine
 */

import { resolve } from 'node:path'
import { HomingError } from '../errors.ts'
import type { SharedLedger } from './shared-ledger.ts'
import { type SharedLedgerOptions, sharedLedgerSettings } from './shared-ledger-options.ts'

/**
 * Opens it, and makes what is not there. Fails with `bad-argument`, `unsupported`, `module-missing`,
 * `ledger-unavailable`, `format-unknown`, `not-permitted`, `disk-full`.
 */
export async function openSharedLedger(
  where: string,
  options: SharedLedgerOptions = {},
): Promise<SharedLedger> {
  const settings = sharedLedgerSettings(options)
  if (typeof where !== 'string' || where === '')
    throw new HomingError(
      'bad-argument',
      `the ledger is ${where === '' ? 'an empty text' : typeof where}; give the path of a SQLite file or a postgres:// address`,
    )
  // A scheme has two characters at least: C:\ledger.sqlite is a path.
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(where)?.[1]?.toLowerCase()
  if (scheme === 'postgres' || scheme === 'postgresql') {
    const { openPostgresLedger } = await import('./postgres/postgres-ledger.ts')
    return openPostgresLedger(where, settings)
  }
  if (scheme !== undefined && where !== 'memory:')
    throw new HomingError(
      'unsupported',
      `the ledger cannot be a "${scheme}:" address; give postgres://…, or the path of a SQLite file. A path with a colon begins with ./`,
      { data: { scheme } },
    )
  if (where === 'memory:') {
    const { MemoryLedger } = await import('./memory/memory-ledger.ts')
    return new MemoryLedger(settings)
  }
  const { openSqliteSharedLedger } = await import('./sqlite/sqlite-shared-ledger.ts')
  return openSqliteSharedLedger(resolve(where), settings)
}
