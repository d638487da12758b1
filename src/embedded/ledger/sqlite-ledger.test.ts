import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { Retention } from './ledger.ts'
import { fed, idsOf, t0 } from './ledger-case.ts'
import { testLedger } from './ledger-conformance.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'
import { openSqliteLedger } from './sqlite-ledger.ts'

const root = mkdtempSync(join(tmpdir(), 'homing-ledger-'))
after(() => rmSync(root, { recursive: true }))
const retention: Retention = { retainMs: 1e12, retainCount: 1e9 }
const newDirectory = (): string => mkdtempSync(join(root, 'd'))
const sourceOf = (file: string): string => JSON.stringify(new URL(file, import.meta.url))

testLedger({
  name: 'SQLite ledger',
  open: (kept) => openSqliteLedger(join(newDirectory(), 'ledger.sqlite'), { retention: kept }),
})

test('opening an empty directory makes no file until something is fed', async () => {
  const directory = newDirectory()
  const path = join(directory, 'ledger.sqlite')
  const ledger = await openSqliteLedger(path, { retention })
  assert.equal(ledger.find('a'), undefined)
  await ledger.close()
  assert.deepEqual(readdirSync(directory), [])
  assert.throws(() => ledger.find('a'), { code: 'closed' })
  await assert.rejects(ledger.forget(t0), { code: 'closed' })
})

test('a ledger opened again knows everything and takes nothing twice', async () => {
  const path = join(newDirectory(), 'ledger.sqlite')
  const feed = new LedgerFeed().outcome(outcomeOf('a')).dead('b').dead('c').drop(['b'])
  const all = feed.take()
  const first = await openSqliteLedger(path, { retention })
  first.feed(all)
  await first.close()
  await first.close()

  const second = await openSqliteLedger(path, { retention })
  assert.equal(second.openedAtLsn, 4)
  second.feed(all)
  await fed(second, feed.outcome(outcomeOf('d')))
  assert.deepEqual(idsOf(second.outcomes({})).sort(), ['a', 'b', 'c', 'd'])
  assert.deepEqual([...second.deadCounts()], [['work', 1]])
  assert.equal(await second.flushed(), 5)
  await second.close()
  assert.deepEqual(readdirSync(join(path, '..')), ['ledger.sqlite'])
})

test('what was forgotten stays forgotten when the ledger is opened again', async () => {
  const path = join(newDirectory(), 'ledger.sqlite')
  const one: Retention = { retainMs: 1e12, retainCount: 1 }
  const feed = new LedgerFeed().outcome(outcomeOf('a')).outcome(outcomeOf('b'))
  const first = await openSqliteLedger(path, { retention: one })
  await fed(first, feed)
  await first.forget(t0)
  await first.close()
  const second = await openSqliteLedger(path, { retention: one })
  await fed(second, feed.outcome(outcomeOf('a')).outcome(outcomeOf('c')))
  assert.deepEqual(second.find('a'), { state: 'forgotten' })
  await second.close()
})

test('the files of a ledger are nobody else’s business', async () => {
  const directory = newDirectory()
  const ledger = await openSqliteLedger(join(directory, 'ledger.sqlite'), { retention })
  await fed(ledger, new LedgerFeed().outcome(outcomeOf('a')))
  const files = readdirSync(directory)
  assert.deepEqual(files, ['ledger.sqlite', 'ledger.sqlite-shm', 'ledger.sqlite-wal'])
  for (const file of files) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file)
  await ledger.close()
})

test('bytes fed and not stored are counted, and no more', async () => {
  const ledger = await openSqliteLedger(join(newDirectory(), 'ledger.sqlite'), { retention })
  const feed = new LedgerFeed()
  let bytes = 0
  for (let n = 0; n < 100; n++) {
    for (let m = 0; m < 200; m++) feed.outcome(outcomeOf(`${n}.${m}`))
    const batch = feed.take()
    ledger.feed(batch)
    bytes += batch.events.length
    assert.equal(ledger.lagBytes(), bytes)
  }
  await fed(ledger, feed.outcome(outcomeOf('last')))
  assert.equal(ledger.lagBytes(), 0)
  assert.equal(ledger.outcomeCount(), 20_001)
  await ledger.close()
})

test('an outcome of many megabytes is stored like any other', async () => {
  const ledger = await openSqliteLedger(join(newDirectory(), 'ledger.sqlite'), { retention })
  const body = new Uint8Array(16 * 1024 * 1024).fill(7)
  await fed(ledger, new LedgerFeed().outcome(outcomeOf('a')).outcome(outcomeOf('big', { body })))
  const found = ledger.find('big')
  assert.ok(found?.state === 'final' && Buffer.compare(found.outcome.body, body) === 0)
  await ledger.close()
})

test('a write-ahead log that has grown large is emptied, and then grows again', async () => {
  const path = join(newDirectory(), 'ledger.sqlite')
  const walBytes = (): number => statSync(`${path}-wal`).size
  const ledger = await openSqliteLedger(path, { retention })
  const feed = new LedgerFeed()
  const body = new Uint8Array(17 * 1024 * 1024).fill(7)
  await fed(ledger, feed.outcome(outcomeOf('large', { body })))
  while (walBytes() > 0) await new Promise((resolve) => setTimeout(resolve, 5))
  // Were it not empty, every batch would be followed by a checkpoint.
  await fed(ledger, feed.outcome(outcomeOf('small')))
  await fed(ledger, feed.outcome(outcomeOf('another')))
  assert.ok(walBytes() > 0)
  assert.ok(ledger.find('large')?.state === 'final')
  await ledger.close()
})

test('totals agree with the rows after feeding, dropping and forgetting', async () => {
  const path = join(newDirectory(), 'ledger.sqlite')
  const kept: Retention = { retainMs: 1e12, retainCount: 50 }
  const ledger = await openSqliteLedger(path, { retention: kept })
  const feed = new LedgerFeed()
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 30; n++) {
      const id = `${round}.${n}`
      if (n % 3 === 0) feed.dead(id)
      else feed.outcome(outcomeOf(id, { queue: `q${n % 2}` }))
    }
    await fed(ledger, feed.drop([`${round}.3`, `${round}.6`]))
    await ledger.forget(t0)
  }
  const counts = new Map(ledger.deadCounts())
  await ledger.close()
  const db = new DatabaseSync(path)
  const one = (sql: string) => Object.values(db.prepare(sql).get() ?? {})[0]
  assert.equal(one('SELECT count(*) FROM outcome_rows'), 50)
  assert.equal(one('SELECT outcomes FROM state'), 50)
  assert.equal(one('SELECT sum(outcomes) FROM kinds'), 50)
  assert.equal(one('SELECT count(*) FROM kinds WHERE outcomes = 0'), 0)
  assert.equal(one('SELECT count(*) FROM forgotten_ids'), 100)
  assert.equal(one('SELECT forgotten FROM state'), 100)
  assert.equal(one('SELECT count(*) FROM dead_letters'), counts.get('work'))
  assert.equal(one('PRAGMA integrity_check'), 'ok')
  db.close()
})

test('every query of docs/ledger.md runs against a ledger', async () => {
  const path = join(newDirectory(), 'ledger.sqlite')
  const ledger = await openSqliteLedger(path, { retention })
  await fed(ledger, new LedgerFeed().outcome(outcomeOf('a')).dead('b'))
  await ledger.close()
  const text = readFileSync(new URL('../../../docs/ledger.md', import.meta.url), 'utf8')
  const queries = [...text.matchAll(/```sql\n(.*?)```/gs)].map((match) => String(match[1]))
  assert.ok(queries.length >= 4)
  const db = new DatabaseSync(path, { readOnly: true })
  for (const query of queries.flatMap((block) => block.split(/;\s*\n/)))
    if (query.trim() !== '') assert.ok(db.prepare(query).all(), query)
  const row = db.prepare("SELECT * FROM outcomes WHERE id = 'a'").get()
  assert.equal(row?.body, '{"id":"a"}')
  assert.equal(row?.finished_at, '2025-10-09T08:53:20.010Z')
  db.close()
})

test('the worker starts whatever options the process itself was started with', () => {
  const script = `
    import { openSqliteLedger } from ${sourceOf('./sqlite-ledger.ts')}
    import { LedgerFeed, outcomeOf } from ${sourceOf('./ledger-feed.ts')}
    const ledger = await openSqliteLedger(process.argv[1], { retention: { retainMs: 1, retainCount: 9 } })
    ledger.feed(new LedgerFeed().outcome(outcomeOf('a')).take())
    await ledger.close()
  `
  const path = join(newDirectory(), 'ledger.sqlite')
  const args = ['--input-type=module', '--title=homing', '-e', script, path]
  assert.equal(execFileSync(process.execPath, args, { encoding: 'utf8' }), '')
  assert.ok(statSync(path).size > 0)
})

test('a listener that throws does not stop the storing', () => {
  const script = `
    import { openSqliteLedger } from ${sourceOf('./sqlite-ledger.ts')}
    import { LedgerFeed, outcomeOf } from ${sourceOf('./ledger-feed.ts')}
    process.on('uncaughtException', (error) => console.log(error.message))
    const ledger = await openSqliteLedger(process.argv[1], { retention: { retainMs: 1, retainCount: 9 } })
    const feed = new LedgerFeed()
    ledger.onApplied((lsn) => {
      if (lsn === 1) {
        ledger.feed(feed.outcome(outcomeOf('b')).take())
        throw new Error('from the listener')
      }
    })
    const both = new Promise((resolve) => ledger.onApplied((lsn) => {
      console.log(lsn)
      if (lsn === 2) resolve()
    }))
    const alive = setInterval(() => {}, 1000)
    ledger.feed(feed.outcome(outcomeOf('a')).take())
    await both
    clearInterval(alive)
    await ledger.close()
  `
  const args = ['--input-type=module', '-e', script, join(newDirectory(), 'ledger.sqlite')]
  const said = execFileSync(process.execPath, args, { encoding: 'utf8' })
  assert.deepEqual(said.trim().split('\n'), ['from the listener', '1', '2'])
})

test('what the worker has just stored is found, whatever was asked in the step before', async () => {
  const path = join(newDirectory(), 'ledger.sqlite')
  const ledger = await openSqliteLedger(path, { retention })
  const feed = new LedgerFeed().outcome(outcomeOf('first'))
  await fed(ledger, feed)
  const found: boolean[] = []
  ledger.onApplied(() => found.push(ledger.find('second') !== undefined))
  assert.equal(ledger.find('second'), undefined)
  await fed(ledger, feed.outcome(outcomeOf('second')))
  assert.equal(ledger.find('second')?.state, 'final')
  assert.equal(found.at(-1), true)
  assert.equal(ledger.find('third'), undefined)
  assert.deepEqual(idsOf(ledger.outcomes({})).sort(), ['first', 'second'])
  // In the same step as a question: its snapshot goes with the connection.
  await ledger.close()
})
