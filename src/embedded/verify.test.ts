import assert from 'node:assert/strict'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import type { Engine, Subscription } from '../engine.ts'
import type { Delivery } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import { openEmbedded } from './open.ts'
import { verify } from './verify.ts'

class Folder implements Disposable {
  readonly path = fs.mkdtempSync(join(tmpdir(), 'homing-verify-test-'))
  readonly data = join(this.path, 'data')

  file(name: string): string {
    return join(this.data, name)
  }

  /** A copy of the data directory as it is now. */
  copy(name: string): string {
    const to = join(this.path, name)
    fs.rmSync(to, { recursive: true, force: true })
    fs.cpSync(this.data, to, { recursive: true })
    return to
  }

  [Symbol.dispose](): void {
    fs.rmSync(this.path, { recursive: true, force: true })
  }
}

const small = { segmentBytes: 4_096, checkpointBytes: 1_000_000, reserveBytes: 4_096 }

const message = (engine: Engine, queue: string, body: string): Message => ({
  id: engine.mintId(),
  idChosen: false,
  exchange: '',
  routingKey: queue,
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from(body),
  priority: 0,
  deadlineAtMs: Number.POSITIVE_INFINITY,
  availableAtMs: 0,
  timeoutMs: 0,
  attemptsMax: 5,
  meta: undefined,
})

async function publish(engine: Engine, queue: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await engine.publish(message(engine, queue, `message ${n} ${'.'.repeat(100)}`))
  }
}

/** Takes so many messages and answers each. */
async function answer(engine: Engine, queue: string, count: number): Promise<void> {
  const taken: Delivery[] = []
  let subscription: Subscription | undefined
  await new Promise<void>((resolve) => {
    subscription = engine.subscribe(
      queue,
      { prefetch: count },
      {
        deliver: (delivery) => {
          if (taken.push(delivery) === count) resolve()
        },
        revoke: () => undefined,
      },
    )
  })
  for (const delivery of taken) {
    const { body, contentType } = delivery.message
    await engine.settle(delivery, { kind: 'final', code: 'ok', contentType, body })
  }
  await subscription?.close()
}

/** Twenty outcomes and ten messages that wait, over several segments. */
async function fill(data: string): Promise<void> {
  const engine = await openEmbedded(data, small)
  await publish(engine, 'done', 20)
  await answer(engine, 'done', 20)
  await publish(engine, 'waiting', 10)
  await engine.close()
}

const damage = async (data: string): Promise<readonly string[]> => {
  const { findings } = await verify(data)
  const found = findings.filter(({ severity }) => severity === 'damage')
  return found.map(({ file, text }) => `${file}: ${text}`)
}

function contents(data: string): readonly string[] {
  const names = fs.readdirSync(data).sort()
  return names.map((name) => `${name} ${fs.readFileSync(join(data, name)).toString('base64')}`)
}

test('a closed directory is without damage, and verifying changes no byte of it', async () => {
  using folder = new Folder()
  await fill(folder.data)
  const before = contents(folder.data)
  const report = await verify(folder.data)
  assert.deepEqual(report.findings, [])
  assert.equal(report.ok, true)
  assert.equal(report.inUseBy, undefined)
  assert.deepEqual([report.outcomes, report.deadLetters, report.pending], [20, 0, 10])
  assert.ok(report.segments > 2)
  assert.equal(report.checkpoints, 1)
  assert.deepEqual(contents(folder.data), before)
})

test('a directory in use is verified as it is, and so is one whose process was killed', async () => {
  using folder = new Folder()
  const engine = await openEmbedded(folder.data, small)
  await publish(engine, 'done', 20)
  await answer(engine, 'done', 20)
  await publish(engine, 'waiting', 10)
  const report = await verify(folder.data)
  assert.deepEqual(report.findings, [])
  assert.equal(report.inUseBy, String(process.pid))
  assert.equal(report.pending, 10)
  const killed = folder.copy('killed')
  const before = contents(killed)
  assert.deepEqual(await damage(killed), [])
  assert.deepEqual(contents(killed), before)
  await engine.close()
})

test('an altered byte in any file but the lock is found', async () => {
  using folder = new Folder()
  await fill(folder.data)
  const files = fs.readdirSync(folder.data).filter((name) => /\.(log|ckpt)$/.test(name))
  assert.ok(files.length > 3)
  for (const [n, name] of files.entries()) {
    const { size } = fs.statSync(folder.file(name))
    // A place further on in each file, the header and the last byte among them.
    const places = [n * 3, Math.floor(size / 3) + n, Math.floor(size / 2) + 5 * n, size - 1]
    for (const at of places.filter((place) => place < size)) {
      const altered = folder.copy('altered')
      const bytes = fs.readFileSync(join(altered, name))
      bytes[at] = (bytes[at] ?? 0) ^ 0x10
      fs.writeFileSync(join(altered, name), bytes)
      const found = await damage(altered)
      assert.ok(
        found.some((text) => text.startsWith(`${name}: `)),
        `byte ${at} of ${name}: ${found.join('; ')}`,
      )
    }
  }
})

test('a segment that is missing or cut short is found, as far as anything in it is needed', async () => {
  using folder = new Folder()
  await fill(folder.data)
  const segments = fs
    .readdirSync(folder.data)
    .filter((name) => name.endsWith('.log') && fs.statSync(folder.file(name)).size > 64)
  for (const name of segments.slice(-2)) {
    const short = folder.copy('short')
    fs.truncateSync(join(short, name), fs.statSync(join(short, name)).size - 30)
    assert.notDeepEqual(await damage(short), [], `${name} cut short`)
  }
  // The waiting messages lie in the last one; what is older, checkpoint and ledger have taken over.
  const without = folder.copy('without')
  fs.rmSync(join(without, segments.at(-1) ?? ''))
  assert.match((await damage(without)).join(), /which has no outcome yet, is gone with/)
})

test('segments that compaction has removed are not missed', async () => {
  using folder = new Folder()
  const engine = await openEmbedded(folder.data, { ...small, checkpointBytes: 8_192 })
  await publish(engine, 'kept', 1)
  await publish(engine, 'done', 40)
  await answer(engine, 'done', 40)
  while (fs.existsSync(folder.file('journal-0000000002.log'))) {
    await publish(engine, 'done', 20)
    await answer(engine, 'done', 20)
  }
  await engine.close()
  const again = await openEmbedded(folder.data, small)
  await publish(again, 'kept', 1)
  await again.close()
  assert.deepEqual(await damage(folder.data), [])
})

test('where nothing is needed any more, not even the last segment with a record in it is missed', async () => {
  using folder = new Folder()
  const engine = await openEmbedded(folder.data, small)
  await publish(engine, 'work', 5)
  await answer(engine, 'work', 5)
  await engine.close()
  await (await openEmbedded(folder.data, small)).close()
  const segments = fs.readdirSync(folder.data).filter((name) => name.startsWith('journal-'))
  for (const name of segments.slice(0, -1)) fs.rmSync(folder.file(name))
  const report = await verify(folder.data)
  assert.deepEqual([report.ok, report.findings], [true, []])
  // Without the ledger the outcomes in it are lost.
  for (const name of fs.readdirSync(folder.data))
    if (name.startsWith('ledger')) fs.rmSync(folder.file(name))
  assert.equal((await verify(folder.data)).ok, false)
})

test('what a crash cut off before any confirm is a note, also after later starts', async () => {
  using folder = new Folder()
  const engine = await openEmbedded(folder.data, small)
  await publish(engine, 'q', 3)
  const before = fs.statSync(folder.file('journal-0000000001.log')).size
  const batch = Array.from({ length: 3 }, (_, n) => message(engine, 'q', `unconfirmed ${n}`))
  await engine.publishMany(batch)
  // A power cut may keep the end of the last batch and lose a piece in the middle of it.
  const torn = folder.copy('torn')
  const name = join(torn, 'journal-0000000001.log')
  const bytes = fs.readFileSync(name)
  bytes.fill(0, before + 40, before + 60)
  fs.writeFileSync(name, bytes)
  await engine.close()
  const first = await verify(torn)
  assert.equal(first.ok, true)
  assert.deepEqual(
    first.findings.map(({ severity, file }) => [severity, file]),
    [['note', 'journal-0000000001.log']],
  )
  for (let start = 0; start < 2; start++) {
    const problems: string[] = []
    const later = await openEmbedded(torn, { ...small, onProblem: (text) => problems.push(text) })
    await publish(later, 'q', 1)
    assert.deepEqual(problems, [])
    await later.close()
    assert.equal((await verify(torn)).ok, true)
  }
})

test('a ledger that lacks an outcome, differs from the journal or is damaged is found', async () => {
  using folder = new Folder()
  await fill(folder.data)
  const changed = async (sql: string): Promise<readonly string[]> => {
    const copy = folder.copy('changed')
    const db = new DatabaseSync(join(copy, 'ledger.sqlite'))
    db.exec(sql)
    db.close()
    return damage(copy)
  }
  const last = '(SELECT max(seq) FROM outcome_rows)'
  assert.match((await changed(`DELETE FROM outcome_rows WHERE seq = ${last}`)).join(), /is not in/)
  assert.match(
    (await changed(`UPDATE outcome_rows SET body = 'x' WHERE seq = ${last}`)).join(),
    /differs from its row/,
  )
  assert.match((await changed('UPDATE kinds SET outcomes = 7')).join(), /7 in its totals, 20 rows/)
  const torn = folder.copy('torn')
  fs.truncateSync(join(torn, 'ledger.sqlite'), 8_192)
  assert.match((await damage(torn)).join(), /ledger\.sqlite/)
  const none = folder.copy('none')
  fs.rmSync(join(none, 'ledger.sqlite'))
  const lost = await verify(none)
  const [first] = fs.readdirSync(none).filter((name) => name.endsWith('.log'))
  assert.equal(lost.ok, first === 'journal-0000000001.log', 'a start rebuilds it from the journal')
})

test('a directory that is none of ours is refused with what to do', async () => {
  using folder = new Folder()
  await assert.rejects(verify(join(folder.path, 'nowhere')), { code: 'bad-argument' })
  await assert.rejects(verify(folder.path), { code: 'bad-argument', message: /no journal/ })
})

test('verifying can be aborted, and tells how far it has come', async () => {
  using folder = new Folder()
  await fill(folder.data)
  const told: number[] = []
  const { bytes } = await verify(folder.data, { onProgress: (done) => told.push(done) })
  assert.equal(told.at(-1), bytes)
  await assert.rejects(verify(folder.data, { signal: AbortSignal.abort() }), { code: 'aborted' })
})
