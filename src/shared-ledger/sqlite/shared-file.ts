/*
 * The file of a shared SQLite ledger, opened for reading and writing by one process of several.
 *
 *   missing, empty ──▶ made, mode 0600, its schema in one transaction: who comes second finds it whole
 *   ours           ──▶ opened
 *   another's, of a newer format, damaged, not permitted ──▶ refused, untouched
 *
 * Rule: WAL and synchronous=FULL: a commit has returned only when it is synced. Unlike the ledger of a
 * data directory it can be filled from nowhere, so it is never moved aside for a new one.
 */

import { closeSync, existsSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { checkLedgerPermissions } from '../../embedded/ledger/ledger-file.ts'
import { HomingError } from '../../errors.ts'
import { applicationId, createSharedSchema, formatVersion } from './shared-schema.ts'

const cacheKib = 4_096

/** `:memory:` is a ledger of this thread alone. Locks are waited for by whoever calls, not here. */
export function openSharedFile(path: string): DatabaseSync {
  if (path !== ':memory:') {
    checkLedgerPermissions(path)
    if (!existsSync(path)) makePrivateFile(path)
  }
  const db = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: false })
  try {
    db.exec('PRAGMA trusted_schema = OFF')
    checkOwner(db, path)
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    db.exec(`PRAGMA cache_size = -${cacheKib}`)
    createOnce(db, path)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** A file of nobody yet is fine: it has no tables. */
function checkOwner(db: DatabaseSync, path: string): void {
  if (isEmpty(db)) return
  const found = Number(db.prepare('PRAGMA application_id').get()?.application_id)
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version)
  if (found !== applicationId)
    throw new HomingError(
      'format-unknown',
      `${path} is a SQLite database of another program (application id ${found}, a shared ledger has ${applicationId}); give another path`,
    )
  if (version !== formatVersion)
    throw new HomingError(
      'format-unknown',
      `${path} has shared ledger format ${version}, this Homing writes format ${formatVersion}; use the version of Homing that wrote it, or a newer one`,
    )
}

function createOnce(db: DatabaseSync, path: string): void {
  if (!isEmpty(db)) return
  db.exec('BEGIN IMMEDIATE')
  try {
    // Another process may have made it while this one waited for the lock.
    if (isEmpty(db)) db.exec(createSharedSchema)
    db.exec('COMMIT')
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
  checkOwner(db, path)
}

const isEmpty = (db: DatabaseSync): boolean =>
  db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined

/** SQLite gives -wal and -shm the mode of the main file, so only that one needs care. */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}
