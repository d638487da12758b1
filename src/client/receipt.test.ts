import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { queue } from '../contract/queue.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'

const withCode = (code: string) => (error: unknown) =>
  error instanceof HomingError && error.code === code

const job = queue('job', {
  input: z.string(),
  output: z.string(),
  progress: z.object({ percent: z.number() }),
})

test('an outcome is the same for early, late and repeated askers', async () => {
  await using home = await homing('memory:')
  const receipt = await home.send(job, 'a')
  const early = receipt.outcome()
  home.consume(job, ({ input }) => input.toUpperCase())
  const outcome = await early
  assert.ok(outcome.ok)
  assert.deepEqual([outcome.value, outcome.attempts, outcome.queue], ['A', 1, 'job'])
  assert.ok(outcome.finishedAtMs >= outcome.acceptedAtMs)
  assert.deepEqual(await receipt.outcome(), outcome)
  assert.deepEqual(await home.receipt(job, receipt.id).outcome(), outcome)
  assert.equal(await receipt.result(), 'A')
})

test('a wait ends with its timeout or its signal, and the message goes on', async () => {
  await using home = await homing('memory:')
  const receipt = await home.send(job, 'a')
  await assert.rejects(receipt.outcome({ timeout: '10ms' }), withCode('timeout'))
  await assert.rejects(receipt.outcome({ signal: AbortSignal.timeout(10) }), withCode('aborted'))
  await assert.rejects(receipt.outcome({ signal: AbortSignal.abort() }), withCode('aborted'))
  await assert.rejects(receipt.outcome({ timout: 1 } as object), withCode('unknown-option'))
  await assert.rejects(receipt.outcome({ timeout: '-1s' as '1s' }), withCode('bad-duration'))
  assert.deepEqual(await receipt.answer(), { state: 'pending' })
})

test('an id that was never accepted is unknown, not pending', async () => {
  await using home = await homing('memory:')
  const receipt = home.receipt(job, 'never')
  assert.deepEqual(await receipt.answer(), { state: 'unknown' })
  await assert.rejects(receipt.outcome(), withCode('unknown'))
  await assert.rejects(receipt.progress().next(), withCode('unknown'))
  assert.equal(await receipt.cancel(), false)
  assert.throws(() => home.receipt(job, ''), withCode('bad-argument'))
})

test('an outcome taken away by retention is forgotten, not unknown', async () => {
  await using home = await homing('memory:', { retain: { count: 1 } })
  home.consume(job, ({ input }) => input)
  const first = await home.send(job, 'a')
  await first.outcome()
  for (let n = 0; n < 20; n++) await home.call(job, 'b')
  // Retention runs behind the outcomes: ask until it has come by.
  while ((await first.answer()).state === 'final') await home.call(job, 'c')
  assert.deepEqual(await first.answer(), { state: 'forgotten' })
  await assert.rejects(home.receipt(job, first.id).outcome(), withCode('forgotten'))
})

test('a receipt made from an id finds the outcome after a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'homing-'))
  try {
    {
      await using home = await homing(directory)
      await home.send(job, 'waits', { id: 'waits' })
      const consumer = home.consume(job, ({ input }) => input.toUpperCase())
      assert.equal(await home.call(job, 'done', { id: 'done' }), 'DONE')
      await consumer.close()
    }
    await using home = await homing(directory)
    assert.equal(await home.receipt(job, 'done').result(), 'DONE')
    assert.equal((await home.send(job, 'again', { id: 'done' })).duplicate, true)
    home.consume(job, ({ input }) => input.toUpperCase())
    assert.equal(await home.receipt(job, 'waits').result(), 'WAITS')
  } finally {
    await rm(directory, { recursive: true })
  }
})

test('an id of another queue is told, not misread', async () => {
  await using home = await homing('memory:')
  const other = queue('other')
  home.consume(other, () => 'of other')
  await home.call(other, 1, { id: 'x' })
  const receipt = await home.send(job, 'a', { id: 'x' })
  assert.equal(receipt.duplicate, true)
  const outcome = await receipt.outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'invalid')
  assert.match(outcome.error.data.issues[0]?.message ?? '', /of queue "other", not of "job"/)
})

test('canceling ends a waiting message as canceled, once', async () => {
  await using home = await homing('memory:')
  const receipt = await home.send(job, 'a')
  assert.equal(await receipt.cancel('not needed'), true)
  assert.equal(await receipt.cancel(), false)
  const outcome = await receipt.outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'canceled')
  assert.equal(outcome.error.data.reason, 'not needed')
  await assert.rejects(receipt.result(), withCode('canceled'))
})

test('progress comes live, in order, and ends with the outcome', async () => {
  await using home = await homing('memory:')
  const watched = Promise.withResolvers<void>()
  home.consume(job, async ({ progress }) => {
    await watched.promise
    for (const percent of [25, 50, 75]) await progress({ percent })
    return 'done'
  })
  const receipt = await home.send(job, 'a')
  const values = receipt.progress()
  const first = values.next()
  setTimeout(watched.resolve, 10)
  assert.deepEqual((await first).value, { percent: 25 })
  const rest: number[] = []
  for await (const { percent } of values) rest.push(percent)
  assert.deepEqual(rest, [50, 75])
  assert.equal((await receipt.progress().next()).done, true)
})

test('progress that does not fit fails the handler; a reader may leave early', async () => {
  await using home = await homing('memory:')
  const watched = Promise.withResolvers<void>()
  home.consume(job, async ({ progress, input }) => {
    await watched.promise
    await progress((input === 'bad' ? { percent: 'half' } : { percent: 1 }) as { percent: number })
    return 'done'
  })
  const receipt = await home.send(job, 'good')
  setTimeout(watched.resolve, 10)
  for await (const value of receipt.progress()) {
    assert.deepEqual(value, { percent: 1 })
    break
  }
  const bad = await (await home.send(job, 'bad', { attempts: 1 })).outcome()
  assert.ok(!bad.ok && bad.error.code === 'thrown')
  assert.match(bad.error.data.message, /progress of queue "job" does not fit/)
})

test('a result that no longer fits the contract is reported as invalid, never thrown', async () => {
  await using home = await homing('memory:')
  const before = queue('job', { errors: { Old: z.string() } })
  const consumer = home.consume(before, ({ input, fail }) => {
    if (input === 'fails') throw fail('Old', 'x')
    return 5
  })
  await home.call(before, 'a', { id: 'a' })
  await (await home.send(before, 'fails', { id: 'b' })).outcome()
  await consumer.close()
  const outcome = await home.receipt(job, 'a').outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'invalid')
  assert.equal(outcome.error.data.side, 'output')
  const undeclared = await home.receipt(job, 'b').outcome()
  assert.ok(!undeclared.ok && undeclared.error.code === 'invalid')
  assert.match(undeclared.error.data.issues[0]?.message ?? '', /declares no error "Old"/)
})
