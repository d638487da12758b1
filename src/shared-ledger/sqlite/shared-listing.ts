/*
 * Lists of a shared ledger in SQLite, newest first, page by page: within one time by row number, so
 * that a page ends and the next begins at a certain place.
 */

import type { SQLInputValue } from 'node:sqlite'
import { forgottenKey } from '../../embedded/ledger/forgotten-key.ts'
import { pageLimit, timeBound, unknownCursor } from '../../embedded/ledger/ledger-filter.ts'
import { outcomeFrom } from '../../embedded/ledger/outcome-row.ts'
import type { DeadLetter, DeadLetterFilter, OutcomeFilter } from '../../engine.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { deadLetterFrom } from '../ledger-rows.ts'
import type { LedgerCounts } from '../shared-ledger.ts'
import type { SharedStatements } from './shared-statements.ts'

interface Place {
  readonly atMs: number
  readonly seq: number
}

const newest: Place = { atMs: Infinity, seq: Number.MAX_SAFE_INTEGER }

export function listOutcomes(sql: SharedStatements, filter: OutcomeFilter): StoredOutcome[] {
  const limit = sqlLimit(pageLimit(filter))
  const sinceMs = timeBound(filter.finishedSinceMs, 'finishedSinceMs', -Infinity)
  const beforeMs = timeBound(filter.finishedBeforeMs, 'finishedBeforeMs', Infinity)
  const from = outcomePlace(sql, filter.after)
  if (from === 'forgotten') return []
  const where = ['code IS NOT NULL', '(finished_at_ms, seq) < (?, ?)', 'finished_at_ms >= ?']
  const values: SQLInputValue[] = [from.atMs, from.seq, sinceMs]
  // Compared with Infinity a row finished at Infinity would be left out.
  if (beforeMs !== Infinity) {
    where.push('finished_at_ms < ?')
    values.push(beforeMs)
  }
  if (filter.queue !== undefined) {
    where.push('queue = ?')
    values.push(filter.queue)
  }
  // Said in these words, the index of failures fits.
  if (filter.code !== undefined && filter.code !== 'ok') where.push("code <> 'ok'")
  if (filter.code !== undefined && filter.code !== 'failed') {
    where.push('code = ?')
    values.push(filter.code)
  }
  const text = `SELECT id, queue, code, content_type, body, attempts, accepted_at_ms, finished_at_ms
    FROM messages WHERE ${where.join(' AND ')} ORDER BY finished_at_ms DESC, seq DESC LIMIT ?`
  return sql.all(text, ...values, limit).map(outcomeFrom)
}

export function listDeadLetters(sql: SharedStatements, filter: DeadLetterFilter): DeadLetter[] {
  const limit = pageLimit(filter, filter.ids?.length)
  const chosen = deadSequence(sql, filter, limit)
  return sql
    .all(
      `SELECT * FROM dead_letters WHERE seq IN (SELECT value FROM json_each(?))
       ORDER BY died_at_ms DESC, seq DESC`,
      JSON.stringify(chosen),
    )
    .map(deadLetterFrom)
}

/** Without a limit all that match are dropped. */
export function dropDeadLetters(sql: SharedStatements, filter: DeadLetterFilter): number {
  const chosen = deadSequence(sql, filter, pageLimit(filter, Infinity))
  return sql.run(
    'DELETE FROM dead_letters WHERE seq IN (SELECT value FROM json_each(?))',
    JSON.stringify(chosen),
  ).changes
}

export function countByQueue(sql: SharedStatements): ReadonlyMap<string, LedgerCounts> {
  const rows = sql.all(`
    SELECT queue, sum(pending) AS pending, sum(dead) AS dead FROM (
      SELECT queue, count(*) AS pending, 0 AS dead FROM messages
        WHERE code IS NULL AND confirmed = 1 GROUP BY queue
      UNION ALL
      SELECT queue, 0, count(*) FROM dead_letters GROUP BY queue)
    GROUP BY queue`)
  return new Map(
    rows.map(({ queue, pending, dead }) => [
      String(queue),
      { pending: Number(pending), dead: Number(dead) },
    ]),
  )
}

function deadSequence(sql: SharedStatements, filter: DeadLetterFilter, limit: number): number[] {
  const from = deadPlace(sql, filter.after)
  if (from === 'forgotten') return []
  const where = ['(died_at_ms, seq) < (?, ?)']
  const values: SQLInputValue[] = [from.atMs, from.seq]
  if (filter.queue !== undefined) {
    where.push('queue = ?')
    values.push(filter.queue)
  }
  if (filter.ids !== undefined) {
    where.push('id IN (SELECT value FROM json_each(?))')
    values.push(JSON.stringify(filter.ids))
  }
  const text = `SELECT seq FROM dead_letters WHERE ${where.join(' AND ')}
    ORDER BY died_at_ms DESC, seq DESC LIMIT ?`
  return sql.all(text, ...values, sqlLimit(limit)).map(({ seq }) => Number(seq))
}

function outcomePlace(sql: SharedStatements, id: string | undefined): Place | 'forgotten' {
  if (id === undefined) return newest
  const text = 'SELECT finished_at_ms, seq FROM messages WHERE id = ? AND code IS NOT NULL'
  const row = sql.get(text, id)
  if (row !== undefined) return { atMs: Number(row.finished_at_ms), seq: Number(row.seq) }
  // The oldest are forgotten first: nothing older than a forgotten row is left.
  if (sql.get('SELECT 1 FROM forgotten_ids WHERE key = ?', forgottenKey(id))) return 'forgotten'
  throw unknownCursor(id)
}

function deadPlace(sql: SharedStatements, id: string | undefined): Place | 'forgotten' {
  if (id === undefined) return newest
  const row = sql.get('SELECT died_at_ms, seq FROM dead_letters WHERE id = ?', id)
  if (row !== undefined) return { atMs: Number(row.died_at_ms), seq: Number(row.seq) }
  // Dropped meanwhile: its outcome stands at the same place.
  return outcomePlace(sql, id)
}

const sqlLimit = (limit: number): number =>
  Number.isFinite(limit) ? Math.min(limit, Number.MAX_SAFE_INTEGER) : -1
