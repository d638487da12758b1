import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, test } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { ByteWriter } from '../../bytes.ts'
import { HomingError } from '../../errors.ts'
import type { LedgerBatch, Retention } from './ledger.ts'
import { codeOf, fed } from './ledger-case.ts'
import { outcomeKind, writeLedgerEvent } from './ledger-event.ts'
import { LedgerFeed, outcomeOf } from './ledger-feed.ts'
import { openSqliteLedger, type SqliteLedger } from './sqlite-ledger.ts'

const root = mkdtempSync(join(tmpdir(), 'homing-ledger-'))
after(() => rmSync(root, { recursive: true }))
const retention: Retention = { retainMs: 1e12, retainCount: 1e9 }
const newPath = (): string => join(mkdtempSync(join(root, 'd')), 'ledger.sqlite')
const filesBeside = (path: string): string[] => readdirSync(join(path, '..'))

const run = (command: string, args: readonly string[]): void =>
  void execFileSync(command, args, { stdio: 'ignore' })

/** A ledger and what it told. */
interface Opened {
  readonly ledger: SqliteLedger
  readonly damaged: string[]
  readonly failed: HomingError[]
  readonly stalled: HomingError[]
}

async function open(path: string, patienceMs = 200): Promise<Opened> {
  const damaged: string[] = []
  const failed: HomingError[] = []
  const stalled: HomingError[] = []
  const ledger = await openSqliteLedger(path, {
    retention,
    patienceMs,
    onDamaged: (text) => damaged.push(text),
    onFailed: (error) => failed.push(error),
    onStalled: (error) => stalled.push(error),
  })
  return { ledger, damaged, failed, stalled }
}

async function makeLedger(path: string, outcomes: number): Promise<LedgerBatch> {
  const feed = new LedgerFeed()
  for (let n = 1; n <= outcomes; n++) feed.outcome(outcomeOf(`id${n}`))
  const batch = feed.take()
  const { ledger } = await open(path)
  ledger.feed(batch)
  await ledger.close()
  return batch
}

/** Looks again every few milliseconds, for as long as the test may take. */
async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5))
}

const damages: Readonly<Record<string, (path: string) => void>> = {
  'a file that is no database': (path) => writeFileSync(path, 'not a database'.repeat(1000)),
  'a file cut short': (path) => truncateSync(path, statSync(path).size - 8192),
  'a file cut within its first page': (path) => truncateSync(path, 1000),
  'zeros at both ends': (path) => {
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0, 4096, 3 * 4096).fill(0, bytes.length - 4096))
  },
  'a file that lacks a table': (path) => {
    const db = new DatabaseSync(path)
    db.exec('DROP TABLE dead_letters')
    db.close()
  },
}

for (const [damage, inflict] of Object.entries(damages))
  test(`${damage} is moved aside, told, and filled again`, async () => {
    const path = newPath()
    const batch = await makeLedger(path, 500)
    inflict(path)
    const bytes = readFileSync(path)
    const { ledger, damaged } = await open(path)
    assert.equal(damaged.length, 1)
    assert.match(damaged[0] ?? '', /ledger\.sqlite is damaged .*ledger\.damaged-1\.sqlite/)
    assert.equal(ledger.openedAtLsn, 0)
    assert.equal(ledger.find('id1'), undefined)
    ledger.feed(batch)
    await ledger.close()
    assert.ok(readFileSync(join(path, '..', 'ledger.damaged-1.sqlite')).equals(bytes))
    const again = await open(path)
    assert.equal(again.ledger.openedAtLsn, 500)
    assert.deepEqual(again.damaged, [])
    await again.ledger.close()
  })

test('a second damaged file stands beside the first, with what belongs to it', async () => {
  const path = newPath()
  for (let n = 0; n < 2; n++) {
    writeFileSync(path, 'x'.repeat(5000))
    writeFileSync(`${path}-wal`, 'w')
    const { ledger, damaged } = await open(path)
    assert.equal(damaged.length, 1)
    await ledger.close()
  }
  const expected = ['1', '2'].flatMap((n) => ['', '-shm', '-wal'].map((end) => `${n}.sqlite${end}`))
  assert.deepEqual(
    filesBeside(path),
    expected.map((name) => `ledger.damaged-${name}`),
  )
})

test('a ledger of a newer format is refused by name and left alone', async () => {
  const path = newPath()
  await makeLedger(path, 1)
  const db = new DatabaseSync(path)
  db.exec('PRAGMA user_version = 9; DROP TABLE dead_counts')
  db.close()
  const bytes = readFileSync(path)
  await assert.rejects(open(path), (error) => {
    assert.ok(error instanceof HomingError)
    assert.equal(error.code, 'format-unknown')
    assert.match(error.message, /format 9.*format 2/)
    return true
  })
  assert.ok(readFileSync(path).equals(bytes))
})

test('another program’s database is refused and left alone', async () => {
  const path = newPath()
  const db = new DatabaseSync(path)
  db.exec('CREATE TABLE theirs (a)')
  db.close()
  await assert.rejects(open(path), { code: 'format-unknown', message: /another program/ })
  assert.deepEqual(filesBeside(path), ['ledger.sqlite'])
})

test('an empty file, as a crash leaves it while making one, becomes a ledger', async () => {
  const path = newPath()
  writeFileSync(path, '')
  const { ledger, damaged } = await open(path)
  await fed(ledger, new LedgerFeed().outcome(outcomeOf('a')))
  assert.equal(codeOf(ledger, 'a'), 'ok')
  assert.deepEqual(damaged, [])
  await ledger.close()
})

test('a kill while the file itself is changed leaves a ledger that opens', async () => {
  const path = newPath()
  await makeLedger(path, 500)
  const script = `
    const { DatabaseSync } = require('node:sqlite')
    const db = new DatabaseSync(process.argv[1])
    db.exec('PRAGMA journal_mode = DELETE; PRAGMA cache_size = 1; PRAGMA cache_spill = 1; BEGIN')
    db.exec("UPDATE outcome_rows SET body = 'changed'")
    process.kill(process.pid, 'SIGKILL')
  `
  assert.throws(() => run(process.execPath, ['-e', script, path]))
  assert.ok(existsSync(`${path}-journal`))
  const { ledger, damaged } = await open(path)
  assert.deepEqual(damaged, [])
  assert.equal(ledger.openedAtLsn, 500)
  const found = ledger.find('id7')
  assert.ok(found?.state === 'final' && String(found.outcome.body) !== 'changed')
  await fed(ledger, new LedgerFeed(501).outcome(outcomeOf('a')))
  await ledger.close()
})

test('a ledger locked by another program opens once it is free, or says what to do', async () => {
  const path = newPath()
  await makeLedger(path, 1)
  const other = new DatabaseSync(path)
  other.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; UPDATE state SET flushes = 0')
  await assert.rejects(open(path, 60), {
    code: 'ledger-unavailable',
    message: /locked by another program.*close what has it open/,
  })
  const opening = open(path, 60_000)
  await new Promise((resolve) => setTimeout(resolve, 20))
  other.close()
  const { ledger } = await opening
  assert.equal(ledger.openedAtLsn, 1)
  await ledger.close()
})

test('a lock taken while running makes outcomes wait, reading goes on', async () => {
  const path = newPath()
  await makeLedger(path, 1)
  const { ledger, stalled, failed } = await open(path)
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const feed = new LedgerFeed(2)
  ledger.feed(feed.outcome(outcomeOf('a')).take())
  const lag = ledger.lagBytes()
  await until(() => stalled.length > 0)
  ledger.feed(feed.outcome(outcomeOf('b')).take())
  assert.ok(ledger.lagBytes() > lag && lag > 0)
  assert.equal(codeOf(ledger, 'id1'), 'ok')
  assert.equal(ledger.find('a'), undefined)
  assert.equal(await ledger.flushed(), 0)
  await assert.rejects(ledger.forget(0), { code: 'ledger-unavailable' })
  other.exec('COMMIT')
  await until(() => ledger.lagBytes() === 0)
  assert.equal(codeOf(ledger, 'b'), 'ok')
  assert.equal(await ledger.flushed(), 3)
  assert.equal(stalled.length, 1)
  assert.deepEqual(failed, [])
  other.close()
  await ledger.close()
})

test('closing while it is locked gives up with the reason, and what waits can be fed again', async () => {
  const path = newPath()
  await makeLedger(path, 1)
  const { ledger, stalled } = await open(path, 50)
  const other = new DatabaseSync(path)
  other.exec('BEGIN IMMEDIATE')
  const batch = new LedgerFeed(2).outcome(outcomeOf('a')).take()
  ledger.feed(batch)
  await until(() => stalled.length > 0)
  await assert.rejects(ledger.close(), { code: 'ledger-unavailable' })
  other.close()
  const again = await open(path)
  assert.equal(again.ledger.openedAtLsn, 1)
  again.ledger.feed(batch)
  await again.ledger.close()
})

test('damage met while reading is told once, and the next start moves the file aside', async () => {
  const path = newPath()
  const batch = await makeLedger(path, 5_000)
  const { ledger, failed } = await open(path)
  assert.equal(codeOf(ledger, 'id1'), 'ok')
  overwriteMiddle(path)
  for (const id of ['id2500', 'id2600'])
    assert.throws(() => ledger.find(id), { code: 'ledger-unavailable', message: /damaged/ })
  await until(() => failed.length > 0)
  assert.match(failed[0]?.message ?? '', /restart, and it is moved aside/)
  ledger.feed(new LedgerFeed(5_001).outcome(outcomeOf('a')).take())
  assert.ok(ledger.lagBytes() > 0)
  await assert.rejects(ledger.close(), { code: 'ledger-unavailable' })
  assert.equal(failed.length, 1)

  const again = await open(path)
  assert.match(again.damaged.join(), /found while running: .*malformed/)
  assert.equal(again.ledger.openedAtLsn, 0)
  again.ledger.feed(batch)
  await again.ledger.close()
  assert.deepEqual(
    filesBeside(path).filter((file) => !file.includes('-')),
    ['ledger.sqlite'],
  )
  assert.ok(existsSync(join(path, '..', 'ledger.damaged-1.sqlite')))
})

test('damage met while storing is told once, and the next start moves the file aside', async () => {
  const path = newPath()
  await makeLedger(path, 5_000)
  overwriteMiddle(path)
  const { ledger, failed } = await open(path)
  const feed = new LedgerFeed(5_001)
  for (let n = 0; n < 5_000; n++) feed.outcome(outcomeOf(`id${n}x`))
  ledger.feed(feed.take())
  await until(() => failed.length > 0)
  assert.equal(failed[0]?.code, 'ledger-unavailable')
  await assert.rejects(ledger.close(), { code: 'ledger-unavailable' })
  const again = await open(path)
  assert.equal(again.damaged.length, 1)
  await again.ledger.close()
})

test('a worker that dies is told once; feeding goes on without a throw', async () => {
  const path = newPath()
  await makeLedger(path, 1)
  const { ledger, failed } = await open(path)
  const started = new Promise<Worker>((resolve) => process.once('worker', resolve))
  const feed = new LedgerFeed(2)
  ledger.feed(feed.outcome(outcomeOf('a')).take())
  await (await started).terminate()
  await until(() => failed.length > 0)
  assert.match(failed[0]?.message ?? '', /worker thread .* stopped/)
  ledger.feed(feed.outcome(outcomeOf('b')).take())
  assert.ok(ledger.lagBytes() > 0)
  assert.equal(codeOf(ledger, 'id1'), 'ok')
  assert.equal(await ledger.flushed(), 0)
  await assert.rejects(ledger.forget(0), { code: 'ledger-unavailable' })
  await assert.rejects(ledger.close(), { code: 'ledger-unavailable' })
  assert.equal(failed.length, 1)
})

test('an event that cannot be read is told, and stored is what came before it', async () => {
  const path = newPath()
  await makeLedger(path, 1)
  const { ledger, failed } = await open(path)
  const writer = new ByteWriter(64)
  writeLedgerEvent(writer, 2, outcomeKind, new Uint8Array(10))
  ledger.feed({ events: writer.taken(), lastLsn: 2 })
  await until(() => failed.length > 0)
  assert.equal(failed[0]?.code, 'ledger-unavailable')
  await assert.rejects(ledger.close())
  const again = await open(path)
  assert.equal(again.ledger.openedAtLsn, 1)
  await again.ledger.close()
})

test('a directory that is not there, or not writable, is named', async (t) => {
  await assert.rejects(open(join(root, 'none', 'ledger.sqlite')), {
    code: 'ledger-unavailable',
    message: /none of the ledger does not exist/,
  })
  if (process.getuid?.() !== 0) return t.skip('needs root, to become another user')
  const path = newPath()
  await makeLedger(path, 1)
  const script = `
    import { openSqliteLedger } from ${JSON.stringify(new URL('./sqlite-ledger.ts', import.meta.url))}
    process.setuid(65534)
    const options = { retention: { retainMs: 1, retainCount: 1 } }
    await openSqliteLedger(process.argv[1], options).catch((e) => console.log(e.code, e.message))
  `
  const args = ['--input-type=module', '-e', script, path]
  const said = execFileSync(process.execPath, args, { encoding: 'utf8' })
  assert.match(
    said,
    /^not-permitted .*cannot be read and written by user id 65534.*make .* writable/,
  )
})

test('a full disk makes outcomes wait, reading goes on, and room lets them in', async (t) => {
  const mount = mkdtempSync(join(root, 'm'))
  try {
    run('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', mount])
  } catch {
    return t.skip('needs the right to mount a small file system')
  }
  t.after(() => run('umount', ['-l', mount]))
  const { ledger, stalled, failed } = await open(join(mount, 'ledger.sqlite'))
  const feed = new LedgerFeed()
  await fed(ledger, feed.outcome(outcomeOf('first')))
  const body = new Uint8Array(4_000)
  for (let n = 0; n < 1_000; n++) feed.outcome(outcomeOf(`n${n}`, { body }))
  ledger.feed(feed.take())
  await until(() => stalled.length > 0)
  assert.equal(stalled[0]?.code, 'disk-full')
  assert.match(stalled[0]?.message ?? '', /make room/)
  assert.equal(codeOf(ledger, 'first'), 'ok')
  assert.ok(ledger.lagBytes() > 4_000_000)
  run('mount', ['-o', 'remount,size=64m', mount])
  await until(() => ledger.lagBytes() === 0)
  assert.equal(ledger.outcomeCount(), 1_001)
  assert.equal(await ledger.flushed(), 1_001)
  assert.deepEqual(failed, [])
  await ledger.close()
})

test('a copy taken while running is a whole ledger', async () => {
  const path = newPath()
  const { ledger } = await open(path)
  await fed(ledger, new LedgerFeed().outcome(outcomeOf('a')).dead('b'))
  const copy = newPath()
  for (const suffix of ['', '-wal']) copyFileSync(path + suffix, copy + suffix)
  await ledger.close()
  const copied = await open(copy)
  assert.equal(copied.ledger.openedAtLsn, 2)
  assert.equal(copied.ledger.deadLetters({}).length, 1)
  await copied.ledger.close()
})

/** The fifth of the file in its middle, where a glance at the ends of the tables does not come. */
function overwriteMiddle(path: string): void {
  const pages = statSync(path).size / 4096
  const from = Math.floor(pages * 0.4) * 4096
  const length = Math.floor(pages * 0.2) * 4096
  const script = `
    const fd = fs.openSync(process.argv[1], 'r+')
    fs.writeSync(fd, Buffer.alloc(${length}, 0x5a), 0, ${length}, ${from})
  `
  // Through another process: closing a file drops the locks that this one has on it.
  execFileSync(process.execPath, ['-e', script, path])
}
