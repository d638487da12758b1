/*
 * The SQLite file of the ledger, format 2. docs/ledger.md describes it for people.
 *
 *   outcome_rows   one row an outcome; seq rises in journal order
 *       │ kind                            indexes: id · (finished) · (kind, finished)
 *       ▼
 *   kinds          one row for each queue and code that occur together, and how many rows it has
 *   attempts       one row for each attempt that did not end its message, with what it threw
 *   dead_letters   whole messages that died, each with its error; counted per queue in dead_counts
 *   forgotten_ids  16 bytes for each id that retention removed (forgotten-key.ts)
 *   state          one row: up to which LSN the journal was taken over, and totals
 *   outcomes       a view for people: rows and kinds joined, bodies as text where they are text
 *
 * Rule: rows, totals and applied LSN change in one transaction, so after any crash they agree; what
 * is missing is fed again. Numbers instead of two texts a row make inserts a third cheaper, and one
 * index serves every list by queue, by code and by both, with the totals of `kinds` to plan by.
 * `failure` is what failures are grouped by: a line of the error, NULL for `ok`.
 *
 * Format 1 had neither attempts nor the columns behind `body`: `upgradeSchema` makes format 2 of it.
 */

/** 'Homg' in the file's header tells tools, and us, whose file it is. */
export const applicationId = 0x486f6d67
export const formatVersion = 2

/** What people are told of a message beside its outcome. */
const storyTables = `
  CREATE INDEX outcome_rows_by_parent ON outcome_rows (parent_id, finished_at_ms)
    WHERE parent_id IS NOT NULL;
  CREATE INDEX outcome_rows_by_replay ON outcome_rows (replay_of) WHERE replay_of IS NOT NULL;
  CREATE INDEX outcome_rows_by_failure ON outcome_rows (kind, finished_at_ms, failure)
    WHERE failure IS NOT NULL;
  CREATE INDEX outcome_rows_by_failed_time ON outcome_rows (finished_at_ms, kind, failure)
    WHERE failure IS NOT NULL;

  CREATE TABLE attempts (
    lsn INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    callback TEXT NOT NULL,
    number INTEGER NOT NULL,
    ended TEXT NOT NULL,
    delivered_at_ms REAL NOT NULL,
    ended_at_ms REAL NOT NULL,
    retry_at_ms REAL NOT NULL,
    consumer TEXT NOT NULL,
    code TEXT NOT NULL,
    error BLOB NOT NULL
  );
  CREATE INDEX attempts_by_id ON attempts (id);`

/** From format 1; in one transaction. */
export const upgradeSchema = `
  ALTER TABLE outcome_rows ADD COLUMN attempt_end INTEGER;
  ALTER TABLE outcome_rows ADD COLUMN delivered_at_ms REAL;
  ALTER TABLE outcome_rows ADD COLUMN consumer TEXT;
  ALTER TABLE outcome_rows ADD COLUMN parent_id TEXT;
  ALTER TABLE outcome_rows ADD COLUMN replay_of TEXT;
  ALTER TABLE outcome_rows ADD COLUMN callbacks TEXT;
  ALTER TABLE outcome_rows ADD COLUMN failure TEXT;
  UPDATE outcome_rows SET failure = substr(coalesce(
      CASE WHEN content_type = 'application/json' AND json_valid(CAST(body AS TEXT))
           THEN CAST(body AS TEXT) ->> '$.message' END, ''), 1, 200)
    WHERE kind IN (SELECT kind FROM kinds WHERE code <> 'ok');
  ${storyTables}
  PRAGMA user_version = ${formatVersion};`

export const createSchema = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = ${formatVersion};

  CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    applied_lsn REAL NOT NULL,
    outcomes INTEGER NOT NULL,
    forgotten INTEGER NOT NULL,
    flushes INTEGER NOT NULL
  );
  INSERT INTO state VALUES (1, 0, 0, 0, 0);

  CREATE TABLE kinds (
    kind INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    code TEXT NOT NULL,
    outcomes INTEGER NOT NULL,
    UNIQUE (queue, code)
  );

  CREATE TABLE outcome_rows (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind INTEGER NOT NULL REFERENCES kinds,
    finished_at_ms REAL NOT NULL,
    accepted_at_ms REAL NOT NULL,
    attempts INTEGER NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    attempt_end INTEGER,
    delivered_at_ms REAL,
    consumer TEXT,
    parent_id TEXT,
    replay_of TEXT,
    callbacks TEXT,
    failure TEXT
  );
  CREATE INDEX outcome_rows_by_time ON outcome_rows (finished_at_ms);
  CREATE INDEX outcome_rows_by_kind ON outcome_rows (kind, finished_at_ms);

  ${storyTables}

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
    id_chosen INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    routing_key TEXT NOT NULL,
    content_type TEXT NOT NULL,
    body BLOB NOT NULL,
    priority INTEGER NOT NULL,
    deadline_at_ms REAL,
    available_at_ms REAL,
    timeout_ms REAL,
    attempts_max INTEGER NOT NULL,
    meta TEXT
  );
  CREATE INDEX dead_letters_by_time ON dead_letters (died_at_ms);
  CREATE INDEX dead_letters_by_queue ON dead_letters (queue, died_at_ms);

  CREATE TABLE dead_counts (
    queue TEXT PRIMARY KEY,
    count INTEGER NOT NULL
  ) WITHOUT ROWID;

  CREATE TABLE forgotten_ids (key BLOB PRIMARY KEY) WITHOUT ROWID;

  CREATE VIEW outcomes AS
  SELECT
    o.id, k.queue, k.code, o.attempts, o.content_type,
    iif(o.content_type = 'application/json' OR o.content_type LIKE 'text/%',
        CAST(o.body AS TEXT), o.body) AS body,
    strftime('%Y-%m-%dT%H:%M:%fZ', o.accepted_at_ms / 1000.0, 'unixepoch') AS accepted_at,
    strftime('%Y-%m-%dT%H:%M:%fZ', o.finished_at_ms / 1000.0, 'unixepoch') AS finished_at,
    o.accepted_at_ms, o.finished_at_ms
  FROM outcome_rows AS o JOIN kinds AS k ON k.kind = o.kind;
`
