/*
 * The SQLite file of a shared ledger, format 1. docs/shared-ledger.md describes it for people.
 *
 *   messages           one row an id, with its outcome once it has one (code IS NOT NULL): so an id
 *                      can never be pending and final, nor have two outcomes
 *   dead_letters       whole messages that died; seq is that of the message
 *   callback_messages  on their way to a callback; gone once they are sent
 *   replays            new messages in place of dead letters; gone once they are published
 *   gathers            how many members have no outcome yet, and what is sent when none is left
 *   gather_members     the members without an outcome
 *   forgotten_ids      16 bytes for each id that retention removed
 *   outcomes           a view for people
 *
 * Partial indexes: the ordinary outcome costs one entry by time and one by queue, a failure one more.
 */

/** 'Homs' in the file's header tells tools, and us, whose file it is. */
export const applicationId = 0x486f6d73
export const formatVersion = 1

export const createSharedSchema = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};

  CREATE TABLE messages (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    accepted_at_ms REAL NOT NULL,
    deadline_at_ms REAL NOT NULL,
    callbacks TEXT,
    confirmed INTEGER NOT NULL,
    claim TEXT,
    claimed_until_ms REAL,
    code TEXT,
    finished_at_ms REAL,
    attempts INTEGER,
    content_type TEXT,
    body BLOB
  );
  CREATE INDEX pending_by_deadline ON messages (deadline_at_ms, queue, confirmed) WHERE code IS NULL;
  CREATE INDEX outcomes_by_time ON messages (finished_at_ms) WHERE code IS NOT NULL;
  CREATE INDEX outcomes_by_queue ON messages (queue, finished_at_ms) WHERE code IS NOT NULL;
  CREATE INDEX failures_by_time ON messages (finished_at_ms) WHERE code <> 'ok';

  CREATE TABLE dead_letters (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    reason TEXT NOT NULL,
    died_at_ms REAL NOT NULL,
    accepted_at_ms REAL NOT NULL,
    attempts INTEGER NOT NULL,
    error_content_type TEXT NOT NULL,
    error BLOB NOT NULL,
    settings TEXT NOT NULL,
    body BLOB NOT NULL
  );
  CREATE INDEX dead_letters_by_time ON dead_letters (died_at_ms);
  CREATE INDEX dead_letters_by_queue ON dead_letters (queue, died_at_ms);

  CREATE TABLE callback_messages (
    queue TEXT NOT NULL,
    id TEXT NOT NULL,
    owner TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    due_at_ms REAL NOT NULL,
    PRIMARY KEY (queue, id)
  );
  CREATE INDEX callback_messages_by_owner ON callback_messages (owner);
  CREATE INDEX callback_messages_by_due ON callback_messages (due_at_ms);

  CREATE TABLE replays (
    id TEXT PRIMARY KEY,
    settings TEXT NOT NULL,
    body BLOB NOT NULL,
    due_at_ms REAL NOT NULL
  );
  CREATE INDEX replays_by_due ON replays (due_at_ms);

  CREATE TABLE gathers (
    id TEXT PRIMARY KEY,
    remaining INTEGER NOT NULL,
    changed_at_ms REAL NOT NULL,
    told_queue TEXT NOT NULL,
    told_id TEXT NOT NULL,
    told_content_type TEXT NOT NULL,
    told_body BLOB NOT NULL
  );
  CREATE INDEX gathers_over ON gathers (changed_at_ms) WHERE remaining = 0;

  CREATE TABLE gather_members (
    member_id TEXT NOT NULL,
    gather_id TEXT NOT NULL,
    PRIMARY KEY (member_id, gather_id)
  ) WITHOUT ROWID;

  CREATE TABLE forgotten_ids (key BLOB PRIMARY KEY) WITHOUT ROWID;

  CREATE VIEW outcomes AS
  SELECT
    id, queue, code, attempts, content_type,
    iif(content_type = 'application/json' OR content_type LIKE 'text/%',
        CAST(body AS TEXT), body) AS body,
    strftime('%Y-%m-%dT%H:%M:%fZ', accepted_at_ms / 1000.0, 'unixepoch') AS accepted_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', finished_at_ms / 1000.0, 'unixepoch') AS finished_at,
    accepted_at_ms, finished_at_ms
  FROM messages WHERE code IS NOT NULL;
`
