/*
 * The ledger's file, looked at without changing a byte of it.
 *
 *   held open by another process   read in place, in one transaction
 *   closed, no write-ahead log     read in place as immutable
 *   left behind by a crash         copied together with its log, the copy is read, then removed
 *
 * The copy is needed because SQLite writes when it replays a log, even for a reader.
 */

import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { pathToFileURL } from 'node:url'
import { HomingError } from '../errors.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { forgottenKey } from './ledger/forgotten-key.ts'
import { applicationId, formatVersion } from './ledger/ledger-schema.ts'
import type { Finding } from './verify-report.ts'

export const ledgerName = 'ledger.sqlite'
const errorsMax = 20

export class LedgerPicture implements Disposable {
  readonly appliedLsn: number
  readonly outcomes: number
  readonly deadLetters: number
  readonly #db: DatabaseSync
  readonly #remove: () => void
  readonly #outcome: StatementSync
  readonly #forgotten: StatementSync

  /** Throws what SQLite throws when the file is damaged, and `format-unknown`. */
  constructor(db: DatabaseSync, remove: () => void, path: string) {
    this.#db = db
    this.#remove = remove
    db.exec('PRAGMA trusted_schema = OFF; BEGIN')
    checkFormat(db, path)
    this.#outcome = db.prepare(`SELECT k.queue, k.code, o.content_type, o.attempts,
      o.accepted_at_ms, o.finished_at_ms, o.body
      FROM outcome_rows o JOIN kinds k ON k.kind = o.kind WHERE o.id = ?`)
    this.#forgotten = db.prepare('SELECT 1 FROM forgotten_ids WHERE key = ?')
    this.appliedLsn = this.#number('SELECT applied_lsn FROM state')
    this.outcomes = this.#number('SELECT count(*) FROM outcome_rows')
    this.deadLetters = this.#number('SELECT count(*) FROM dead_letters')
  }

  /** What is wrong with its row of an outcome that the journal has; undefined when they agree. */
  faultOf(outcome: StoredOutcome): string | undefined {
    const row = this.#outcome.get(outcome.id)
    if (row === undefined) {
      const forgotten = this.#forgotten.get(forgottenKey(outcome.id)) !== undefined
      return forgotten ? undefined : 'is not in the ledger'
    }
    const same =
      row.queue === outcome.queue &&
      row.code === outcome.code &&
      row.content_type === outcome.contentType &&
      row.attempts === outcome.attempts &&
      row.accepted_at_ms === outcome.acceptedAtMs &&
      row.finished_at_ms === outcome.finishedAtMs &&
      row.body instanceof Uint8Array &&
      Buffer.compare(row.body, outcome.body) === 0
    return same ? undefined : 'differs from its row in the ledger'
  }

  /** Every page, every index, and the totals that are kept beside the rows. */
  check(): readonly Finding[] {
    const texts: string[] = []
    for (const row of this.#db.prepare(`PRAGMA integrity_check(${errorsMax})`).all()) {
      if (row.integrity_check !== 'ok') texts.push(String(row.integrity_check))
    }
    for (const { what, kept, counted } of this.#totals()) {
      if (kept !== counted) texts.push(`${what}: ${kept} in its totals, ${counted} rows`)
    }
    return texts.map((text) => ({ severity: 'damage', file: ledgerName, text }))
  }

  *#totals(): Generator<{ what: string; kept: number; counted: number }> {
    const state = 'SELECT outcomes FROM state'
    yield { what: 'outcomes', kept: this.#number(state), counted: this.outcomes }
    const forgotten = this.#number('SELECT count(*) FROM forgotten_ids')
    const kept = this.#number('SELECT forgotten FROM state')
    yield { what: 'forgotten ids', kept, counted: forgotten }
    yield* this.#grouped(`SELECT 'outcomes ' || k.code || ' of queue ' || k.queue AS what,
      k.outcomes AS kept, (SELECT count(*) FROM outcome_rows o WHERE o.kind = k.kind) AS counted
      FROM kinds k`)
    yield* this.#grouped(`SELECT 'dead letters of queue ' || d.queue AS what, d.count AS kept,
      (SELECT count(*) FROM dead_letters l WHERE l.queue = d.queue) AS counted FROM dead_counts d`)
  }

  *#grouped(sql: string): Generator<{ what: string; kept: number; counted: number }> {
    for (const row of this.#db.prepare(sql).all()) {
      yield { what: String(row.what), kept: Number(row.kept), counted: Number(row.counted) }
    }
  }

  #number(sql: string): number {
    return Number(Object.values(this.#db.prepare(sql).get() ?? {})[0])
  }

  [Symbol.dispose](): void {
    this.#db.close()
    this.#remove()
  }
}

/** Undefined when there is no ledger yet. */
export function openLedgerPicture(directory: string, inUse: boolean): LedgerPicture | undefined {
  const path = join(directory, ledgerName)
  if ((fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined
  const { location, remove } = inUse ? inPlace(path) : withoutTouching(path)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(location, { readOnly: inUse || location instanceof URL, timeout: 5_000 })
    if (isBlank(db)) {
      db.close()
      remove()
      return undefined
    }
    return new LedgerPicture(db, remove, path)
  } catch (error) {
    db?.close()
    remove()
    throw error
  }
}

interface Location {
  readonly location: string | URL
  readonly remove: () => void
}

const inPlace = (path: string): Location => ({ location: path, remove: () => undefined })

function withoutTouching(path: string): Location {
  const log = `${path}-wal`
  if ((fs.statSync(log, { throwIfNoEntry: false })?.size ?? 0) === 0) {
    const location = pathToFileURL(path)
    location.search = '?immutable=1'
    return { location, remove: () => undefined }
  }
  const folder = fs.mkdtempSync(join(tmpdir(), 'homing-verify-'))
  const copy = join(folder, ledgerName)
  fs.copyFileSync(path, copy, fs.constants.COPYFILE_FICLONE)
  fs.copyFileSync(log, `${copy}-wal`, fs.constants.COPYFILE_FICLONE)
  return { location: copy, remove: () => fs.rmSync(folder, { recursive: true, force: true }) }
}

/** A crash came before the first transaction. */
const isBlank = (db: DatabaseSync): boolean =>
  db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined

function checkFormat(db: DatabaseSync, path: string): void {
  const id = Number(db.prepare('PRAGMA application_id').get()?.application_id)
  const version = Number(db.prepare('PRAGMA user_version').get()?.user_version)
  // What is checked here has been the same since format 1.
  if (id === applicationId && version >= 1 && version <= formatVersion) return
  throw new HomingError(
    'format-unknown',
    id === applicationId
      ? `${path} has ledger format ${version}, this Homing reads formats up to ${formatVersion}; verify it with the version that wrote it`
      : `${path} is a SQLite database of another program (application id ${id}); move it away`,
  )
}
