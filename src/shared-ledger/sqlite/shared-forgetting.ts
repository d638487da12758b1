/*
 * Retention of a shared ledger in SQLite. An outcome that is too old, or one too many, becomes 16
 * bytes: its id stays known as forgotten, and no message is worked on twice for having been long ago.
 */

import { forgottenKey } from '../../embedded/ledger/forgotten-key.ts'
import { gatherKey } from '../gather-key.ts'
import type { SharedStatements } from './shared-statements.ts'

export interface ForgetStep {
  /** Outcomes that finished before it are forgotten. */
  readonly beforeMs: number
  readonly retainCount: number
  readonly rowsMax: number
}

/** Forgets at most `rowsMax` outcomes, the oldest first; returns how many. */
export function forgetPage(sql: SharedStatements, step: ForgetStep): number {
  const { beforeMs, retainCount, rowsMax } = step
  const tooMany = Math.min(excess(sql, retainCount), rowsMax)
  let count = tooMany > 0 ? forgetOldest(sql, tooMany, Infinity) : 0
  if (count < rowsMax) count += forgetOldest(sql, rowsMax - count, beforeMs)
  if (count < rowsMax) forgetRest(sql, beforeMs)
  return count
}

/** Outcomes above the count. Row numbers bound them from above: only past that are they counted. */
function excess(sql: SharedStatements, retainCount: number): number {
  const span = sql.get(
    'SELECT (SELECT max(seq) FROM messages) - (SELECT min(seq) FROM messages) + 1 AS rows',
  )
  if (Number(span?.rows ?? 0) <= retainCount) return 0
  const counted = sql.get('SELECT count(*) AS outcomes FROM messages WHERE code IS NOT NULL')
  return Number(counted?.outcomes) - retainCount
}

function forgetOldest(sql: SharedStatements, rowsMax: number, beforeMs: number): number {
  const rows = sql.all(
    `DELETE FROM messages WHERE seq IN (SELECT seq FROM messages
       WHERE code IS NOT NULL AND finished_at_ms < ? ORDER BY finished_at_ms, seq LIMIT ?)
     RETURNING id`,
    beforeMs,
    rowsMax,
  )
  for (const row of rows) {
    const id = row.id as string
    sql.run(rememberKey, forgottenKey(id))
    sql.run('DELETE FROM dead_letters WHERE id = ?', id)
  }
  return rows.length
}

/** Claims of the dead, and gathers that are long over. */
function forgetRest(sql: SharedStatements, beforeMs: number): void {
  sql.run(
    `DELETE FROM messages WHERE code IS NULL AND confirmed = 0 AND claimed_until_ms < ?
       AND id NOT IN (SELECT id FROM replays)`,
    beforeMs,
  )
  const over = sql.all(
    'DELETE FROM gathers WHERE remaining = 0 AND changed_at_ms < ? RETURNING id',
    beforeMs,
  )
  for (const { id } of over) sql.run(rememberKey, gatherKey(id as string))
}

const rememberKey = 'INSERT INTO forgotten_ids VALUES (?) ON CONFLICT (key) DO NOTHING'
