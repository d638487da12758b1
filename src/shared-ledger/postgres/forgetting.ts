/*
 * Retention of a shared ledger in PostgreSQL, as in sqlite/shared-forgetting.ts. One process at a
 * time: two that count what is too many would both forget it.
 */

import { forgottenKey } from '../../embedded/ledger/forgotten-key.ts'
import { gatherKey } from '../gather-key.ts'
import { buffer } from './ending.ts'
import { forgetLock } from './postgres-schema.ts'
import type { Session } from './session.ts'

export interface ForgetStep {
  readonly retainMs: number
  readonly retainCount: number
  readonly rowsMax: number
}

/** Forgets at most `rowsMax` outcomes, the oldest first; returns how many. */
export async function forgetPage(session: Session, step: ForgetStep): Promise<number> {
  const { retainMs, retainCount, rowsMax } = step
  await session.query(`SELECT pg_advisory_xact_lock(x'${forgetLock.slice(2)}'::bigint)`)
  const [now] = await session.query('SELECT homing.now_ms() AS ms')
  const beforeMs = Number(now?.ms) - retainMs
  const tooMany = Math.min(await excess(session, retainCount), rowsMax)
  let count = tooMany > 0 ? await forgetOldest(session, tooMany, Infinity) : 0
  if (count < rowsMax) count += await forgetOldest(session, rowsMax - count, beforeMs)
  if (count < rowsMax) await forgetRest(session, beforeMs)
  return count
}

/** Outcomes above the count. Row numbers bound them from above: only past that are they counted. */
async function excess(session: Session, retainCount: number): Promise<number> {
  const [span] = await session.run(
    'SELECT coalesce(max(seq) - min(seq) + 1, 0) AS rows FROM homing.messages',
    [],
  )
  if (Number(span?.rows) <= retainCount) return 0
  const [counted] = await session.run(
    'SELECT count(*) AS outcomes FROM homing.messages WHERE code IS NOT NULL',
    [],
  )
  return Number(counted?.outcomes) - retainCount
}

async function forgetOldest(session: Session, rowsMax: number, beforeMs: number): Promise<number> {
  const rows = await session.run(
    `DELETE FROM homing.messages WHERE seq IN (SELECT seq FROM homing.messages
       WHERE code IS NOT NULL AND finished_at_ms < $1::float8
       ORDER BY finished_at_ms, seq LIMIT $2 FOR UPDATE)
     RETURNING id`,
    [beforeMs, rowsMax],
  )
  const ids = rows.map(({ id }) => id as string)
  if (ids.length === 0) return 0
  await remember(session, ids.map(forgottenKey))
  await session.run('DELETE FROM homing.dead_letters WHERE id = ANY($1::text[])', [ids])
  return ids.length
}

/** Claims of the dead, and gathers that are long over. */
async function forgetRest(session: Session, beforeMs: number): Promise<void> {
  await session.run(
    `DELETE FROM homing.messages AS m WHERE code IS NULL AND NOT confirmed
       AND claimed_until_ms < $1::float8
       AND NOT EXISTS (SELECT 1 FROM homing.replays AS r WHERE r.id = m.id)`,
    [beforeMs],
  )
  const over = await session.run(
    'DELETE FROM homing.gathers WHERE remaining = 0 AND changed_at_ms < $1::float8 RETURNING id',
    [beforeMs],
  )
  if (over.length > 0)
    await remember(
      session,
      over.map(({ id }) => gatherKey(id as string)),
    )
}

async function remember(session: Session, keys: readonly Uint8Array[]): Promise<void> {
  await session.run(
    'INSERT INTO homing.forgotten_ids SELECT unnest($1::bytea[]) ON CONFLICT DO NOTHING',
    [keys.map(buffer)],
  )
}
