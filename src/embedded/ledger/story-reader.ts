/*
 * What people ask of the ledger beside outcomes: the attempts of a message, what it came from and led
 * to, and failures in groups.
 *
 *   failures: the newest rows in that time, from an index that holds all that is grouped by
 */

import type { StatementSync } from 'node:sqlite'
import {
  type AttemptRecord,
  attemptEndOf,
  type StoredAttemptEnd,
} from '../journal/attempt-record.ts'
import { timeBound } from './ledger-filter.ts'
import {
  attemptsListedMax,
  childrenListedMax,
  type FailureCount,
  type FailureCounts,
  type FailureRange,
  failuresExaminedMax,
  type LedgerStory,
} from './ledger-story.ts'

type Row = Record<string, unknown>

export class StoryReader {
  readonly #sql: (text: string) => StatementSync

  constructor(sql: (text: string) => StatementSync) {
    this.#sql = sql
  }

  story(id: string): LedgerStory {
    const row = this.#sql(`SELECT attempt_end, delivered_at_ms, consumer, parent_id, replay_of,
      callbacks FROM outcome_rows WHERE id = ?`).get(id)
    const attempts = this.#sql(`SELECT * FROM attempts WHERE id = ? ORDER BY lsn LIMIT ?`)
    const children = this.#sql(`SELECT id FROM outcome_rows WHERE parent_id = ?
      ORDER BY finished_at_ms DESC LIMIT ?`)
    const replay = this.#sql(`SELECT id FROM outcome_rows WHERE replay_of = ?
      ORDER BY seq DESC LIMIT 1`)
    return {
      attempts: attempts.all(id, attemptsListedMax).map(attemptFrom),
      lastAttempt: lastAttemptFrom(row),
      parentId: textOf(row?.parent_id),
      replayOf: textOf(row?.replay_of),
      callbacks: row?.callbacks == null ? [] : (JSON.parse(String(row.callbacks)) as string[]),
      childIds: children.all(id, childrenListedMax).map((child) => String(child.id)),
      replayedAs: textOf(replay.get(id)?.id),
    }
  }

  failures(range: FailureRange): FailureCounts {
    const sinceMs = timeBound(range.finishedSinceMs, 'finishedSinceMs', -Infinity)
    const beforeMs = timeBound(range.finishedBeforeMs, 'finishedBeforeMs', Infinity)
    const kinds = this.#failedKinds(range.queue)
    // One more than is looked at tells whether there are more.
    const bounds = [sinceMs, beforeMs, failuresExaminedMax + 1]
    const rows =
      range.queue === undefined
        ? this.#sql(newestFailures('outcome_rows_by_failed_time', '')).all(...bounds)
        : this.#ofKinds([...kinds.keys()], bounds)
    const isComplete = rows.length <= failuresExaminedMax
    const examined = isComplete ? rows : rows.slice(0, failuresExaminedMax)
    return { groups: this.#groups(kinds, examined), examined: examined.length, isComplete }
  }

  #ofKinds(kinds: readonly number[], bounds: readonly number[]): Row[] {
    const newest = this.#sql(newestFailures('outcome_rows_by_failure', 'kind = ? AND'))
    const rows = kinds.flatMap((kind) => newest.all(kind, ...bounds))
    return rows.sort((a, b) => Number(b.finished_at_ms) - Number(a.finished_at_ms))
  }

  #groups(kinds: ReadonlyMap<number, Row>, rows: readonly Row[]): FailureCount[] {
    const id = this.#sql('SELECT id FROM outcome_rows WHERE seq = ?')
    const groups = Map.groupBy(rows, ({ kind, failure }) => `${kind} ${failure}`)
    return [...groups.values()]
      .map((group): FailureCount => {
        const [newest] = group as [Row]
        const kind = kinds.get(Number(newest.kind)) as Row
        return {
          queue: String(kind.queue),
          code: String(kind.code),
          message: String(newest.failure),
          count: group.length,
          firstAtMs: Number(group.at(-1)?.finished_at_ms),
          lastAtMs: Number(newest.finished_at_ms),
          lastId: String(id.get(newest.seq as number)?.id),
        }
      })
      .sort((a, b) => b.count - a.count || b.lastAtMs - a.lastAtMs)
  }

  #failedKinds(queue: string | undefined): Map<number, Row> {
    const text = `SELECT kind, queue, code FROM kinds WHERE code <> 'ok'`
    const rows =
      queue === undefined ? this.#sql(text).all() : this.#sql(`${text} AND queue = ?`).all(queue)
    return new Map(rows.map((row) => [Number(row.kind), row]))
  }
}

const newestFailures = (index: string, ofKind: string): string =>
  `SELECT seq, kind, finished_at_ms, failure FROM outcome_rows INDEXED BY ${index}
    WHERE ${ofKind} failure IS NOT NULL AND finished_at_ms >= ? AND finished_at_ms < ?
    ORDER BY finished_at_ms DESC LIMIT ?`

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' ? value : undefined

const lastAttemptFrom = (row: Row | undefined): LedgerStory['lastAttempt'] =>
  row?.attempt_end == null
    ? undefined
    : {
        end: attemptEndOf(Number(row.attempt_end)),
        deliveredAtMs: Number(row.delivered_at_ms),
        consumer: String(row.consumer ?? ''),
      }

const attemptFrom = (row: Row): AttemptRecord => ({
  id: row.id as string,
  callback: row.callback as string,
  number: row.number as number,
  end: row.ended as StoredAttemptEnd,
  deliveredAtMs: row.delivered_at_ms as number,
  endedAtMs: row.ended_at_ms as number,
  retryAtMs: row.retry_at_ms as number,
  consumer: row.consumer as string,
  code: row.code as string,
  error: row.error as Uint8Array,
})
