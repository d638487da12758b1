import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { queue } from '../contract/queue.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'

const row = queue('row', {
  input: z.number(),
  output: z.number(),
  errors: { Odd: z.number() },
  retry: { attempts: 2, backoff: 1 },
})

test('a batch gives each message its result, in order', async () => {
  await using home = await homing('memory:')
  const sizes: number[] = []
  home.consumeMany(
    row,
    (batch) => {
      sizes.push(batch.length)
      return batch.map(({ input }) => input * 2)
    },
    { batch: 4, maxWait: '20ms' },
  )
  const outcomes = await home.callAll(row, [1, 2, 3, 4, 5, 6])
  assert.deepEqual(
    outcomes.map((outcome) => outcome.ok && outcome.value),
    [2, 4, 6, 8, 10, 12],
  )
  assert.equal(Math.max(...sizes), 4)
})

test('a message may be settled by itself, and an Error in its place retries it', async () => {
  await using home = await homing('memory:')
  home.consumeMany(row, async (batch) =>
    batch.map((one) => {
      if (one.input === 1) one.fail('Odd', 1)
      if (one.input === 2) one.reject('no twos')
      if (one.input === 3) one.done(33)
      if (one.input === 4 && one.attempt === 1) one.retryIn(1)
      if (one.input === 5 && one.attempt === 1) return new Error('again')
      return one.input
    }),
  )
  const outcomes = await home.callAll(row, [1, 2, 3, 4, 5])
  assert.deepEqual(
    outcomes.map((one) => (one.ok ? [one.value, one.attempts] : one.error.code)),
    ['Odd', 'rejected', [33, 1], [4, 2], [5, 2]],
  )
})

test('a throw retries the messages that were not settled, and only those', async () => {
  await using home = await homing('memory:')
  home.consumeMany(row, (batch) => {
    for (const { input, attempt, done } of batch) if (input === 1 || attempt === 2) done(input)
    throw new Error('the rest')
  })
  const outcomes = await home.callAll(row, [1, 2])
  assert.deepEqual(
    outcomes.map((one) => one.ok && [one.value, one.attempts]),
    [
      [1, 1],
      [2, 2],
    ],
  )
})

test('messages left without a result, and a wrong number of results, are told as thrown', async () => {
  await using home = await homing('memory:')
  const consumer = home.consumeMany(row, () => {})
  const [nothing] = await home.callAll(row, [1])
  assert.ok(!nothing?.ok && nothing?.error.code === 'thrown')
  assert.match(nothing.error.data.message, /left messages without a result/)
  await consumer.close()
  home.consumeMany(row, () => [1, 2, 3])
  const [many] = await home.callAll(row, [1])
  assert.ok(!many?.ok && many?.error.code === 'thrown')
  assert.match(many.error.data.message, /returned 3 results for 1 messages/)
})

test('without an output schema a batch that returns nothing is done', async () => {
  await using home = await homing('memory:')
  const log = queue('log')
  const seen: unknown[] = []
  home.consumeMany(log, (batch) => {
    seen.push(...batch.map(({ input }) => input))
  })
  const outcomes = await home.callAll(log, ['a', 'b'])
  assert.ok(outcomes.every((one) => one.ok && one.value === undefined))
  assert.deepEqual(seen, ['a', 'b'])
})

test('a message that does not fit is invalid by itself; its batch goes on without it', async () => {
  await using home = await homing('memory:')
  await home.send(queue('row'), 'five', { id: 'misfit' })
  home.consumeMany(row, (batch) => batch.map(({ input }) => input))
  assert.equal(await home.call(row, 7), 7)
  const misfit = await home.receipt(row, 'misfit').outcome()
  assert.equal(!misfit.ok && misfit.error.code, 'invalid')
})

test('a batch that takes too long is given back', async () => {
  await using home = await homing('memory:')
  home.consumeMany(
    row,
    async (batch) => {
      if (batch[0]?.attempt === 1) await new Promise(() => {})
      return batch.map(({ input }) => input)
    },
    { timeout: '15ms', concurrency: 2, maxWait: 1, grace: 0 },
  )
  const outcomes = await home.callAll(row, [1, 2])
  assert.deepEqual(
    outcomes.map((one) => one.ok && one.attempts),
    [2, 2],
  )
})

test('a batch size out of range is refused', async () => {
  await using home = await homing('memory:')
  const withCode = (code: string) => (error: unknown) =>
    error instanceof HomingError && error.code === code
  assert.throws(() => home.consumeMany(row, () => {}, { batch: 0 }), withCode('bad-argument'))
  assert.throws(
    () => home.consumeMany(row, () => {}, { bach: 5 } as object),
    withCode('unknown-option'),
  )
})
