/*
 * Starting a gather in PostgreSQL. Its members' rows are locked (FOR SHARE) until it is committed, so
 * an end of one of them either is seen here, or comes after and sees the gather.
 */

import { forgottenKey } from '../../embedded/ledger/forgotten-key.ts'
import { HomingError } from '../../errors.ts'
import { gatherKey } from '../gather-key.ts'
import type { CallbackMessage, Gathering } from '../shared-ledger.ts'
import { bring, buffer } from './ending.ts'
import type { Session } from './session.ts'

export async function gather(
  session: Session,
  { id, memberIds, told }: Gathering,
  claimMs: number,
): Promise<readonly CallbackMessage[]> {
  const [known] = await session.run(
    `SELECT EXISTS (SELECT 1 FROM homing.gathers WHERE id = $1)
       OR EXISTS (SELECT 1 FROM homing.forgotten_ids WHERE key = $2) AS known`,
    [id, buffer(gatherKey(id))],
  )
  if (known?.known === true) return []
  const open = await openMembers(session, id, [...new Set(memberIds)])
  const begun = await session.run(
    `INSERT INTO homing.gathers (id, remaining, changed_at_ms, told_queue, told_id,
       told_content_type, told_body)
     VALUES ($1, $2, homing.now_ms(), $3, $4, $5, $6) ON CONFLICT DO NOTHING RETURNING id`,
    [id, open.length, told.queue, told.id, told.contentType, buffer(told.body)],
  )
  // Begun by another meanwhile.
  if (begun.length === 0) return []
  if (open.length === 0) {
    await bring(session, told, { owner: told.id, claimMs })
    return [told]
  }
  await session.run(
    `INSERT INTO homing.gather_members (member_id, gather_id) SELECT unnest($1::text[]), $2`,
    [open, id],
  )
  return []
}

async function openMembers(
  session: Session,
  gatherId: string,
  memberIds: readonly string[],
): Promise<string[]> {
  const rows = await session.run(
    `SELECT id, code IS NULL AS open FROM homing.messages WHERE id = ANY($1::text[])
       AND (code IS NOT NULL OR confirmed OR claimed_until_ms > homing.now_ms())
     ORDER BY id FOR SHARE`,
    [memberIds],
  )
  const found = new Set(rows.map(({ id }) => id as string))
  const missing = memberIds.filter((id) => !found.has(id))
  if (missing.length > 0) await checkForgotten(session, gatherId, missing)
  return rows.filter(({ open }) => open === true).map(({ id }) => id as string)
}

/** What was forgotten has ended; what was not even that was never accepted. */
async function checkForgotten(
  session: Session,
  gatherId: string,
  ids: readonly string[],
): Promise<void> {
  const [unknown] = await session.run(
    `SELECT a.id FROM unnest($1::text[], $2::bytea[]) AS a (id, key)
     WHERE NOT EXISTS (SELECT 1 FROM homing.forgotten_ids AS f WHERE f.key = a.key) LIMIT 1`,
    [ids, ids.map(forgottenKey)],
  )
  if (unknown === undefined) return
  const id = unknown.id as string
  throw new HomingError('unknown', `gather ${gatherId}: no message ${id} was ever accepted`, { id })
}
