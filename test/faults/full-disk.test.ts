import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { EmbeddedOptions } from '../../src/embedded/engine-options.ts'
import { openEmbedded } from '../../src/embedded/open.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'
import { Trial } from '../../src/testing/conformance/trial.ts'
import { lacking, type Mounted, mountedTmpfs } from './machine.ts'

const body = 'x'.repeat(8_000)

async function opened(
  { path }: Mounted,
  problems: string[] = [],
  options: EmbeddedOptions = {},
): Promise<Trial> {
  const open = () =>
    openEmbedded(join(path, 'data'), { onProblem: (text) => problems.push(text), ...options })
  let engine = await open()
  return new Trial({
    engine,
    reopen: async () => {
      await engine.close()
      engine = await open()
      return engine
    },
    dispose: () => engine.close(),
  })
}

/** Sends until the disk is full; returns those that were confirmed. */
async function sendUntilFull(trial: Trial): Promise<Message[]> {
  const confirmed: Message[] = []
  for (let n = 0; n < 2_000; n++) {
    const message = trial.message('work', body, { id: trial.newId() })
    try {
      await trial.engine.publish(message)
      confirmed.push(message)
    } catch (error) {
      assert.equal((error as { code: string }).code, 'disk-full', String(error))
      assert.match(String(error), /disk is full: new messages are refused.*free some space/)
      return confirmed
    }
  }
  return assert.fail('the disk never got full')
}

const skip = lacking('root', 'mount')

test('on a full disk sends are refused, settling and reading results go on, and with room it all goes on', {
  skip,
}, async () => {
  using disk = mountedTmpfs('3m')
  const trial = await opened(disk)
  const inbox = trial.consume('work', 10)
  const confirmed = await sendUntilFull(trial)
  assert.ok(confirmed.length > 50, `${confirmed.length} messages before the disk was full`)

  const [first, second] = (await trial.received(inbox, 2)) as [Delivery, Delivery]
  assert.deepEqual(await trial.answer(first, 'answered on a full disk'), { accepted: true })
  const outcome = await trial.outcome(first.message.id)
  assert.equal(Buffer.from(outcome.body).toString(), 'answered on a full disk')
  assert.equal(await trial.state(first.message.id), 'final')
  await trial.settle(second, { kind: 'return' })
  await trial.refused(trial.engine.publish(trial.message('work', body)), 'disk-full')

  disk.remount('size=40m')
  await acceptedAgain(trial)
  await trial.reopen()
  for (const { id } of confirmed) {
    assert.equal(await trial.state(id), id === first.message.id ? 'final' : 'pending')
  }
  await trial.engine.close()
})

/** Sends until a message is accepted. */
async function acceptedAgain(trial: Trial): Promise<void> {
  let accepted = false
  const sending = async (): Promise<void> => {
    while (!accepted) {
      await trial.engine.publish(trial.message('work', 'again')).then(
        () => {
          accepted = true
        },
        (error) => assert.equal(error.code, 'disk-full'),
      )
      await trial.pass(10)
    }
  }
  void sending()
  await trial.until(() => accepted, 'a message to be accepted again')
}

test('a disk that others fill is met with the reserve, and nothing confirmed is lost when the process dies', {
  skip,
}, async () => {
  using disk = mountedTmpfs('12m')
  const trial = await opened(disk, [], { reserveBytes: 1_000_000 })
  const before = await trial.send('work', 'before', { id: 'before' })
  fillUp(disk)
  const confirmed = await sendUntilFull(trial)
  const [delivery] = await trial.received(trial.consume('work', 1), 1)
  await trial.answer(delivery as Delivery)
  const crashed = mountedTmpfs('64m')
  using _ = crashed
  // What a killed process would leave: the files as they are now.
  execFileSync('cp', ['-r', join(disk.path, 'data'), join(crashed.path, 'data')])
  const after = await opened(crashed)
  assert.equal(await after.state(before.id), 'final')
  for (const { id } of confirmed) assert.notEqual(await after.state(id), 'unknown')
  await after.engine.close()
  execFileSync('rm', [join(disk.path, 'filler')])
  await acceptedAgain(trial)
  await trial.engine.close()
})

test('an engine opens on a disk that is full, gives out what waits, and says that it is full', {
  skip,
}, async () => {
  using disk = mountedTmpfs('12m')
  const first = await opened(disk)
  await first.sendAll('work', '1', '2', '3')
  await first.engine.close()
  fillUp(disk)
  const problems: string[] = []
  const trial = await opened(disk, problems)
  await trial.refused(trial.engine.publish(trial.message('work', body)), 'disk-full')
  const inbox = trial.consume('work')
  for (const delivery of await trial.received(inbox, 3)) await trial.answer(delivery)
  execFileSync('rm', [join(disk.path, 'filler')])
  await acceptedAgain(trial)
  await trial.engine.close()
})

test('a start that finds too little room says so, and leaves the directory free for the next', {
  skip,
}, async () => {
  using disk = mountedTmpfs('64k')
  for (const leave of [0, 1, 2, 3]) {
    fillUp(disk)
    const { size } = statSync(join(disk.path, 'filler'))
    truncateSync(join(disk.path, 'filler'), size - leave * 4_096)
    const opening = openEmbedded(join(disk.path, 'data'), { onProblem: () => undefined })
    const fault = await opening.then(
      (engine) => engine.close(),
      (error: Error) => error,
    )
    if (fault) assert.match(`${fault}`, /is full; free some space and start again/)
    else assert.ok(leave > 0, 'it opened without any room')
  }
  disk.remount('size=10m')
  await (await openEmbedded(join(disk.path, 'data'))).close()
})

test('a close on a full disk ends, and the next start has everything', { skip }, async () => {
  using disk = mountedTmpfs('12m')
  const problems: string[] = []
  const trial = await opened(disk, problems)
  await trial.sendAll('work', '1', '2', '3')
  await trial.received(trial.consume('work', 2), 2)
  fillUp(disk)
  await trial.reopen()
  const inbox = trial.consume('work')
  await trial.received(inbox, 3)
  await trial.engine.close()
})

/** Another program takes every byte that is left. */
function fillUp(disk: Mounted): void {
  const path = join(disk.path, 'filler')
  writeFileSync(path, '')
  for (const bytes of [1_000_000, 100_000, 4_096, 1]) {
    const piece = Buffer.alloc(bytes)
    try {
      for (;;) writeFileSync(path, piece, { flag: 'a' })
    } catch {}
  }
}
