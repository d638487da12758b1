/*
 * The reading side of the ledger's SQLite file: one read-only connection with prepared statements,
 * on the main thread, so that an id is answered in microseconds and without waiting for a turn. In
 * WAL mode readers neither wait for the writer nor stop it.
 *
 * A list by queue or code is put together from its kinds (ledger-schema.ts): each kind gives its
 * newest rows from the index, the page is the newest of them. When so many kinds match that this reads
 * more rows, those of all kinds are walked by time instead, and the others passed over.
 */

import { closeSync, openSync } from 'node:fs'
import { backup, DatabaseSync, type StatementSync } from 'node:sqlite'
import type { DeadLetter, OutcomeFilter } from '../../engine.ts'
import type { MessageMeta } from '../../message/message.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { forgottenKey } from './forgotten-key.ts'
import type { LedgerAnswer } from './ledger.ts'
import { pageLimit, timeBound, unknownCursor } from './ledger-filter.ts'
import {
  type DeadLettersWanted,
  type OutcomeSearch,
  type OutcomesFound,
  prefixEnd,
  searchedRowsMax,
} from './ledger-search.ts'
import { outcomeFrom } from './outcome-row.ts'
import { StoryReader } from './story-reader.ts'

type Row = Record<string, unknown>

interface Place {
  readonly atMs: number
  readonly seq: number
}

interface Kind {
  readonly kind: number
  readonly outcomes: number
}

/** What bounds a page, whatever it is a page of. */
interface Range {
  readonly sinceMs: number
  readonly beforeMs: number
  readonly from: Place
  /** -1 is SQLite's word for no limit. */
  readonly limit: number
}

/** Short: the main thread stands still meanwhile. */
const busyMs = 100
const pagesInOneStep = 2 ** 31 - 1
const mergedKindsMin = 50
const newest: Place = { atMs: Infinity, seq: Number.MAX_SAFE_INTEGER }

export class LedgerReader {
  readonly #db: DatabaseSync
  readonly #statements = new Map<string, StatementSync>()
  readonly stories: StoryReader

  constructor(path: string) {
    this.#db = new DatabaseSync(path, { readOnly: true, timeout: busyMs })
    this.stories = new StoryReader((text) => this.#sql(text))
  }

  find(id: string): LedgerAnswer {
    this.#holdSnapshot()
    const row = this.#sql(`${selectOutcome} WHERE o.id = ?`).get(id)
    if (row !== undefined) return { state: 'final', outcome: outcomeFrom(row) }
    return this.#isForgotten(id) ? { state: 'forgotten' } : undefined
  }

  outcomes(filter: OutcomeFilter): readonly StoredOutcome[] {
    const limit = sqlLimit(pageLimit(filter))
    const sinceMs = timeBound(filter.finishedSinceMs, 'finishedSinceMs', -Infinity)
    const beforeMs = timeBound(filter.finishedBeforeMs, 'finishedBeforeMs', Infinity)
    return this.#inOneSnapshot(() => {
      const from = this.#outcomePlace(filter.after)
      if (from === 'forgotten') return []
      const row = this.#sql(`${selectOutcome} WHERE o.seq = ?`)
      const page = this.#sequence(filter, { sinceMs, beforeMs, from, limit })
      return page.map((seq) => outcomeFrom(row.get(seq) as Row))
    })
  }

  /** In the order of ids, so that a page goes on where the one before has ended. */
  search(filter: OutcomeSearch): OutcomesFound {
    const limit = pageLimit(filter)
    const { idPrefix: prefix = '', after = '' } = filter
    return this.#inOneSnapshot(() => {
      const wanted = this.#wantedIn(filter)
      const text = `SELECT seq, id, kind, finished_at_ms FROM outcome_rows
        WHERE id >= ? AND id > ? AND id < ? ORDER BY id LIMIT ?`
      const bounds = [prefix, after, prefixEnd(prefix)]
      const rows = this.#sql(text).all(...bounds, searchedRowsMax)
      const row = this.#sql(`${selectOutcome} WHERE o.seq = ?`)
      const outcomes: StoredOutcome[] = []
      for (const [n, one] of rows.entries()) {
        if (!wanted(one)) continue
        outcomes.push(outcomeFrom(row.get(one.seq as number) as Row))
        const isLast = n === rows.length - 1 && rows.length < searchedRowsMax
        if (outcomes.length === limit)
          return { outcomes, next: isLast ? undefined : String(one.id) }
      }
      const isCut = rows.length === searchedRowsMax
      return { outcomes, next: isCut ? String(rows.at(-1)?.id) : undefined }
    })
  }

  #wantedIn(filter: OutcomeSearch): (row: Row) => boolean {
    const sinceMs = timeBound(filter.finishedSinceMs, 'finishedSinceMs', -Infinity)
    const beforeMs = timeBound(filter.finishedBeforeMs, 'finishedBeforeMs', Infinity)
    const anyKind = filter.queue === undefined && filter.code === undefined
    const kinds = anyKind ? undefined : new Set(this.#kinds(filter).map(({ kind }) => kind))
    return ({ kind, finished_at_ms }) =>
      kinds?.has(Number(kind)) !== false &&
      Number(finished_at_ms) >= sinceMs &&
      Number(finished_at_ms) < beforeMs
  }

  deadLetters(filter: DeadLettersWanted): readonly DeadLetter[] {
    const limit = sqlLimit(pageLimit(filter, filter.ids?.length))
    return this.#inOneSnapshot(() => {
      const from = this.#deadPlace(filter.after)
      return from === 'forgotten' ? [] : this.#deadFrom(from, filter, limit)
    })
  }

  deadCounts(): ReadonlyMap<string, number> {
    const rows = this.#sql('SELECT queue, count FROM dead_counts').all()
    return new Map(rows.map((row) => [String(row.queue), Number(row.count)]))
  }

  outcomeCount(): number {
    return Number(this.#sql('SELECT outcomes FROM state').get()?.outcomes)
  }

  /** All pages in one step, so that no write in between begins it anew; off this thread. */
  async backup(path: string): Promise<void> {
    closeSync(openSync(path, 'wx', 0o600))
    await backup(this.#db, path, { rate: pagesInOneStep })
  }

  close(): void {
    this.#db.close()
  }

  /** Sequence numbers of the rows of a page. */
  #sequence(filter: OutcomeFilter, range: Range): number[] {
    if (filter.queue === undefined && filter.code === undefined)
      return this.#byTime('', [], range).map((place) => place.seq)
    const kinds = this.#kinds(filter)
    if (this.#isWalkCheaper(kinds, range.limit)) {
      // The plus keeps SQLite from sorting all rows of these kinds.
      const passing = 'AND +kind IN (SELECT value FROM json_each(?))'
      const list = JSON.stringify(kinds.map(({ kind }) => kind))
      return this.#byTime(passing, [list], range).map((place) => place.seq)
    }
    const places = kinds.flatMap(({ kind }) => this.#byTime('AND kind = ?', [kind], range))
    places.sort((a, b) => b.atMs - a.atMs || b.seq - a.seq)
    return (range.limit < 0 ? places : places.slice(0, range.limit)).map((place) => place.seq)
  }

  #byTime(condition: string, values: (string | number)[], range: Range): Place[] {
    const text = `SELECT seq, finished_at_ms FROM outcome_rows
      WHERE (finished_at_ms, seq) < (?, ?) AND finished_at_ms >= ? AND finished_at_ms < ? ${condition}
      ORDER BY finished_at_ms DESC, seq DESC LIMIT ?`
    const { from, sinceMs, beforeMs, limit } = range
    const rows = this.#sql(text).all(from.atMs, from.seq, sinceMs, beforeMs, ...values, limit)
    return rows.map((row) => ({ seq: Number(row.seq), atMs: Number(row.finished_at_ms) }))
  }

  #deadFrom(from: Place, filter: DeadLettersWanted, limit: number): DeadLetter[] {
    const where = ['(died_at_ms, seq) < (?, ?)']
    const values: (string | number)[] = [from.atMs, from.seq]
    if (filter.queue !== undefined) {
      where.push('queue = ?')
      values.push(filter.queue)
    }
    if (filter.reason !== undefined) {
      where.push('reason = ?')
      values.push(filter.reason)
    }
    if (filter.idPrefix !== undefined) {
      where.push('id >= ? AND id < ?')
      values.push(filter.idPrefix, prefixEnd(filter.idPrefix))
    }
    where.push('died_at_ms >= ? AND died_at_ms < ?')
    values.push(timeBound(filter.diedSinceMs, 'diedSinceMs', -Infinity))
    values.push(timeBound(filter.diedBeforeMs, 'diedBeforeMs', Infinity))
    if (filter.ids !== undefined) {
      where.push('id IN (SELECT value FROM json_each(?))')
      values.push(JSON.stringify(filter.ids))
    }
    const text = `SELECT * FROM dead_letters WHERE ${where.join(' AND ')}
      ORDER BY died_at_ms DESC, seq DESC LIMIT ?`
    const rows = this.#sql(text).all(...values, limit)
    return rows.map(deadLetterFrom)
  }

  /** Few kinds are merged even so: a walk may come upon none of their rows for long. */
  #isWalkCheaper(kinds: readonly Kind[], limit: number): boolean {
    if (kinds.length <= mergedKindsMin) return false
    const matching = kinds.reduce((sum, { outcomes }) => sum + outcomes, 0)
    const page = limit < 0 ? matching : Math.min(limit, matching)
    const mergedRows = Math.min(matching, kinds.length * page) + kinds.length
    return (page * this.outcomeCount()) / matching < mergedRows
  }

  #kinds({ queue, code }: OutcomeFilter): Kind[] {
    const where: string[] = []
    const values: string[] = []
    if (queue !== undefined) {
      where.push('queue = ?')
      values.push(queue)
    }
    if (code !== undefined) {
      where.push(code === 'failed' ? 'code <> ?' : 'code = ?')
      values.push(code === 'failed' ? 'ok' : code)
    }
    const text = `SELECT kind, outcomes FROM kinds WHERE ${where.join(' AND ')}`
    const rows = this.#sql(text).all(...values)
    return rows.map((row) => ({ kind: Number(row.kind), outcomes: Number(row.outcomes) }))
  }

  #outcomePlace(id: string | undefined): Place | 'forgotten' {
    if (id === undefined) return newest
    const row = this.#sql('SELECT finished_at_ms, seq FROM outcome_rows WHERE id = ?').get(id)
    if (row !== undefined) return { atMs: Number(row.finished_at_ms), seq: Number(row.seq) }
    // The oldest are forgotten first: nothing older than a forgotten row is left.
    if (this.#isForgotten(id)) return 'forgotten'
    throw unknownCursor(id)
  }

  #deadPlace(id: string | undefined): Place | 'forgotten' {
    if (id === undefined) return newest
    const row = this.#sql('SELECT died_at_ms, seq FROM dead_letters WHERE id = ?').get(id)
    if (row !== undefined) return { atMs: Number(row.died_at_ms), seq: Number(row.seq) }
    // Dropped meanwhile: its outcome came with it and stands at the same place.
    return this.#outcomePlace(id)
  }

  #isForgotten(id: string): boolean {
    const text = 'SELECT 1 FROM forgotten_ids WHERE key = ?'
    return this.#sql(text).get(forgottenKey(id)) !== undefined
  }

  /**
   * What is asked by one step of the event loop is answered from one snapshot: to take one costs several
   * system calls, more than the answer. It is over before the loop goes on, and so before the worker can
   * say that it has stored more.
   */
  #holdSnapshot(): void {
    if (this.#db.isTransaction) return
    this.#db.exec('BEGIN')
    queueMicrotask(this.#endSnapshot)
  }

  readonly #endSnapshot = (): void => {
    if (!this.#db.isOpen || !this.#db.isTransaction) return
    try {
      this.#db.exec('COMMIT')
    } catch {
      // A file that is damaged says so to whoever reads next.
    }
  }

  /** Several statements that see one state, whatever the worker commits meanwhile. */
  #inOneSnapshot<Result>(read: () => Result): Result {
    if (this.#db.isTransaction) return read()
    this.#db.exec('BEGIN')
    try {
      return read()
    } finally {
      if (this.#db.isTransaction) this.#db.exec('COMMIT')
    }
  }

  #sql(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (statement === undefined) {
      statement = this.#db.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}

const sqlLimit = (limit: number): number =>
  Number.isFinite(limit) ? Math.min(limit, Number.MAX_SAFE_INTEGER) : -1

const selectOutcome = `SELECT o.id, k.queue, k.code, o.content_type, o.body, o.attempts,
  o.accepted_at_ms, o.finished_at_ms
  FROM outcome_rows AS o JOIN kinds AS k ON k.kind = o.kind`

const deadLetterFrom = (row: Row): DeadLetter => ({
  message: {
    id: row.id as string,
    idChosen: row.id_chosen === 1,
    exchange: row.exchange as string,
    routingKey: row.routing_key as string,
    contentType: row.content_type as string,
    body: row.body as Uint8Array,
    priority: row.priority as number,
    deadlineAtMs: row.deadline_at_ms as number,
    availableAtMs: row.available_at_ms as number,
    timeoutMs: row.timeout_ms as number,
    attemptsMax: row.attempts_max as number,
    meta: row.meta === null ? undefined : (JSON.parse(row.meta as string) as MessageMeta),
  },
  queue: row.queue as string,
  reason: row.reason as string,
  errorContentType: row.error_content_type as string,
  error: row.error as Uint8Array,
  attempts: row.attempts as number,
  acceptedAtMs: row.accepted_at_ms as number,
  diedAtMs: row.died_at_ms as number,
})
