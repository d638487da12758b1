/*
 * Claims, confirms and answers of a shared ledger in PostgreSQL; each function is one transaction's work.
 *
 * Rule: a row is decided by the statement that locks it (ON CONFLICT DO UPDATE … WHERE reads the
 * newest version), never by what was read before. Batches are in the order of their ids, so that two
 * of them do not wait for each other.
 */

import { forgottenKey } from '../../embedded/ledger/forgotten-key.ts'
import { outcomeFrom } from '../../embedded/ledger/outcome-row.ts'
import { callbackFrom, type LedgerRow, pendingFrom } from '../ledger-rows.ts'
import type { Acceptance, CallbackMessage, Claim, LedgerEntry } from '../shared-ledger.ts'
import type { Session } from './session.ts'

const acceptRows = `
  INSERT INTO homing.messages AS m (id, queue, accepted_at_ms, deadline_at_ms, callbacks, confirmed,
    claim, claimed_until_ms)
  SELECT a.id, a.queue, a.accepted, a.deadline, a.callbacks, a.confirmed, $8::uuid,
    homing.now_ms() + $9::float8
  FROM unnest($1::text[], $2::text[], $3::float8[], $4::float8[], $5::text[], $6::boolean[],
    $7::bytea[]) AS a (id, queue, accepted, deadline, callbacks, confirmed, key)
  WHERE NOT EXISTS (SELECT 1 FROM homing.forgotten_ids AS f WHERE f.key = a.key)
  ON CONFLICT (id) DO UPDATE SET queue = excluded.queue, accepted_at_ms = excluded.accepted_at_ms,
    deadline_at_ms = excluded.deadline_at_ms, callbacks = excluded.callbacks,
    confirmed = excluded.confirmed, claim = excluded.claim,
    claimed_until_ms = excluded.claimed_until_ms
  WHERE m.code IS NULL AND NOT m.confirmed
    AND (excluded.confirmed OR m.claimed_until_ms <= homing.now_ms())
  RETURNING m.id`

/** Those found are known or somebody else's; those not found are forgotten, or withdrawn just now. */
const refusedRows = `
  SELECT a.id, m.confirmed OR m.code IS NOT NULL OR f.key IS NOT NULL AS known,
    m.claimed_until_ms - homing.now_ms() AS left_ms
  FROM unnest($1::text[], $2::bytea[]) AS a (id, key)
  LEFT JOIN homing.messages AS m ON m.id = a.id
  LEFT JOIN homing.forgotten_ids AS f ON f.key = a.key`

export async function accept(
  session: Session,
  messages: readonly Acceptance[],
  claim: { readonly owner: string; readonly ms: number },
): Promise<Claim[]> {
  const firsts = firstsById(messages)
  const ids = firsts.map(({ id }) => id)
  const keys = ids.map(forgottenKey)
  const rows = await session.run(acceptRows, [
    ids,
    firsts.map(({ queue }) => queue),
    firsts.map(({ acceptedAtMs }) => acceptedAtMs),
    firsts.map(({ deadlineAtMs }) => deadlineAtMs),
    firsts.map(({ callbacks }) => (callbacks?.length ? JSON.stringify(callbacks) : null)),
    firsts.map(({ confirmed }) => confirmed),
    keys,
    claim.owner,
    claim.ms,
  ])
  const claims = new Map<string, Claim>()
  for (const { id } of rows) claims.set(id as string, { state: 'yours' })
  // Forgotten meanwhile, just before its row was free: the claim of a moment ago is taken back.
  const chosen = firsts.filter(({ id, confirmed }) => !confirmed || !claims.has(id))
  if (chosen.length > 0) {
    const chosenIds = chosen.map(({ id }) => id)
    const found = await session.run(refusedRows, [chosenIds, chosenIds.map(forgottenKey)])
    await takeBack(session, found, claims)
    for (const row of found)
      if (!claims.has(row.id as string)) claims.set(row.id as string, refused(row, claim.ms))
  }
  return answers(messages, claims, claim.ms)
}

async function takeBack(
  session: Session,
  found: readonly LedgerRow[],
  claims: Map<string, Claim>,
): Promise<void> {
  const gone = found.filter(({ id, known }) => known === true && claims.has(id as string))
  if (gone.length === 0) return
  const ids = gone.map(({ id }) => id as string)
  await session.run('DELETE FROM homing.messages WHERE id = ANY($1::text[])', [ids])
  for (const id of ids) claims.set(id, { state: 'known' })
}

function refused({ known, left_ms: leftMs }: LedgerRow, claimMs: number): Claim {
  if (known === true) return { state: 'known' }
  return { state: 'taken', retryInMs: Math.min(Math.max(Number(leftMs ?? 0), 1), claimMs) }
}

/** Later ones of the same id are told what the first one made of it. */
function answers(
  messages: readonly Acceptance[],
  claims: ReadonlyMap<string, Claim>,
  claimMs: number,
): Claim[] {
  const seen = new Set<string>()
  const confirmed = new Set(messages.filter((one) => one.confirmed).map(({ id }) => id))
  return messages.map(({ id }) => {
    const claim = claims.get(id) ?? { state: 'known' }
    if (claim.state !== 'yours' || !seen.has(id)) {
      seen.add(id)
      return claim
    }
    return confirmed.has(id) ? { state: 'known' } : { state: 'taken', retryInMs: claimMs }
  })
}

/** Of each id the first; a confirmed one before one that is not. In the order of ids. */
function firstsById(messages: readonly Acceptance[]): Acceptance[] {
  const firsts = new Map<string, Acceptance>()
  for (const message of messages) {
    const known = firsts.get(message.id)
    if (known === undefined || (message.confirmed && !known.confirmed))
      firsts.set(message.id, message)
  }
  return [...firsts.values()].sort(byId)
}

export const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
  a.id < b.id ? -1 : Number(a.id > b.id)

export async function confirm(session: Session, ids: readonly string[]): Promise<void> {
  await Promise.all([
    session.run(
      `UPDATE homing.messages SET confirmed = true, claim = NULL WHERE id IN (
         SELECT id FROM homing.messages WHERE id = ANY($1::text[]) AND NOT confirmed
         ORDER BY id FOR UPDATE)`,
      [ids],
    ),
    session.run('DELETE FROM homing.replays WHERE id = ANY($1::text[])', [ids]),
  ])
}

export async function withdraw(
  session: Session,
  ids: readonly string[],
  owner: string,
): Promise<void> {
  await session.run(
    `WITH gone AS (DELETE FROM homing.messages WHERE id = ANY($1::text[]) AND code IS NULL
       AND NOT confirmed AND claim = $2::uuid RETURNING id)
     DELETE FROM homing.replays WHERE id IN (SELECT id FROM gone)`,
    [ids, owner],
  )
}

export async function lookUp(session: Session, ids: readonly string[]): Promise<LedgerEntry[]> {
  const [rows, callbacks, forgotten] = await Promise.all([
    session.run(
      `SELECT id, queue, accepted_at_ms, deadline_at_ms, callbacks, confirmed, code, finished_at_ms,
         attempts, content_type, body, claimed_until_ms > homing.now_ms() AS claimed
       FROM homing.messages WHERE id = ANY($1::text[])`,
      [ids],
    ),
    unsentOf(session, ids),
    session.run(
      `SELECT a.id FROM unnest($1::text[], $2::bytea[]) AS a (id, key)
       WHERE EXISTS (SELECT 1 FROM homing.forgotten_ids AS f WHERE f.key = a.key)`,
      [ids, ids.map(forgottenKey)],
    ),
  ])
  const byItsId = new Map(rows.map((row) => [row.id as string, row]))
  const gone = new Set(forgotten.map(({ id }) => id as string))
  return ids.map((id) => entryOf(byItsId.get(id), callbacks.get(id) ?? [], gone.has(id)))
}

function entryOf(
  row: LedgerRow | undefined,
  unsent: readonly CallbackMessage[],
  isForgotten: boolean,
): LedgerEntry {
  if (row === undefined) return { state: isForgotten ? 'forgotten' : 'unknown' }
  if (row.code !== null) return { state: 'final', outcome: outcomeFrom(row), unsent }
  if (row.confirmed === false && row.claimed !== true) return { state: 'unknown' }
  return { state: 'pending', ...pendingFrom(row), confirmed: row.confirmed === true }
}

/** What is still to be sent for those ids, by id. */
export async function unsentOf(
  session: Session,
  ids: readonly string[],
): Promise<ReadonlyMap<string, CallbackMessage[]>> {
  if (ids.length === 0) return new Map()
  const rows = await session.run(
    `SELECT owner, id, queue, content_type, body FROM homing.callback_messages
     WHERE owner = ANY($1::text[]) ORDER BY seq`,
    [ids],
  )
  const byOwner = Map.groupBy(rows, ({ owner }) => owner as string)
  return new Map([...byOwner].map(([owner, of]) => [owner, of.map(callbackFrom)]))
}
