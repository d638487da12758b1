import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { checkpointChecksum } from '../../src/embedded/checkpoint-file.ts'
import type { EmbeddedOptions } from '../../src/embedded/engine-options.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import { answerOf, texts } from '../../src/testing/conformance/pieces.ts'
import { Trial } from '../../src/testing/conformance/trial.ts'
import { damageRecord } from '../embedded/segment-records.ts'
import { newDirectory } from './machine.ts'

class Site implements Disposable {
  readonly #parent = newDirectory()
  readonly problems: string[] = []
  directory = join(this.#parent.path, 'data')
  #copies = 0

  async open(options: EmbeddedOptions = {}): Promise<Trial> {
    const onProblem = (text: string) => this.problems.push(text)
    const engine = await openEmbedded(this.directory, { onProblem, ...options })
    return new Trial({ engine, dispose: () => engine.close() })
  }

  /** What a killed process would leave: the files as they are, in another directory. */
  afterKill(): void {
    const copy = join(this.#parent.path, `copy-${this.#copies++}`)
    cpSync(this.directory, copy, { recursive: true })
    this.directory = copy
  }

  names(pattern: RegExp): string[] {
    return readdirSync(this.directory)
      .filter((name) => pattern.test(name))
      .toSorted()
  }

  path(name: string): string {
    return join(this.directory, name)
  }

  alter(name: string, change: (bytes: Buffer) => unknown): void {
    const bytes = readFileSync(this.path(name))
    change(bytes)
    writeFileSync(this.path(name), bytes)
  }

  [Symbol.dispose](): void {
    this.#parent[Symbol.dispose]()
  }
}

const flip = (at: number) => (bytes: Buffer) => {
  bytes[at] = (bytes[at] as number) ^ 1
}
const small = { segmentBytes: 16_384, checkpointBytes: 2 ** 30, tailBytes: 0 }
const upTo = (count: number): string[] => Array.from({ length: count }, (_, n) => `${n}`)

/** Everything that waits, delivered and answered. */
async function drained(trial: Trial, queue = 'work'): Promise<string[]> {
  const { engine } = trial
  const inbox = trial.consume(queue, 100, (delivery) => void engine.settle(delivery, answerOf('')))
  let left = 1
  for (let ms = 0; left > 0; ms += 5) {
    assert.ok(ms < 20_000, `${left} messages are not delivered`)
    await trial.pass(5)
    const books = (await engine.queues()).find(({ name }) => name === queue)
    left = books ? books.ready + books.unsettled : 0
  }
  await inbox.subscription.close()
  return texts(inbox.deliveries)
}

async function sendNumbered(trial: Trial, count: number): Promise<void> {
  const messages = upTo(count).map((text) => trial.message('work', text, { id: `id-${text}` }))
  for (const message of messages) {
    await trial.engine.publish({ ...message, meta: { headers: { filler: 'x'.repeat(400) } } })
  }
}

test('a damaged segment costs the damaged record, and says so', async () => {
  using site = new Site()
  const first = await site.open()
  await sendNumbered(first, 5)
  site.afterKill()
  await first.engine.close()
  site.alter('journal-0000000001.log', damageRecord('accept', 2))
  const trial = await site.open()
  assert.deepEqual(await drained(trial), ['0', '1', '3', '4'])
  assert.match(site.problems.join(), /records \d+ to \d+ of the journal .* damaged or missing/)
  await trial.engine.close()
})

test('a segment that was cut short costs what was cut off, and the engine goes on', async () => {
  using site = new Site()
  const first = await site.open(small)
  await sendNumbered(first, 100)
  site.afterKill()
  await first.engine.close()
  const [name] = site.names(/^journal/) as [string]
  truncateSync(site.path(name), 10_000)
  const trial = await site.open(small)
  const seen = await drained(trial)
  assert.ok(seen.length > 60 && seen.length < 100, `${seen.length} of 100`)
  assert.match(site.problems.join(), /damaged or missing/)
  await trial.send('work', 'on it goes')
  assert.deepEqual(await drained(trial), ['on it goes'])
  await trial.engine.close()
})

test('a segment that is gone from the middle costs what was in it, with and without a checkpoint', async () => {
  for (const closed of [false, true]) {
    using site = new Site()
    const first = await site.open(small)
    await sendNumbered(first, 150)
    if (!closed) site.afterKill()
    await first.engine.close()
    const names = site.names(/^journal/)
    assert.ok(names.length > 3)
    rmSync(site.path(names[1] as string))
    const trial = await site.open(small)
    const seen = await drained(trial)
    assert.ok(seen.length > 90 && seen.length < 150, `${seen.length} of 150`)
    assert.equal(seen.at(-1), '149')
    assert.match(site.problems.join(), closed ? /set aside/ : /damaged or missing/)
    await trial.engine.close()
  }
})

test('missing checkpoints and a damaged page of the index cost nothing', async () => {
  for (const harm of ['checkpoints', 'newest checkpoint', 'page'] as const) {
    using site = new Site()
    const first = await site.open({ indexBytes: 0 })
    const messages = upTo(5_000).map((text) => first.message('work', text))
    await first.engine.publishMany(messages)
    await first.engine.close()
    await (await site.open()).engine.close()
    const checkpoints = site.names(/^checkpoint/)
    assert.equal(checkpoints.length, 2)
    if (harm === 'checkpoints') for (const name of checkpoints) rmSync(site.path(name))
    if (harm === 'newest checkpoint') site.alter(checkpoints[1] as string, flip(100))
    if (harm === 'page') site.alter('index.pages', flip(5_000))
    const trial = await site.open()
    assert.deepEqual(await drained(trial), upTo(5_000), harm)
    await trial.engine.close()
  }
})

test('a directory of a newer version is refused by the name of the file, and left as it is', async () => {
  const newer: [RegExp, (bytes: Buffer) => unknown, RegExp][] = [
    [
      /^journal-0000000001/,
      (bytes) => {
        bytes.writeUInt32LE(3, 8)
        bytes.writeUInt32LE(crc32(bytes.subarray(0, 16)), 16)
      },
      /journal-0000000001\.log has journal format 3; .* open the directory with the version/,
    ],
    [
      /^checkpoint/,
      (bytes) => {
        bytes.writeUInt32LE(7, 8)
        bytes.writeUInt32LE(checkpointChecksum(bytes), 12)
      },
      /checkpoint-\d+\.ckpt has checkpoint format 7/,
    ],
    [
      /^ledger\.sqlite$/,
      (bytes) => bytes.writeUInt32BE(99, 60),
      /ledger\.sqlite has ledger format 99/,
    ],
  ]
  for (const [pattern, change, text] of newer) {
    using site = new Site()
    const first = await site.open()
    await first.send('work', 'x')
    await first.answer((await first.received(first.consume('work'), 1))[0] as Delivery)
    await first.engine.outcomes({})
    await first.engine.close()
    const name = site.names(pattern).at(-1) as string
    if (pattern.source.includes('journal')) {
      for (const other of site.names(/^checkpoint/)) rmSync(site.path(other))
    }
    site.alter(name, change)
    const before = readFileSync(site.path(name))
    await assert.rejects(site.open(), { code: 'format-unknown', message: text })
    assert.ok(readFileSync(site.path(name)).equals(before))
    const lockGiven = await site.open().catch((error) => error.code)
    assert.equal(lockGiven, 'format-unknown', 'a refused start keeps the lock')
  }
})

test('a ledger that another program holds locked holds up nothing but the ledger', async () => {
  using site = new Site()
  const trial = await site.open()
  const inbox = trial.consume('work')
  await trial.send('work', 'first', { id: 'first' })
  await trial.answer((await trial.received(inbox, 1))[0] as Delivery)
  await trial.engine.outcomes({})
  const other = new DatabaseSync(site.path('ledger.sqlite'))
  other.exec('BEGIN IMMEDIATE')
  await trial.send('work', 'second', { id: 'second' })
  await trial.answer((await trial.received(inbox, 2))[1] as Delivery, 'in time')
  const outcome = await trial.outcome('second')
  assert.equal(Buffer.from(outcome.body).toString(), 'in time')
  assert.equal(await trial.state('second'), 'final')
  await trial.until(() => site.problems.length > 0, 'the locked ledger to be told of')
  assert.match(site.problems.join(), /ledger\.sqlite is locked by another program .*close what has/)
  other.exec('ROLLBACK')
  other.close()
  await trial.until(() => stored().length === 2, 'both outcomes to be stored')
  await trial.engine.close()
  function stored(): unknown[] {
    const db = new DatabaseSync(site.path('ledger.sqlite'), { readOnly: true })
    try {
      return db.prepare('SELECT id FROM outcomes').all()
    } finally {
      db.close()
    }
  }
})

test('a damaged ledger is kept aside and filled from what the journal still has', async () => {
  using site = new Site()
  const first = await site.open()
  await sendNumbered(first, 20)
  await drained(first)
  await first.engine.outcomes({})
  await first.engine.close()
  site.alter('ledger.sqlite', (bytes) => bytes.fill(0x55, 0, 2_000))
  const trial = await site.open()
  assert.match(
    site.problems.join(),
    /ledger\.sqlite is damaged .* kept as .*ledger\.damaged-1\.sqlite/,
  )
  assert.match(site.problems.join(), /filled from what the journal still has/)
  assert.deepEqual(site.names(/damaged-1\.sqlite$/), ['ledger.damaged-1.sqlite'])
  for (const text of upTo(20)) assert.equal(await trial.state(`id-${text}`), 'final')
  assert.equal((await trial.engine.outcomes({})).length, 20)
  const again = trial.message('work', '0', { id: 'id-0' })
  assert.equal((await trial.engine.publish(again)).duplicate, true)
  await trial.engine.close()
})

test('a ledger that is gone is made anew from what the journal still has', async () => {
  using site = new Site()
  const first = await site.open()
  await sendNumbered(first, 5)
  await drained(first)
  await first.engine.close()
  for (const name of site.names(/^ledger/)) rmSync(site.path(name))
  const trial = await site.open()
  for (const text of upTo(5)) assert.equal(await trial.state(`id-${text}`), 'final')
  await trial.engine.close()
})

test('files of others in the directory are left alone', async () => {
  using site = new Site()
  await (await site.open()).engine.close()
  const strangers = ['notes.txt', 'journal-1.log', 'checkpoint.ckpt', 'journal-0000000001.log.bak']
  for (const name of strangers) writeFileSync(site.path(name), 'mine')
  const trial = await site.open(small)
  await sendNumbered(trial, 50)
  await drained(trial)
  await trial.engine.close()
  for (const name of strangers) assert.equal(readFileSync(site.path(name), 'utf8'), 'mine')
})
