import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queue } from '../contract/queue.ts'
import { homing } from '../homing.ts'

const job = queue('job')

test('a message that waits behind slow handlers loses no attempt by it', async () => {
  await using home = await homing('memory:')
  home.consume(job, () => new Promise((resolve) => setTimeout(resolve, 30)))
  const options = { timeout: '300ms', attempts: 1 } as const
  const outcomes = await home.callAll(job, new Array(15).fill(1), options)
  assert.ok(
    outcomes.every((outcome) => outcome.ok),
    JSON.stringify(outcomes),
  )
})

test('a consumer holds as many messages as its prefetch allows, waiting ones included', async () => {
  await using home = await homing('memory:')
  const release = Promise.withResolvers<void>()
  await home.sendMany(job, [1, 2, 3, 4, 5])
  const begun = Promise.withResolvers<void>()
  home.consume(
    job,
    () => {
      begun.resolve()
      return release.promise
    },
    { prefetch: 3 },
  )
  await begun.promise
  const [stats] = await home.queues()
  assert.deepEqual([stats?.unsettled, stats?.ready], [3, 2])
  release.resolve()
})

test('first deliveries are begun in the order they were sent', async () => {
  await using home = await homing('memory:')
  const seen: unknown[] = []
  home.consume(job, ({ input }) => {
    seen.push(input)
  })
  const inputs = Array.from({ length: 3_000 }, (_, n) => n)
  await home.callAll(job, inputs)
  assert.deepEqual(seen, inputs)
})

test('a message canceled while it waits behind others is never begun', async () => {
  await using home = await homing('memory:')
  const release = Promise.withResolvers<void>()
  const begun = Promise.withResolvers<void>()
  const seen: unknown[] = []
  home.consume(job, ({ input }) => {
    seen.push(input)
    begun.resolve()
    return release.promise
  })
  const [first, second] = await home.sendMany(job, ['first', 'second'])
  await begun.promise
  await second?.cancel()
  release.resolve()
  await first?.outcome()
  assert.equal((await second?.outcome())?.ok, false)
  assert.deepEqual(seen, ['first'])
})

test('quick handlers of a long queue leave room for timers', async () => {
  await using home = await homing('memory:')
  const worked = { atTimer: 0, now: 0 }
  const sent = home.sendMany(job, new Array(20_000).fill(1))
  const receipts = await sent
  setTimeout(() => {
    worked.atTimer = worked.now
  }, 0)
  home.consume(
    job,
    () => {
      worked.now++
    },
    { concurrency: 100 },
  )
  await receipts.at(-1)?.outcome()
  assert.ok(worked.atTimer < 20_000)
})
