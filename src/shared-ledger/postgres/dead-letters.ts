/*
 * Dead letters and replays in PostgreSQL.
 *
 *   take   the dead letter goes, its new message comes, claimed, in one transaction
 *   unpublished   replays whose claim ran out, handed to one who asks: rows locked by another are passed over
 */

import { pageLimit } from '../../embedded/ledger/ledger-filter.ts'
import type { DeadLetter, DeadLetterFilter } from '../../engine.ts'
import type { Message } from '../../message/message.ts'
import { deadLetterFrom } from '../ledger-rows.ts'
import type { Replay } from '../shared-ledger.ts'
import { messageFrom, type StoredMessage, storedMessage } from '../stored-message.ts'
import { buffer } from './ending.ts'
import { type Place, placeOf } from './listing.ts'
import type { Session } from './session.ts'

export interface ClaimOf {
  readonly owner: string
  readonly ms: number
}

export async function deadLetters(
  session: Session,
  filter: DeadLetterFilter,
): Promise<DeadLetter[]> {
  const limit = pageLimit(filter, filter.ids?.length)
  const chosen = await chosenOf(session, filter, limit)
  const rows = await session.run(
    'SELECT * FROM homing.dead_letters WHERE seq = ANY($1::bigint[]) ORDER BY died_at_ms DESC, seq DESC',
    [chosen],
  )
  return rows.map(deadLetterFrom)
}

/** Without a limit all that match are dropped. */
export async function dropDeadLetters(session: Session, filter: DeadLetterFilter): Promise<number> {
  const chosen = await chosenOf(session, filter, pageLimit(filter, Infinity))
  const gone = await session.run(
    `DELETE FROM homing.dead_letters WHERE seq IN (SELECT seq FROM homing.dead_letters
       WHERE seq = ANY($1::bigint[]) ORDER BY id FOR UPDATE) RETURNING seq`,
    [chosen],
  )
  return gone.length
}

export async function takeDeadLetters(
  session: Session,
  replays: readonly Replay[],
  claim: ClaimOf,
): Promise<string[]> {
  const gone = await session.run(
    `DELETE FROM homing.dead_letters WHERE id IN (SELECT id FROM homing.dead_letters
       WHERE id = ANY($1::text[]) ORDER BY id FOR UPDATE) RETURNING id`,
    [replays.map(({ deadId }) => deadId)],
  )
  const left = new Set(gone.map(({ id }) => id as string))
  const taken = replays.filter(({ deadId }) => left.delete(deadId)).map(({ message }) => message)
  if (taken.length === 0) return []
  const stored = taken.map(storedMessage)
  const ids = taken.map(({ id }) => id)
  await Promise.all([
    session.run(
      `INSERT INTO homing.messages (id, queue, accepted_at_ms, deadline_at_ms, callbacks, confirmed,
         claim, claimed_until_ms)
       SELECT r.id, r.queue, homing.now_ms(), r.deadline, r.callbacks, false, $5::uuid,
         homing.now_ms() + $6::float8
       FROM unnest($1::text[], $2::text[], $3::float8[], $4::text[]) AS r (id, queue, deadline, callbacks)`,
      [
        ids,
        taken.map(({ routingKey }) => routingKey),
        taken.map(({ deadlineAtMs }) => deadlineAtMs),
        taken.map(({ meta }) => (meta?.callbacks?.length ? JSON.stringify(meta.callbacks) : null)),
        claim.owner,
        claim.ms,
      ],
    ),
    session.run(
      `INSERT INTO homing.replays (id, settings, body, due_at_ms)
       SELECT r.id, r.settings, r.body, homing.now_ms() + $4::float8
       FROM unnest($1::text[], $2::text[], $3::bytea[]) AS r (id, settings, body)`,
      [
        ids,
        stored.map(({ settings }) => settings),
        stored.map(({ body }) => buffer(body)),
        claim.ms,
      ],
    ),
  ])
  return ids
}

export async function unpublished(
  session: Session,
  limit: number,
  claim: ClaimOf,
): Promise<Message[]> {
  const rows = await session.run(
    `UPDATE homing.replays SET due_at_ms = homing.now_ms() + $2::float8 WHERE id IN (
       SELECT id FROM homing.replays WHERE due_at_ms <= homing.now_ms() ORDER BY due_at_ms LIMIT $1
       FOR UPDATE SKIP LOCKED)
     RETURNING id, settings, body`,
    [limit, claim.ms],
  )
  await session.run(
    `UPDATE homing.messages SET claim = $2::uuid, claimed_until_ms = homing.now_ms() + $3::float8
     WHERE id = ANY($1::text[]) AND NOT confirmed`,
    [rows.map(({ id }) => id), claim.owner, claim.ms],
  )
  return rows.map((row) => messageFrom(row as unknown as StoredMessage))
}

async function chosenOf(
  session: Session,
  filter: DeadLetterFilter,
  limit: number,
): Promise<unknown[]> {
  const from = await deadPlace(session, filter.after)
  if (from === 'forgotten') return []
  const rows = await session.run(
    `SELECT seq FROM homing.dead_letters WHERE (died_at_ms, seq) < ($1::float8, $2::bigint)
       AND ($3::text IS NULL OR queue = $3) AND ($4::text[] IS NULL OR id = ANY($4))
     ORDER BY died_at_ms DESC, seq DESC LIMIT $5`,
    [
      from.atMs,
      from.seq,
      filter.queue ?? null,
      filter.ids ?? null,
      Number.isFinite(limit) ? limit : null,
    ],
  )
  return rows.map(({ seq }) => seq)
}

async function deadPlace(session: Session, id: string | undefined): Promise<Place | 'forgotten'> {
  const [row] =
    id === undefined
      ? []
      : await session.run('SELECT died_at_ms, seq FROM homing.dead_letters WHERE id = $1', [id])
  if (row !== undefined) return { atMs: Number(row.died_at_ms), seq: String(row.seq) }
  // Dropped meanwhile: its outcome stands at the same place.
  return placeOf(session, id)
}
