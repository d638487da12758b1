/*
 * Lists of a shared ledger in PostgreSQL, newest first, page by page, as in sqlite/shared-listing.ts.
 */

import { forgottenKey } from '../../embedded/ledger/forgotten-key.ts'
import { pageLimit, timeBound, unknownCursor } from '../../embedded/ledger/ledger-filter.ts'
import { outcomeFrom } from '../../embedded/ledger/outcome-row.ts'
import type { OutcomeFilter } from '../../engine.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { callbackFrom, pendingFrom } from '../ledger-rows.ts'
import type { CallbackMessage, LedgerCounts, PendingMessage } from '../shared-ledger.ts'
import { buffer } from './ending.ts'
import type { Session } from './session.ts'

export interface Place {
  readonly atMs: number
  /** A bigint as text. */
  readonly seq: string
}

const newest: Place = { atMs: Infinity, seq: '9223372036854775807' }

export async function outcomes(session: Session, filter: OutcomeFilter): Promise<StoredOutcome[]> {
  const limit = pageLimit(filter)
  const sinceMs = timeBound(filter.finishedSinceMs, 'finishedSinceMs', -Infinity)
  const beforeMs = timeBound(filter.finishedBeforeMs, 'finishedBeforeMs', Infinity)
  const from = await placeOf(session, filter.after)
  if (from === 'forgotten') return []
  const where = ['code IS NOT NULL', '(finished_at_ms, seq) < ($1::float8, $2::bigint)']
  const values: unknown[] = [from.atMs, from.seq]
  const add = (condition: (place: string) => string, value: unknown) => {
    values.push(value)
    where.push(condition(`$${values.length}`))
  }
  add((at) => `finished_at_ms >= ${at}::float8`, sinceMs)
  if (beforeMs !== Infinity) add((at) => `finished_at_ms < ${at}::float8`, beforeMs)
  if (filter.queue !== undefined) add((at) => `queue = ${at}`, filter.queue)
  // Said in these words, the index of failures fits.
  if (filter.code !== undefined && filter.code !== 'ok') where.push("code <> 'ok'")
  if (filter.code !== undefined && filter.code !== 'failed')
    add((at) => `code = ${at}`, filter.code)
  values.push(Number.isFinite(limit) ? limit : null)
  const rows = await session.run(
    `SELECT id, queue, code, content_type, body, attempts, accepted_at_ms, finished_at_ms
     FROM homing.messages WHERE ${where.join(' AND ')}
     ORDER BY finished_at_ms DESC, seq DESC LIMIT $${values.length}`,
    values,
  )
  return rows.map(outcomeFrom)
}

/** Where a page begins. Fails with `bad-argument` when the id was never held. */
export async function placeOf(
  session: Session,
  id: string | undefined,
): Promise<Place | 'forgotten'> {
  if (id === undefined) return newest
  const [row] = await session.run(
    `SELECT m.finished_at_ms, m.seq, f.key IS NOT NULL AS forgotten
     FROM (SELECT $1::text AS id, $2::bytea AS key) AS a
     LEFT JOIN homing.messages AS m ON m.id = a.id AND m.code IS NOT NULL
     LEFT JOIN homing.forgotten_ids AS f ON f.key = a.key`,
    [id, buffer(forgottenKey(id))],
  )
  if (row !== undefined && row.seq !== null)
    return { atMs: Number(row.finished_at_ms), seq: String(row.seq) }
  // The oldest are forgotten first: nothing older than a forgotten row is left.
  if (row?.forgotten === true) return 'forgotten'
  throw unknownCursor(id)
}

export async function overdue(
  session: Session,
  beforeMs: number,
  limit: number,
): Promise<PendingMessage[]> {
  const rows = await session.run(
    `SELECT id, queue, accepted_at_ms, deadline_at_ms, callbacks FROM homing.messages
     WHERE code IS NULL AND confirmed AND deadline_at_ms < $1::float8
     ORDER BY deadline_at_ms LIMIT $2`,
    [beforeMs, limit],
  )
  return rows.map((row) => ({ id: row.id as string, ...pendingFrom(row) }))
}

/** Rows that another is being handed are passed over. */
export async function unsent(
  session: Session,
  limit: number,
  claimMs: number,
): Promise<CallbackMessage[]> {
  const rows = await session.run(
    `UPDATE homing.callback_messages SET due_at_ms = homing.now_ms() + $2::float8
     WHERE (queue, id) IN (SELECT queue, id FROM homing.callback_messages
       WHERE due_at_ms <= homing.now_ms() ORDER BY due_at_ms, seq LIMIT $1 FOR UPDATE SKIP LOCKED)
     RETURNING id, queue, content_type, body`,
    [limit, claimMs],
  )
  return rows.map(callbackFrom)
}

export async function counts(session: Session): Promise<ReadonlyMap<string, LedgerCounts>> {
  const rows = await session.run(
    `SELECT queue, sum(pending) AS pending, sum(dead) AS dead FROM (
       SELECT queue, count(*) AS pending, 0 AS dead FROM homing.messages
         WHERE code IS NULL AND confirmed GROUP BY queue
       UNION ALL
       SELECT queue, 0, count(*) FROM homing.dead_letters GROUP BY queue) AS both_counts
     GROUP BY queue`,
    [],
  )
  return new Map(
    rows.map(({ queue, pending, dead }) => [
      String(queue),
      { pending: Number(pending), dead: Number(dead) },
    ]),
  )
}
