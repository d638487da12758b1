/*
 * The ledger's file as it is found when the engine opens.
 *
 *   missing, empty ──▶ new         made at the first feed
 *   ours, readable ──▶ opened at its applied LSN
 *   damaged        ──▶ moved aside as ledger.damaged-1.sqlite, never deleted; then as if missing
 *   another's, or of a newer format, or not permitted ──▶ refused, untouched
 *
 * Damage found while running leaves a note, `ledger.sqlite-damaged`, because a start looks only at the
 * header and both ends of every table and may not come across it: the next start moves the file aside.
 */

import {
  accessSync,
  constants,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { HomingError } from '../../errors.ts'
import { applicationId, formatVersion, upgradeSchema } from './ledger-schema.ts'
import { lacksTables, ledgerTrouble, notPermitted, troubleError } from './ledger-trouble.ts'

/** Who holds it locked for longer is waited for by the caller. */
const upgradeBusyMs = 1_000

/** Files of SQLite beside the main one: they belong to it and go where it goes. */
const companions = ['-wal', '-shm', '-journal']

export interface FoundLedger {
  /** Undefined when there is nothing to read yet. */
  readonly appliedLsn: number | undefined
  /** What was moved aside and why, for people. */
  readonly damage: string | undefined
}

/** Throws HomingError `not-permitted`, `format-unknown` or, retryable, `ledger-unavailable`. */
export function examineLedgerFile(path: string): FoundLedger {
  checkLedgerPermissions(path)
  const note = `${path}-damaged`
  if (existsSync(note)) {
    const why = readFileSync(note, 'utf8').split('\n', 1)[0] || 'no reason was noted'
    const damage = existsSync(path) ? moveAside(path, `found while running: ${why}`) : undefined
    rmSync(note)
    return { appliedLsn: undefined, damage }
  }
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return { appliedLsn: undefined, damage: undefined }
  try {
    return { appliedLsn: readAppliedLsn(path), damage: undefined }
  } catch (error) {
    if (error instanceof HomingError) throw error
    const trouble = ledgerTrouble(error, path)
    if (trouble.severity !== 'damaged' && !lacksTables(error)) throw troubleError(trouble, error)
    return { appliedLsn: undefined, damage: moveAside(path, (error as Error).message) }
  }
}

/** So that the next start moves the file aside even if it finds nothing wrong at a glance. */
export function noteDamage(path: string, what: string): void {
  try {
    writeFileSync(`${path}-damaged`, `${what}\n`, { mode: 0o600 })
  } catch {
    // The disk may be full as well: then the next start meets the damage itself.
  }
}

function readAppliedLsn(path: string): number | undefined {
  // A kill while the file was made leaves a rollback journal, which only a writer can apply.
  const db = new DatabaseSync(path, { readOnly: !existsSync(`${path}-journal`) })
  try {
    db.exec('PRAGMA trusted_schema = OFF')
    const found = Number(db.prepare('PRAGMA application_id').get()?.application_id)
    const version = Number(db.prepare('PRAGMA user_version').get()?.user_version)
    if (found !== applicationId) {
      if (db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined) return undefined
      throw new HomingError(
        'format-unknown',
        `${path} is a SQLite database of another program (application id ${found}, a ledger has ${applicationId}); move it away`,
      )
    }
    if (version > formatVersion || version < 1)
      throw new HomingError(
        'format-unknown',
        `${path} has ledger format ${version}, this Homing writes format ${formatVersion}; open it with the version of Homing that wrote it, or a newer one`,
        { data: { found: version, known: formatVersion } },
      )
    if (version === 1) upgrade(path)
    glance(db)
    const lsn = db.prepare('SELECT applied_lsn FROM state').get()?.applied_lsn
    return typeof lsn === 'number' ? lsn : undefined
  } finally {
    db.close()
  }
}

/** All of it or nothing, also when the machine stops meanwhile. */
function upgrade(path: string): void {
  const db = new DatabaseSync(path, { timeout: upgradeBusyMs })
  try {
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA synchronous = FULL; BEGIN IMMEDIATE')
    // Somebody else may have come first.
    if (Number(db.prepare('PRAGMA user_version').get()?.user_version) === 1) db.exec(upgradeSchema)
    db.exec('COMMIT')
  } finally {
    db.close()
  }
}

/** Reads both ends of every table and index: a file cut short does not get past this. */
function glance(db: DatabaseSync): void {
  const ends = [
    ['outcome_rows', 'seq'],
    ['outcome_rows', 'id'],
    ['outcome_rows', 'finished_at_ms'],
    ['outcome_rows', 'kind, finished_at_ms'],
    ['attempts', 'lsn'],
    ['attempts', 'id'],
    ['kinds', 'kind'],
    ['kinds', 'queue, code'],
    ['dead_letters', 'seq'],
    ['dead_letters', 'id'],
    ['dead_letters', 'died_at_ms'],
    ['dead_letters', 'queue, died_at_ms'],
    ['dead_counts', 'queue'],
    ['forgotten_ids', 'key'],
  ] as const
  for (const [table, columns] of ends) {
    const descending = columns.replaceAll(',', ' DESC,')
    db.prepare(`SELECT 1 FROM ${table} ORDER BY ${columns} LIMIT 1`).get()
    db.prepare(`SELECT 1 FROM ${table} ORDER BY ${descending} DESC LIMIT 1`).get()
  }
}

/** Whether this user may read and write the file, those beside it, and its directory. */
export function checkLedgerPermissions(path: string): void {
  const directory = dirname(path)
  const check = (name: string, mode: number) => {
    try {
      accessSync(name, mode)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' && name !== directory) return
      if (code === 'ENOENT')
        throw new HomingError(
          'ledger-unavailable',
          `the directory ${directory} of the ledger does not exist; make it first`,
          { cause: error },
        )
      throw troubleError(notPermitted(name, (error as Error).message), error)
    }
  }
  const { R_OK, W_OK, X_OK } = constants
  check(directory, R_OK | W_OK | X_OK)
  for (const suffix of ['', ...companions]) check(path + suffix, R_OK | W_OK)
}

function moveAside(path: string, why: string): string {
  const directory = dirname(path)
  const extension = extname(path)
  const stem = basename(path, extension)
  let number = 1
  let aside: string
  do aside = join(directory, `${stem}.damaged-${number++}${extension}`)
  while (existsSync(aside) || existsSync(`${aside}-wal`))
  for (const suffix of [...companions, ''])
    if (existsSync(path + suffix)) renameSync(path + suffix, aside + suffix)
  return `${path} is damaged (${why}); it was kept as ${aside} and a new ledger is filled from what the journal still has`
}
