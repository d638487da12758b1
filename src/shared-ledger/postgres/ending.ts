/*
 * Ends of messages in PostgreSQL, in one transaction for a batch:
 *
 *   outcomes        INSERT … ON CONFLICT DO UPDATE … WHERE code IS NULL: the first one stands
 *   dead letters,   of those that this batch won, known by its `winner` number
 *   callbacks
 *   gathers         counted down, last, by statements that see what others have committed meanwhile
 *   read back       what stands for those that were not won
 *
 * Rule: run again after a commit whose answer was lost, all of it changes nothing and answers the same:
 * rows with this batch's number are won.
 */

import { forgottenKey } from '../../embedded/ledger/forgotten-key.ts'
import { outcomeFrom } from '../../embedded/ledger/outcome-row.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import type { CallbackMessage, Ended, Ending } from '../shared-ledger.ts'
import { storedMessage } from '../stored-message.ts'
import { byId, unsentOf } from './accepting.ts'
import type { Session } from './session.ts'

const endRows = `
  INSERT INTO homing.messages AS m (id, queue, accepted_at_ms, deadline_at_ms, confirmed, code,
    finished_at_ms, attempts, content_type, body, winner)
  SELECT e.id, e.queue, e.accepted, 0, true, e.code, e.finished, e.attempts, e.content_type, e.body,
    $10::bigint
  FROM unnest($1::text[], $2::text[], $3::float8[], $4::text[], $5::float8[], $6::integer[],
    $7::text[], $8::bytea[], $9::bytea[])
    AS e (id, queue, accepted, code, finished, attempts, content_type, body, key)
  WHERE NOT EXISTS (SELECT 1 FROM homing.forgotten_ids AS f WHERE f.key = e.key)
  ON CONFLICT (id) DO UPDATE SET queue = excluded.queue, accepted_at_ms = excluded.accepted_at_ms,
    callbacks = NULL, confirmed = true, claim = NULL, code = excluded.code,
    finished_at_ms = excluded.finished_at_ms, attempts = excluded.attempts,
    content_type = excluded.content_type, body = excluded.body, winner = excluded.winner
  WHERE m.code IS NULL OR m.winner = excluded.winner
  RETURNING m.id`

const deadRows = `
  INSERT INTO homing.dead_letters (seq, id, queue, reason, died_at_ms, accepted_at_ms, attempts,
    error_content_type, error, settings, body)
  SELECT m.seq, m.id, m.queue, m.code, m.finished_at_ms, m.accepted_at_ms, m.attempts,
    m.content_type, m.body, d.settings, d.body
  FROM unnest($1::text[], $2::text[], $3::bytea[]) AS d (id, settings, body)
  JOIN homing.messages AS m ON m.id = d.id AND m.winner = $4::bigint
  ON CONFLICT DO NOTHING`

const callbackRows = `
  INSERT INTO homing.callback_messages (queue, id, owner, content_type, body, due_at_ms)
  SELECT c.queue, c.id, m.id, c.content_type, c.body, homing.now_ms() + $7::float8
  FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bytea[])
    AS c (owner, queue, id, content_type, body)
  JOIN homing.messages AS m ON m.id = c.owner AND m.winner = $6::bigint
  ON CONFLICT DO NOTHING`

/** Asked in one breath with the rows before, and yet sees what others committed while those waited. */
const checks = `
  WITH published AS (DELETE FROM homing.replays WHERE id = ANY($1::text[]))
  SELECT EXISTS (SELECT 1 FROM unnest($1::text[], $2::bytea[]) AS e (id, key)
      JOIN homing.forgotten_ids AS f ON f.key = e.key
      JOIN homing.messages AS m ON m.id = e.id AND m.winner = $3::bigint) AS forgotten,
    EXISTS (SELECT 1 FROM homing.gather_members WHERE member_id = ANY($1::text[])) AS gathered`

const countDown = `
  WITH gone AS (DELETE FROM homing.gather_members WHERE member_id = ANY($1::text[])
      RETURNING gather_id, member_id),
    counted AS (SELECT gather_id, count(*) AS members, max(member_id) AS last FROM gone
      GROUP BY gather_id)
  UPDATE homing.gathers AS g SET remaining = g.remaining - c.members, changed_at_ms = homing.now_ms()
  FROM counted AS c WHERE g.id = c.gather_id
  RETURNING g.remaining, c.last AS owner, told_queue, told_id, told_content_type, told_body`

/** An id became forgotten while its row was waited for: the transaction is run again, and sees it. */
const forgottenMeanwhile = () => Object.assign(new Error('forgotten meanwhile'), { code: '40001' })

export interface EndContext {
  readonly claimMs: number
  /** Of this batch, the same when it is run again; a bigint as text. */
  readonly winner: string
}

export async function end(
  session: Session,
  endings: readonly Ending[],
  context: EndContext,
): Promise<Ended[]> {
  const firsts = firstsById(endings)
  const { won, isGathered } = await store(session, firsts, context)
  if (isGathered && won.size > 0) await finishGathers(session, [...won].sort(), context)
  const lost = firsts.map(({ outcome }) => outcome.id).filter((id) => !won.has(id))
  const standing = await standingOf(session, lost)
  const unsent = await unsentOf(session, isGathered ? [...won, ...lost] : lost)
  const seen = new Set<string>()
  const brought = new Map(firsts.map((one) => [one.outcome.id, one]))
  return endings.map((ending): Ended => {
    const { id } = ending.outcome
    const first = won.has(id) ? brought.get(id) : undefined
    const outcome = first?.outcome ?? standing.get(id)
    if (outcome === undefined) return { state: 'forgotten' }
    const isFirst = !seen.has(id)
    seen.add(id)
    const toSend = unsent.get(id) ?? (isGathered ? [] : (first?.callbacks ?? []))
    return { state: 'final', won: first !== undefined && isFirst, outcome, unsent: toSend }
  })
}

async function standingOf(
  session: Session,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredOutcome>> {
  if (ids.length === 0) return new Map()
  const rows = await session.run(
    `SELECT id, queue, code, content_type, body, attempts, accepted_at_ms, finished_at_ms
     FROM homing.messages WHERE id = ANY($1::text[]) AND code IS NOT NULL`,
    [ids],
  )
  return new Map(rows.map((row) => [row.id as string, outcomeFrom(row)]))
}

async function store(
  session: Session,
  endings: readonly Ending[],
  { winner, claimMs }: EndContext,
): Promise<{ won: ReadonlySet<string>; isGathered: boolean }> {
  const outcomes = endings.map(({ outcome }) => outcome)
  const dead = endings.flatMap(({ outcome, deadLetter }) =>
    deadLetter ? [{ id: outcome.id, ...storedMessage(deadLetter) }] : [],
  )
  const callbacks = endings.flatMap(({ outcome, callbacks: all = [] }) =>
    all.map((one) => ({ owner: outcome.id, ...one })),
  )
  const ids = outcomes.map(({ id }) => id)
  const keys = ids.map(forgottenKey)
  const [rows, , , [found]] = await Promise.all([
    session.run(endRows, [
      ids,
      outcomes.map(({ queue }) => queue),
      outcomes.map(({ acceptedAtMs }) => acceptedAtMs),
      outcomes.map(({ code }) => code),
      outcomes.map(({ finishedAtMs }) => finishedAtMs),
      outcomes.map(({ attempts }) => attempts),
      outcomes.map(({ contentType }) => contentType),
      outcomes.map(({ body }) => buffer(body)),
      keys,
      winner,
    ]),
    dead.length > 0 &&
      session.run(deadRows, [
        dead.map(({ id }) => id),
        dead.map(({ settings }) => settings),
        dead.map(({ body }) => buffer(body)),
        winner,
      ]),
    callbacks.length > 0 &&
      session.run(callbackRows, [
        callbacks.map(({ owner }) => owner),
        callbacks.map(({ queue }) => queue),
        callbacks.map(({ id }) => id),
        callbacks.map(({ contentType }) => contentType),
        callbacks.map(({ body }) => buffer(body)),
        winner,
        claimMs,
      ]),
    session.run(checks, [ids, keys, winner]),
  ])
  if (found?.forgotten === true) throw forgottenMeanwhile()
  const won = new Set(rows.map(({ id }) => id as string))
  return { won, isGathered: found?.gathered === true }
}

async function finishGathers(
  session: Session,
  won: readonly string[],
  { claimMs }: EndContext,
): Promise<void> {
  for (const row of await session.run(countDown, [won])) {
    if (row.remaining !== 0) continue
    const told: CallbackMessage = {
      id: row.told_id as string,
      queue: row.told_queue as string,
      contentType: row.told_content_type as string,
      body: row.told_body as Uint8Array,
    }
    await bring(session, told, { owner: row.owner as string, claimMs })
  }
}

/** Writes a callback message that the caller sends now, and others when it does not. */
export async function bring(
  session: Session,
  message: CallbackMessage,
  { owner, claimMs }: { readonly owner: string; readonly claimMs: number },
): Promise<void> {
  await session.run(
    `INSERT INTO homing.callback_messages (queue, id, owner, content_type, body, due_at_ms)
     VALUES ($1, $2, $3, $4, $5, homing.now_ms() + $6::float8) ON CONFLICT DO NOTHING`,
    [message.queue, message.id, owner, message.contentType, buffer(message.body), claimMs],
  )
}

function firstsById(endings: readonly Ending[]): Ending[] {
  const firsts = new Map<string, Ending>()
  for (const ending of endings)
    if (!firsts.has(ending.outcome.id)) firsts.set(ending.outcome.id, ending)
  return [...firsts.values()].sort((a, b) => byId(a.outcome, b.outcome))
}

/** The package writes a Buffer as bytea, whatever it is a view of. */
export const buffer = (bytes: Uint8Array): Buffer =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
