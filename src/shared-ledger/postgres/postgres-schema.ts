/*
 * The schema of a shared ledger in PostgreSQL. docs/shared-ledger.md describes it for people; the
 * tables are those of the SQLite file (sqlite/shared-schema.ts).
 *
 *   homing.format   one row: how many of the steps below have been taken
 *
 * Rule: a step that was once released is never changed; a new format is a further step. All steps that
 * are missing are taken in one transaction under an advisory lock, so that of many processes that start
 * at once one makes the schema and the others find it.
 *
 * Times are milliseconds as in the port. Claims are judged by the server's clock, one for all.
 */

import { HomingError } from '../../errors.ts'
import type { Session } from './session.ts'

/** 'homing' in ASCII: no other program's locks. */
const migrationLock = '0x686f6d696e67'
export const forgetLock = '0x686f6d696e68'

const steps: readonly string[] = [
  `
  CREATE TABLE homing.messages (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    queue text COLLATE "C" NOT NULL,
    accepted_at_ms float8 NOT NULL,
    deadline_at_ms float8 NOT NULL,
    callbacks text,
    confirmed boolean NOT NULL,
    claim uuid,
    claimed_until_ms float8,
    code text COLLATE "C",
    finished_at_ms float8,
    attempts integer,
    content_type text,
    body bytea,
    winner bigint
  );
  CREATE INDEX pending_by_deadline ON homing.messages (deadline_at_ms, queue) WHERE code IS NULL;
  CREATE INDEX outcomes_by_time ON homing.messages (finished_at_ms, seq) WHERE code IS NOT NULL;
  CREATE INDEX outcomes_by_queue ON homing.messages (queue, finished_at_ms, seq)
    WHERE code IS NOT NULL;
  CREATE INDEX failures_by_time ON homing.messages (finished_at_ms, seq) WHERE code <> 'ok';

  CREATE TABLE homing.dead_letters (
    seq bigint PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    queue text COLLATE "C" NOT NULL,
    reason text NOT NULL,
    died_at_ms float8 NOT NULL,
    accepted_at_ms float8 NOT NULL,
    attempts integer NOT NULL,
    error_content_type text NOT NULL,
    error bytea NOT NULL,
    settings text NOT NULL,
    body bytea NOT NULL
  );
  CREATE INDEX dead_letters_by_time ON homing.dead_letters (died_at_ms, seq);
  CREATE INDEX dead_letters_by_queue ON homing.dead_letters (queue, died_at_ms, seq);

  CREATE TABLE homing.callback_messages (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    queue text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    owner text COLLATE "C" NOT NULL,
    content_type text NOT NULL,
    body bytea NOT NULL,
    due_at_ms float8 NOT NULL,
    PRIMARY KEY (queue, id)
  );
  CREATE INDEX callback_messages_by_owner ON homing.callback_messages (owner);
  CREATE INDEX callback_messages_by_due ON homing.callback_messages (due_at_ms);

  CREATE TABLE homing.replays (
    id text COLLATE "C" PRIMARY KEY,
    settings text NOT NULL,
    body bytea NOT NULL,
    due_at_ms float8 NOT NULL
  );
  CREATE INDEX replays_by_due ON homing.replays (due_at_ms);

  CREATE TABLE homing.gathers (
    id text COLLATE "C" PRIMARY KEY,
    remaining integer NOT NULL,
    changed_at_ms float8 NOT NULL,
    told_queue text NOT NULL,
    told_id text NOT NULL,
    told_content_type text NOT NULL,
    told_body bytea NOT NULL
  );
  CREATE INDEX gathers_over ON homing.gathers (changed_at_ms) WHERE remaining = 0;

  CREATE TABLE homing.gather_members (
    member_id text COLLATE "C" NOT NULL,
    gather_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (member_id, gather_id)
  );

  CREATE TABLE homing.forgotten_ids (key bytea PRIMARY KEY);

  CREATE FUNCTION homing.now_ms() RETURNS float8 LANGUAGE sql STABLE AS
    $$ SELECT (extract(epoch FROM statement_timestamp()) * 1000)::float8 $$;

  CREATE VIEW homing.outcomes AS
  SELECT id, queue, code, attempts, content_type, body,
    to_timestamp(accepted_at_ms / 1000) AS accepted_at,
    to_timestamp(finished_at_ms / 1000) AS finished_at
  FROM homing.messages WHERE code IS NOT NULL;
  `,
]

/** Whether there is nothing to make. */
export const isCurrent = async (session: Session): Promise<boolean> =>
  (await formatOf(session)) === steps.length

/**
 * Makes the schema, or what it lacks. Fails with `format-unknown` when it is newer. In a transaction
 * of its own: what one has looked up before it waits for the lock, PostgreSQL remembers as missing.
 */
export async function migrate(session: Session, where: string): Promise<void> {
  await session.query(`SELECT pg_advisory_xact_lock(x'${migrationLock.slice(2)}'::bigint)`)
  const format = await formatOf(session)
  if (format > steps.length)
    throw new HomingError(
      'format-unknown',
      `the ledger at ${where} has format ${format}, this Homing writes format ${steps.length}; use the version of Homing that wrote it, or a newer one`,
    )
  if (format === 0)
    await session.query(`CREATE SCHEMA IF NOT EXISTS homing;
      CREATE TABLE homing.format (steps integer NOT NULL);
      INSERT INTO homing.format VALUES (0)`)
  for (const step of steps.slice(format)) await session.query(step)
  await session.query(`UPDATE homing.format SET steps = ${steps.length}`)
}

/** Reads the catalogue and not the name, which would be remembered. */
async function formatOf(session: Session): Promise<number> {
  const found = await session.query(
    "SELECT 1 FROM pg_catalog.pg_tables WHERE schemaname = 'homing' AND tablename = 'format'",
  )
  if (found.length === 0) return 0
  const [row] = await session.query('SELECT steps FROM homing.format')
  return Number(row?.steps ?? 0)
}
