/*
 * Rows of one SQLite database are copied into another: every change arrives, and counts once.
 *
 *   source.db ── trigger ──▶ change_log ── change N has the id `change:N` ──▶ queue ──▶ copy.db
 *
 * Three things together make "exactly once" out of "at least once":
 *  - the sender gives each change its own id, so shipping it twice is shipping it once
 *  - the handler writes the row and the change's number in one transaction, and looks first
 *  - a row carries the number of its last change: retries may overtake, an older change never wins
 *
 * Run it twice:  npx node examples/replicate-rows.ts [where]
 */

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { z } from 'zod'
import { homing, queue } from '../src/index.ts'

const where = process.argv[2] ?? './data/replicate-rows'
mkdirSync(where, { recursive: true })

const change = queue('change', {
  input: z.object({
    number: z.int(),
    id: z.int(),
    row: z.object({ name: z.string(), city: z.string() }).nullable(), // null: the row was deleted
  }),
  output: z.enum(['applied', 'known', 'overtaken']),
  retry: { attempts: 10, backoff: '5ms' },
})

const source = openSource(join(where, 'source.db'))
const copy = openCopy(join(where, 'copy.db'))

await using home = await homing(join(where, 'queue'))

let crashes = 0
home.consume(
  change,
  ({ input, attempt }) => {
    const result = apply(input)
    // The worst moment to fail: committed, but not yet answered. The change is delivered again.
    if (input.number % 10 === 0 && attempt === 1) {
      crashes++
      throw new Error('crashed after the commit')
    }
    return result
  },
  { concurrency: 4 },
)

changeSomething()

// Ship what was not shipped, and a little more: as a shipper does that was killed before it noted down
// how far it had come.
const from = Number(copy.prepare('SELECT shipped FROM progress').get()?.shipped)
const changes = changesSince(Math.max(0, from - 50))
const receipts = await home.sendMany(change, changes, {
  ids: changes.map(({ number }) => `change:${number}`),
})
copy.prepare('UPDATE progress SET shipped = ?').run(changes.at(-1)?.number ?? from)
const known = receipts.filter((receipt) => receipt.duplicate).length
console.log(`${receipts.length} changes shipped, ${known} of them were known already`)

const results = await Promise.all(receipts.map((receipt) => receipt.result()))
const count = (what: string): number => results.filter((result) => result === what).length
console.log(`${crashes} crashed after their commit and were found to be known when they came again`)
console.log(`${count('applied')} applied, ${count('known')} known, ${count('overtaken')} overtaken`)

const rows = 'SELECT id, name, city FROM customer ORDER BY id'
assert.deepEqual(copy.prepare(rows).all(), source.prepare(rows).all())
console.log(`both databases hold the same ${source.prepare(rows).all().length} rows`)

function apply({ number, id, row }: { number: number; id: number; row: object | null }) {
  copy.exec('BEGIN IMMEDIATE')
  try {
    const fresh = copy.prepare('INSERT OR IGNORE INTO applied VALUES (?)').run(number).changes
    const last = copy.prepare('SELECT number FROM version WHERE id = ?').get(id)?.number ?? 0
    const result = fresh === 0 ? 'known' : Number(last) > number ? 'overtaken' : 'applied'
    if (result === 'applied') {
      copy.prepare('INSERT OR REPLACE INTO version VALUES (?, ?)').run(id, number)
      const { name, city } = (row ?? {}) as { name?: string; city?: string }
      if (row === null) copy.prepare('DELETE FROM customer WHERE id = ?').run(id)
      else
        copy
          .prepare('INSERT OR REPLACE INTO customer VALUES (?, ?, ?)')
          .run(id, name ?? '', city ?? '')
    }
    copy.exec('COMMIT')
    return result
  } catch (error) {
    copy.exec('ROLLBACK')
    throw error
  }
}

function openSource(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  const log = (row: string) => `INSERT INTO change_log (id, row) VALUES (${row});`
  const json = "json_object('name', new.name, 'city', new.city)"
  db.exec(`
    CREATE TABLE IF NOT EXISTS customer (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
    CREATE TABLE IF NOT EXISTS change_log (number INTEGER PRIMARY KEY AUTOINCREMENT, id INT, row TEXT);
    CREATE TRIGGER IF NOT EXISTS ins AFTER INSERT ON customer BEGIN ${log(`new.id, ${json}`)} END;
    CREATE TRIGGER IF NOT EXISTS upd AFTER UPDATE ON customer BEGIN ${log(`new.id, ${json}`)} END;
    CREATE TRIGGER IF NOT EXISTS del AFTER DELETE ON customer BEGIN ${log('old.id, NULL')} END;
  `)
  return db
}

function openCopy(path: string): DatabaseSync {
  const db = new DatabaseSync(path)
  db.exec(`
    CREATE TABLE IF NOT EXISTS customer (id INTEGER PRIMARY KEY, name TEXT, city TEXT);
    CREATE TABLE IF NOT EXISTS version (id INTEGER PRIMARY KEY, number INT);
    CREATE TABLE IF NOT EXISTS applied (number INTEGER PRIMARY KEY);
    CREATE TABLE IF NOT EXISTS progress (one INTEGER PRIMARY KEY, shipped INT);
    INSERT OR IGNORE INTO progress VALUES (1, 0);
  `)
  return db
}

/** Two hundred rows come, some move, some go. */
function changeSomething(): void {
  const insert = source.prepare('INSERT INTO customer (name, city) VALUES (?, ?)')
  source.exec('BEGIN')
  for (let n = 0; n < 200; n++) insert.run(`customer ${n}`, n % 2 === 0 ? 'Graz' : 'Linz')
  source.exec("UPDATE customer SET city = 'Wien' WHERE id % 3 = 0")
  source.exec('DELETE FROM customer WHERE id % 20 = 0')
  source.exec('COMMIT')
}

function changesSince(number: number) {
  return source
    .prepare('SELECT number, id, row FROM change_log WHERE number > ? ORDER BY number')
    .all(number)
    .map(({ number, id, row }) => ({
      number: Number(number),
      id: Number(id),
      row: row === null ? null : (JSON.parse(String(row)) as { name: string; city: string }),
    }))
}
