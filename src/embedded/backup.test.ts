import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { messageOf, ok } from '../../test/embedded/engine-trial.ts'
import type { Broker } from './broker.ts'
import { type EmbeddedOptions, engineOptions } from './engine-options.ts'
import { openDirectory, openEmbedded } from './open.ts'
import { verify } from './verify.ts'

const root = fs.mkdtempSync(join(tmpdir(), 'homing-backup-'))
after(() => fs.rmSync(root, { recursive: true, force: true }))

let made = 0
const newPath = (): string => join(root, `d${made++}`)

async function open(directory: string, options: EmbeddedOptions = {}): Promise<Broker> {
  const settings = { onProblem: (text: string) => assert.fail(text), ...options }
  return (await openDirectory(directory, engineOptions(settings))).engine
}

const small: EmbeddedOptions = { segmentBytes: 100_000, checkpointBytes: 150_000 }

/** Sends, works and settles without pause until it is stopped; knows what was confirmed. */
class Load {
  readonly sent = new Set<string>()
  readonly settled = new Set<string>()
  readonly #broker: Broker
  #stopped = false
  #done: Promise<void> = Promise.resolve()

  constructor(broker: Broker) {
    this.#broker = broker
    const handler = {
      deliver: (delivery: Parameters<Broker['settle']>[0]) => {
        const { id } = delivery.message
        // Some stay in the queue for good.
        if (id.endsWith('7')) return
        const how = id.endsWith('3') ? { ...ok('no'), code: 'rejected' } : ok()
        broker.settle(delivery, how).then(
          () => this.settled.add(id),
          () => undefined,
        )
      },
      revoke: () => undefined,
    }
    broker.subscribe('work', { prefetch: 1_000 }, handler)
    this.#done = this.#send()
  }

  async #send(): Promise<void> {
    const body = 'x'.repeat(500)
    for (let n = 0; !this.#stopped; n++) {
      const ids = Array.from({ length: 20 }, (_, m) => `m${n}-${m}`)
      await this.#broker.publishMany(ids.map((id) => messageOf('work', id, body)))
      for (const id of ids) this.sent.add(id)
    }
  }

  async until(count: number): Promise<void> {
    while (this.settled.size < count) await new Promise((resolve) => setImmediate(resolve))
  }

  stop(): Promise<void> {
    this.#stopped = true
    return this.#done
  }
}

test('a backup under load is sound, and holds all that was confirmed before it was asked for', async () => {
  const directory = newPath()
  const broker = await open(directory, small)
  await broker.declareQueue('paused', {})
  await broker.pauseQueue('paused')
  fs.writeFileSync(join(directory, 'definitions.json'), '{}')
  const load = new Load(broker)
  after(() => load.stop())
  for (let n = 1; n <= 3; n++) {
    await load.until(n * 700)
    const sent = [...load.sent]
    const settled = [...load.settled]
    const copy = newPath()
    const report = await broker.backup(copy)
    assert.equal(report.directory, copy)
    const found = await verify(copy)
    assert.deepEqual(
      found.findings.filter(({ severity }) => severity === 'damage'),
      [],
    )
    assert.ok(fs.existsSync(join(copy, 'definitions.json')))
    assert.equal(fs.statSync(copy).mode & 0o777, 0o700)
    for (const name of fs.readdirSync(copy)) {
      assert.equal(fs.statSync(join(copy, name)).mode & 0o777, 0o600, name)
    }
    const again = await open(copy)
    for (const id of sent) assert.notEqual((await again.answer(id)).state, 'unknown', id)
    for (const id of settled) assert.equal((await again.answer(id)).state, 'final', id)
    assert.equal(again.inspection.queue('paused')?.paused, true)
    await again.close()
  }
  await load.stop()
  await broker.close()
  assert.equal((await verify(directory)).ok, true)
})

test('a backup of an engine that has done nothing yet opens', async () => {
  const broker = await open(newPath())
  const copy = newPath()
  fs.mkdirSync(copy)
  await broker.backup(copy)
  await broker.close()
  const again = await open(copy)
  assert.deepEqual(await again.queues(), [])
  await again.close()
})

test('a backup into a directory with something in it is refused, and nothing there is touched', async () => {
  const broker = await open(newPath())
  const copy = newPath()
  fs.mkdirSync(copy)
  fs.writeFileSync(join(copy, 'mine'), 'x')
  await assert.rejects(broker.backup(copy), { code: 'bad-argument', message: /not empty/ })
  assert.deepEqual(fs.readdirSync(copy), ['mine'])
  assert.equal(fs.existsSync(`${copy}.partial`), false)
  // What somebody has put beside what a backup left unfinished is not removed either.
  const other = newPath()
  fs.mkdirSync(`${other}.partial`)
  fs.writeFileSync(join(`${other}.partial`, 'mine'), 'x')
  await assert.rejects(broker.backup(other), { code: 'backup-failed' })
  assert.deepEqual(fs.readdirSync(`${other}.partial`), ['mine'])
  await broker.close()
})

test('a directory that was made for the backup must be seen by who takes it', async () => {
  const directory = newPath()
  const broker = await open(directory)
  const to = newPath()
  await assert.rejects(broker.backup(to, { isMade: true }), {
    code: 'bad-argument',
    message: new RegExp(`process ${process.pid}.* does not see the directory ${to}`),
  })
  assert.equal(fs.existsSync(`${to}.partial`), false)
  fs.mkdirSync(to)
  assert.equal((await broker.backup(to, { isMade: true })).directory, to)
  await broker.close()
  await (await open(to)).close()
})

test('one backup is taken at a time, and an engine in memory takes none', async () => {
  const broker = await open(newPath())
  const copy = newPath()
  const first = broker.backup(copy)
  await assert.rejects(broker.backup(newPath()), { code: 'backup-running', message: /d\d+/ })
  await first
  await broker.backup(newPath())
  await broker.close()
  await assert.rejects(broker.backup(newPath()), { code: 'closed' })
  const memory = (await openEmbedded('memory:')) as Broker
  await assert.rejects(memory.backup(newPath()), { code: 'unsupported' })
  await memory.close()
})

test('closing the engine waits for the backup that is being taken', async () => {
  const broker = await open(newPath())
  await broker.publish(messageOf('work', 'a'))
  const copy = newPath()
  const backup = broker.backup(copy)
  await broker.close()
  await backup
  assert.equal((await verify(copy)).ok, true)
})

test('a process killed while it takes backups leaves its directory and whole backups, and no half ones', async () => {
  const directory = newPath()
  const backups = newPath()
  const program = fileURLToPath(new URL('../../test/embedded/backup-process.ts', import.meta.url))
  const sent: string[] = []
  for (let round = 0; round < 3; round++) {
    const child = spawn(process.execPath, [program, directory, backups], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise((resolve) => child.once('exit', resolve))
    for await (const line of createInterface(child.stdout)) {
      if (line !== 'backing up') sent.push(line)
      else setTimeout(() => child.kill('SIGKILL'), 15 + round * 40)
    }
    await ended
  }
  const broker = await open(directory, { onProblem: () => undefined })
  for (const id of sent) assert.equal((await broker.answer(id)).state, 'pending', id)
  for (const name of fs.existsSync(backups) ? fs.readdirSync(backups) : []) {
    if (name.endsWith('.partial')) continue
    assert.equal((await verify(join(backups, name))).ok, true, name)
  }
  const copy = newPath()
  fs.mkdirSync(`${copy}.partial`)
  fs.writeFileSync(join(`${copy}.partial`, 'journal-0000000001.log'), 'left by a crash')
  await broker.backup(copy)
  assert.equal((await verify(copy)).ok, true)
  assert.equal(fs.existsSync(`${copy}.partial`), false)
  await broker.close()
})
