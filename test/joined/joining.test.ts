import assert from 'node:assert/strict'
import fs from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { lockDirectory } from '../../src/embedded/directory-lock.ts'
import { homing, type Outcome, queue } from '../../src/index.ts'
import { lacking, newDirectory } from '../faults/machine.ts'
import { Joiner } from './joiner.ts'

const echo = queue('echo', { within: '60s' })
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

test('a home that finds the directory taken works through the one that has it', async () => {
  using directory = newDirectory()
  await using first = await homing(directory.path)
  await using second = await homing(directory.path)
  first.consume(echo, ({ input }) => ({ got: input }))
  assert.deepEqual(await second.call(echo, 'there and back'), { got: 'there and back' })
  await second.send(echo, 1, { id: 'one' })
  assert.equal((await second.send(echo, 1, { id: 'one' })).duplicate, true)
  const outcome = await first.receipt(echo, 'one').outcome()
  assert.deepEqual(await second.receipt(echo, 'one').outcome(), outcome)
  assert.deepEqual(await second.queues(), await first.queues())
})

test('an owner that closes hands over: what waited, worked and was to be told goes on', async () => {
  using directory = newDirectory()
  const first = await homing(directory.path)
  await using second = await homing(directory.path)
  await using third = await homing(directory.path)
  const told: Outcome[] = []
  const onDone = third.callback('done', echo, (outcome) => void told.push(outcome))
  const receipt = await second.send(echo, 'waits', { id: 'w', callback: onDone })
  const waiting = [second.receipt(echo, 'w').outcome(), third.receipt(echo, 'w').outcome()]
  const sending = Array.from({ length: 50 }, (_, n) => second.send(echo, n, { id: `s${n}` }))
  await Promise.all([first.close(), ...sending])
  third.consume(echo, ({ input }) => input, { concurrency: 20 })
  const outcomes = await Promise.all(waiting)
  assert.deepEqual(outcomes[0], outcomes[1])
  assert.ok(outcomes[0]?.ok && outcomes[0].value === 'waits')
  for (let n = 0; n < 50; n++) assert.equal(await second.receipt(echo, `s${n}`).result(), n)
  while (told.length === 0) await pause(5)
  assert.equal(told[0]?.id, receipt.id)
})

test('an owner that is killed loses nothing it confirmed, and its joiners notice no more than a pause', async () => {
  using directory = newDirectory()
  await using owner = await Joiner.opened(directory.path)
  await using home = await homing(directory.path)
  const sent = await Promise.all(
    Array.from({ length: 20 }, (_, n) => home.send(echo, n, { id: `k${n}` })),
  )
  const outcomes = sent.map((receipt) => receipt.outcome())
  const another = homing(directory.path)
  await owner.kill()
  await using late = await another
  late.consume(echo, ({ input }) => input, { concurrency: 20 })
  const values = (await Promise.all(outcomes)).map((outcome) => outcome.ok && outcome.value)
  assert.deepEqual(
    values,
    Array.from({ length: 20 }, (_, n) => n),
  )
  assert.equal(ownerOf(directory.path), process.pid)
})

test('an attempt that was under way when its owner died is aborted and made again', async () => {
  using directory = newDirectory()
  await using owner = await Joiner.opened(directory.path)
  await using home = await homing(directory.path)
  const attempts: number[] = []
  const aborted: string[] = []
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
  home.consume(echo, async ({ attempt, signal }) => {
    attempts.push(attempt)
    if (attempt > 1) return attempt
    begin()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    aborted.push(String(signal.reason?.code ?? signal.reason))
  })
  const receipt = await home.send(echo, 'x')
  await begun
  await owner.kill()
  assert.equal(await receipt.result(), 2)
  assert.deepEqual(attempts, [1, 2])
  assert.equal(aborted.length, 1)
})

test('a home that must be alone is refused at once, and refuses the others with its reason', async () => {
  using directory = newDirectory()
  const shared = await homing(directory.path)
  const refusal = {
    code: 'locked',
    message: new RegExp(`in use by process ${process.pid}; close it`),
  }
  await assert.rejects(homing(directory.path, { join: false }), refusal)
  await shared.close()
  await using alone = await homing(directory.path, { join: false })
  assert.ok(!fs.existsSync(join(directory.path, 'homing.sock')))
  await assert.rejects(homing(directory.path), {
    code: 'locked',
    retryable: true,
    message: new RegExp(`in use by process ${process.pid} \\(it works alone in it\\); close it`),
  })
  await alone.send(echo, 1)
})

test('who holds the lock and says nothing, as an older version does, is named after a while', async () => {
  using directory = newDirectory()
  const lock = await lockDirectory(directory.path)
  fs.writeFileSync(join(directory.path, 'owner'), '4711\n')
  await assert.rejects(homing(directory.path), {
    code: 'locked',
    message: /in use by process 4711; close it/,
  })
  lock.release()
  await (await homing(directory.path)).close()
})

test('who looks at a directory for a moment is waited for', async () => {
  using directory = newDirectory()
  const lock = await lockDirectory(directory.path)
  const opening = homing(directory.path)
  await pause(200)
  lock.release()
  await (await opening).close()
})

test('while the owner is stopped its joiners wait; nobody takes over, and all goes on with it', async () => {
  using directory = newDirectory()
  await using owner = await Joiner.opened(directory.path)
  await owner.tell({ echo: true })
  await using home = await homing(directory.path)
  assert.match(String(await home.call(echo, 'before')), / before$/)
  owner.child.kill('SIGSTOP')
  const called = home.call(echo, 'meanwhile')
  const opening = homing(directory.path)
  await pause(1_500)
  assert.equal(ownerOf(directory.path), owner.pid)
  await assert.rejects(lockDirectory(directory.path), { code: 'locked' })
  owner.child.kill('SIGCONT')
  assert.equal(await called, `${owner.pid} meanwhile`)
  await using late = await opening
  assert.equal(await late.call(echo, 'late'), `${owner.pid} late`)
})

test('of two processes that start at the same moment one owns and one joins, twenty times', async () => {
  await using one = new Joiner()
  await using other = new Joiner()
  for (let round = 0; round < 20; round++) {
    using directory = newDirectory()
    const opened = await Promise.all(
      [one, other].map((each) => each.tell({ open: directory.path })),
    )
    assert.deepEqual(opened, [{ opened: true }, { opened: true }])
    await one.tell({ echo: true })
    const { value } = await other.tell({ call: `round ${round}` })
    assert.equal(value, `${one.pid} round ${round}`)
    const closed = await Promise.all([one, other].map((each) => each.tell({ close: true })))
    assert.deepEqual(closed, [{ closed: true }, { closed: true }])
  }
})

test('a process of another user may not join', { skip: lacking('root') }, async () => {
  using directory = newDirectory()
  await using home = await homing(directory.path)
  await using other = new Joiner({ HOMING_TEST_USER: '65534' })
  assert.equal((await other.tell({ open: directory.path })).refused, 'not-permitted')
  fs.chmodSync(directory.path, 0o777)
  assert.equal((await other.tell({ open: directory.path })).refused, 'not-permitted')
  // Also when the lock itself lets everybody in.
  fs.chmodSync(join(directory.path, 'lock'), 0o666)
  const { refused, message } = await other.tell({ open: directory.path })
  assert.equal(refused, 'not-permitted')
  assert.match(
    message ?? '',
    /homing\.sock belongs to user 0, this process to user 65534; run both/,
  )
  await home.send(echo, 1)
})

test('a joiner ends with its program, and closes while there is no owner', async () => {
  using directory = newDirectory()
  await using owner = await Joiner.opened(directory.path)
  const home = await homing(directory.path)
  await home.send(echo, 1)
  owner.child.kill('SIGSTOP')
  await home.close()
  owner.child.kill('SIGCONT')
})

test('homes in memory are alone, each in its own', async () => {
  await using one = await homing('memory:')
  await using other = await homing('memory:')
  await one.send(echo, 1)
  assert.deepEqual(await other.queues(), [])
})

test('join is true or false', async () => {
  const options = { join: 'yes' } as never
  await assert.rejects(homing('/nowhere', options), {
    code: 'bad-argument',
    message: /join is string/,
  })
  await assert.rejects(homing('/nowhere', { jion: false } as never), {
    code: 'unknown-option',
    message: /did you mean "join"/,
  })
})

const ownerOf = (directory: string): number =>
  Number(fs.readFileSync(join(directory, 'owner'), 'utf8').split('\n')[0])
