import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import { fed, idsOf, t0 } from './ledger-case.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'
import { applicationId, formatVersion } from './ledger-schema.ts'
import { openSqliteLedger } from './sqlite-ledger.ts'

const root = mkdtempSync(join(tmpdir(), 'homing-format-'))
after(() => rmSync(root, { recursive: true }))
const retention = { retainMs: 1e12, retainCount: 1e9 }

/** What the first version of Homing made. */
const format1 = `
  PRAGMA application_id = ${applicationId};
  PRAGMA user_version = 1;

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
    body BLOB NOT NULL
  );
  CREATE INDEX outcome_rows_by_time ON outcome_rows (finished_at_ms);
  CREATE INDEX outcome_rows_by_kind ON outcome_rows (kind, finished_at_ms);

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

function makeFormat1(path: string): void {
  const db = new DatabaseSync(path)
  db.exec(`PRAGMA journal_mode = WAL; ${format1}`)
  db.exec(`INSERT INTO kinds VALUES (1, 'work', 'ok', 1), (2, 'work', 'thrown', 2);
    INSERT INTO outcome_rows VALUES (1, 'a', 1, ${t0}, ${t0}, 1, 'application/json', '{"message":"no"}'),
      (2, 'b', 2, ${t0 + 1}, ${t0}, 3, 'application/json', CAST('{"name":"E","message":"it broke"}' AS BLOB)),
      (3, 'c', 2, ${t0 + 2}, ${t0}, 3, 'application/json', CAST('no JSON' AS BLOB));
    UPDATE state SET applied_lsn = 3, outcomes = 3`)
  db.close()
}

const openLedger = (path: string) => openSqliteLedger(path, { retention })

test('a ledger of format 1 becomes one of format 2 with all that is in it, and goes on', async () => {
  const path = join(root, 'a.sqlite')
  makeFormat1(path)
  const ledger = await openLedger(path)
  assert.equal(ledger.openedAtLsn, 3)
  assert.deepEqual(idsOf(ledger.outcomes({})), ['c', 'b', 'a'])
  assert.deepEqual(
    ledger.failures({}).groups.map(({ message, count }) => [message, count]),
    [
      ['', 1],
      ['it broke', 1],
    ],
  )
  assert.deepEqual(ledger.story('b').attempts, [])
  assert.equal(ledger.story('b').lastAttempt, undefined)
  await fed(ledger, new LedgerFeed(4).told(outcomeOf('d'), { ...nothing, parentId: 'b' }))
  assert.deepEqual(ledger.story('b').childIds, ['d'])
  await ledger.close()
  const db = new DatabaseSync(path, { readOnly: true })
  assert.equal(db.prepare('PRAGMA user_version').get()?.user_version, formatVersion)
  db.close()
})

const nothing = { attempt: undefined, parentId: undefined, replayOf: undefined }

test('an upgrade that is cut off leaves format 1, and the next start makes it good', async () => {
  const path = join(root, 'b.sqlite')
  makeFormat1(path)
  const db = new DatabaseSync(path)
  db.exec(`BEGIN IMMEDIATE; ALTER TABLE outcome_rows ADD COLUMN attempt_end INTEGER`)
  db.close()
  assert.equal(existsSync(`${path}-journal`), false)
  const ledger = await openLedger(path)
  assert.deepEqual(idsOf(ledger.outcomes({})), ['c', 'b', 'a'])
  await ledger.close()
})
