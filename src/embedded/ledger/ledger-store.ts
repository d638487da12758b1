/*
 * The writing side of the ledger's SQLite file. Runs in the worker thread, and knows no thread.
 *
 *   apply   BEGIN ─ rows of every batch, totals, applied LSN ─ COMMIT     (no sync)
 *   forget  BEGIN ─ the oldest rows become forgotten ids ─ COMMIT
 *   flush   a commit with a sync, which covers all commits before it
 *
 * Rule: a transaction is all or nothing, so a batch that failed is simply applied again. In WAL mode
 * with synchronous=NORMAL a power cut may take the last commits, whole, newest first; what `flush`
 * has covered stays. The WAL is copied into the file by an explicit checkpoint, because SQLite keeps
 * the errors of its automatic one to itself, and a failed sync must not be repeated.
 */

import { Buffer } from 'node:buffer'
import { closeSync, openSync, statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import type { DeadLetter } from '../../engine.ts'
import { type AttemptRecord, attemptEnds } from '../journal/attempt-record.ts'
import { failureText } from './failure-text.ts'
import { forgottenKey } from './forgotten-key.ts'
import { type LedgerEvent, readLedgerEvents } from './ledger-event.ts'
import { LedgerKinds } from './ledger-kinds.ts'
import type { LedgerFacts, LedgerRequest } from './ledger-request.ts'
import { createSchema } from './ledger-schema.ts'

/** Short, because the writer tries again by itself. */
const busyMs = 200
/** A page of rows to forget is held in memory. */
const forgetPageRows = 1_000
const cacheKib = 4_096
const walBytesMax = 16 * 1024 * 1024

export class LedgerStore {
  readonly #path: string
  readonly #db: DatabaseSync
  readonly #kinds: LedgerKinds
  readonly #statements: ReturnType<typeof prepare>
  #appliedLsn = 0
  #outcomes = 0
  #forgotten = 0
  #lastSeq = 0
  #walBytesDue = walBytesMax
  #label: { readonly bytes: Buffer; readonly text: string } | undefined

  constructor(path: string) {
    this.#path = path
    makePrivateFile(path)
    this.#db = new DatabaseSync(path, {
      timeout: busyMs,
      enableForeignKeyConstraints: false,
    })
    try {
      this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA trusted_schema = OFF')
      this.#createOnce()
      this.#db.exec(
        `PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -${cacheKib}`,
      )
      this.#statements = prepare(this.#db)
      this.#kinds = new LedgerKinds(this.#db)
      this.#readState()
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /** Events up to the LSN applied before are skipped; again in one piece they change nothing. */
  apply(events: Uint8Array, lastLsn: number): LedgerFacts {
    return this.#transaction(() => {
      let newestMs = Number.NaN
      let rows = 0
      for (const event of readLedgerEvents(events)) {
        if (event.lsn <= this.#appliedLsn) continue
        rows += this.#applyEvent(event)
        if (event.kind === 'outcome' && !(event.outcome.finishedAtMs <= newestMs))
          newestMs = event.outcome.finishedAtMs
      }
      this.#appliedLsn = Math.max(this.#appliedLsn, lastLsn)
      return { rows, newestMs }
    })
  }

  forget({ beforeMs, keepCount, rows: rowsMax }: LedgerRequest & { kind: 'forget' }): LedgerFacts {
    return this.#transaction(() => {
      const excess = Math.min(this.#outcomes - keepCount, rowsMax)
      let rows = this.#forgetOldest(excess, Infinity)
      rows += this.#forgetOldest(rowsMax - rows, beforeMs)
      return { rows, newestMs: Number.NaN }
    })
  }

  /** After it, everything applied so far survives a power cut. */
  flush(): LedgerFacts {
    this.#db.exec('PRAGMA synchronous = FULL')
    try {
      return this.#transaction(() => {
        this.#statements.countFlush.run()
        return { rows: 0, newestMs: Number.NaN }
      })
    } finally {
      this.#db.exec('PRAGMA synchronous = NORMAL')
    }
  }

  /**
   * Copies the WAL into the file and empties it, once it has grown large. A reader may be in the way:
   * then it is tried again when the WAL has grown some more.
   */
  checkpointWhenDue(): void {
    const size = statSync(`${this.#path}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (size < this.#walBytesDue) return
    const isBusy = this.#db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.busy !== 0
    this.#walBytesDue = isBusy ? size + walBytesMax / 4 : walBytesMax
  }

  close(): void {
    this.#db.close()
  }

  #createOnce(): void {
    if (this.#db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() !== undefined) return
    this.#db.exec(`PRAGMA synchronous = FULL; BEGIN IMMEDIATE; ${createSchema} COMMIT`)
  }

  #readState(): void {
    const state = this.#statements.readState.get()
    this.#appliedLsn = Number(state?.applied_lsn)
    this.#outcomes = Number(state?.outcomes)
    this.#forgotten = Number(state?.forgotten)
    this.#lastSeq = Number(state?.last_seq)
    this.#kinds.reset()
  }

  #transaction(work: () => { rows: number; newestMs: number }): LedgerFacts {
    this.#db.exec('BEGIN IMMEDIATE')
    try {
      const { rows, newestMs } = work()
      this.#kinds.writeTotals()
      this.#statements.writeState.run(this.#appliedLsn, this.#outcomes, this.#forgotten)
      const oldestMs = Number(this.#statements.oldest.get()?.ms ?? Number.NaN)
      this.#db.exec('COMMIT')
      return { appliedLsn: this.#appliedLsn, outcomes: this.#outcomes, oldestMs, newestMs, rows }
    } catch (error) {
      // SQLite itself has rolled back after some errors, a full disk among them.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      this.#readState()
      throw error
    }
  }

  #applyEvent(event: LedgerEvent): number {
    if (event.kind === 'drop') {
      for (const id of event.ids) this.#dropDead(id)
      return 0
    }
    if (event.kind === 'attempt') {
      this.#keepAttempt(event.lsn, event.attempt)
      return 0
    }
    const { outcome, story } = event
    const { id } = outcome
    if (this.#isForgotten(id)) return 0
    const kind = this.#kinds.of(outcome.queue, outcome.code)
    const seq = ++this.#lastSeq
    const attempt = story?.attempt
    const { changes } = this.#statements.insert.run(
      seq,
      id,
      kind,
      outcome.finishedAtMs,
      outcome.acceptedAtMs,
      outcome.attempts,
      outcome.contentType,
      outcome.body,
      attempt === undefined ? null : attemptEnds.indexOf(attempt.end),
      attempt === undefined ? null : attempt.deliveredAtMs,
      attempt === undefined ? null : this.#consumer(attempt.consumer),
    )
    if (changes === 1) this.#tell(seq, event)
    const inserted = Number(changes)
    this.#kinds.count(kind, inserted)
    this.#outcomes += inserted
    if (event.deadLetter !== undefined) this.#keepDead(seq, event.deadLetter)
    return inserted
  }

  /** What few outcomes have. */
  #tell(seq: number, { outcome, story, callbacks }: LedgerEvent & { kind: 'outcome' }): void {
    const failure = failureText(outcome)
    const parentId = story?.parentId
    const replayOf = story?.replayOf
    const isTold = failure !== undefined || parentId !== undefined || replayOf !== undefined
    if (!isTold && callbacks.length === 0) return
    this.#statements.tell.run(
      parentId ?? null,
      replayOf ?? null,
      callbacks.length === 0 ? null : JSON.stringify(callbacks),
      failure ?? null,
      seq,
    )
  }

  /** Most outcomes in a row have one consumer's name. */
  #consumer(label: Uint8Array): string {
    if (label.length === 0) return ''
    if (!this.#label || Buffer.compare(this.#label.bytes, label) !== 0) {
      const bytes = Buffer.from(label)
      this.#label = { bytes, text: bytes.toString('utf8') }
    }
    return this.#label.text
  }

  #isForgotten(id: string): boolean {
    if (this.#forgotten === 0) return false
    return this.#statements.isForgotten.get(forgottenKey(id)) !== undefined
  }

  #keepAttempt(lsn: number, attempt: AttemptRecord): void {
    if (this.#isForgotten(attempt.id)) return
    this.#statements.insertAttempt.run(
      lsn,
      attempt.id,
      attempt.callback,
      attempt.number,
      attempt.end,
      attempt.deliveredAtMs,
      attempt.endedAtMs,
      attempt.retryAtMs,
      attempt.consumer,
      attempt.code,
      attempt.error,
    )
  }

  #keepDead(seq: number, dead: DeadLetter): void {
    const { message } = dead
    const { changes } = this.#statements.insertDead.run(
      seq,
      message.id,
      dead.queue,
      dead.reason,
      dead.diedAtMs,
      dead.acceptedAtMs,
      dead.attempts,
      dead.errorContentType,
      dead.error,
      message.idChosen ? 1 : 0,
      message.exchange,
      message.routingKey,
      message.contentType,
      message.body,
      message.priority,
      message.deadlineAtMs,
      message.availableAtMs,
      message.timeoutMs,
      message.attemptsMax,
      message.meta === undefined ? null : JSON.stringify(message.meta),
    )
    if (changes === 1) this.#kinds.countDead(dead.queue, 1)
  }

  #dropDead(id: string): void {
    const row = this.#statements.deleteDead.get(id)
    if (row !== undefined) this.#kinds.countDead(String(row.queue), -1)
  }

  #forgetOldest(rowsMax: number, beforeMs: number): number {
    let rows = 0
    while (rows < rowsMax) {
      const wanted = Math.min(rowsMax - rows, forgetPageRows)
      const page = this.#statements.deleteOldest.all(beforeMs, wanted)
      for (const row of page) this.#forgetRow(Number(row.kind), String(row.id))
      rows += page.length
      if (page.length < wanted) break
    }
    return rows
  }

  #forgetRow(kind: number, id: string): void {
    this.#dropDead(id)
    this.#statements.deleteAttempts.run(id)
    this.#forgotten += Number(this.#statements.remember.run(forgottenKey(id)).changes)
    this.#outcomes--
    this.#kinds.count(kind, -1)
  }
}

/** SQLite gives -wal and -shm the mode of the main file, so only that one needs care. */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    // Never opened and closed when it exists: closing would drop SQLite's locks on it.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function prepare(db: DatabaseSync) {
  const sql = (text: string): StatementSync => db.prepare(text)
  return {
    insert: sql(`INSERT INTO outcome_rows
      (seq, id, kind, finished_at_ms, accepted_at_ms, attempts, content_type, body,
       attempt_end, delivered_at_ms, consumer)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`),
    insertDead: sql(`INSERT INTO dead_letters
      (seq, id, queue, reason, died_at_ms, accepted_at_ms, attempts, error_content_type, error,
       id_chosen, exchange, routing_key, content_type, body, priority,
       deadline_at_ms, available_at_ms, timeout_ms, attempts_max, meta)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`),
    tell: sql(`UPDATE outcome_rows SET parent_id = ?, replay_of = ?, callbacks = ?, failure = ?
      WHERE seq = ?`),
    insertAttempt: sql(`INSERT INTO attempts
      (lsn, id, callback, number, ended, delivered_at_ms, ended_at_ms, retry_at_ms, consumer, code, error)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (lsn) DO NOTHING`),
    deleteAttempts: sql('DELETE FROM attempts WHERE id = ?'),
    deleteDead: sql('DELETE FROM dead_letters WHERE id = ? RETURNING queue'),
    isForgotten: sql('SELECT 1 FROM forgotten_ids WHERE key = ?'),
    remember: sql('INSERT INTO forgotten_ids VALUES (?) ON CONFLICT (key) DO NOTHING'),
    oldest: sql('SELECT min(finished_at_ms) AS ms FROM outcome_rows'),
    deleteOldest: sql(`DELETE FROM outcome_rows WHERE seq IN (
      SELECT seq FROM outcome_rows WHERE finished_at_ms < ? ORDER BY finished_at_ms, seq LIMIT ?)
      RETURNING kind, id`),
    readState: sql(`SELECT applied_lsn, outcomes, forgotten, max(
      coalesce((SELECT max(seq) FROM outcome_rows), 0),
      coalesce((SELECT max(seq) FROM dead_letters), 0)) AS last_seq FROM state`),
    writeState: sql('UPDATE state SET applied_lsn = ?, outcomes = ?, forgotten = ?'),
    countFlush: sql('UPDATE state SET flushes = flushes + 1'),
  }
}
