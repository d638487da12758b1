import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queue } from '../contract/queue.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'

const withCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof HomingError && error.code === code && words.test(error.message)

const job = queue('job', { within: '1h' })

test('absurd options of a send are refused one by one, and nothing is sent', async () => {
  await using home = await homing('memory:')
  const cases: [object, string, RegExp][] = [
    [{ withn: '1s' }, 'unknown-option', /did you mean "within"/],
    [{ id: '' }, 'bad-argument', /message id is empty/],
    [{ id: 'a\nb' }, 'bad-argument', /control character/],
    [{ id: 'x'.repeat(300) }, 'bad-argument', /255/],
    [{ within: '-5s' }, 'bad-duration', /within/],
    [{ within: 0 }, 'bad-duration', /above it/],
    [{ delay: '1 fortnight' }, 'bad-duration', /delay/],
    [{ delay: '1s', at: new Date() }, 'bad-argument', /both delay and at/],
    [{ within: '1s', deadline: new Date() }, 'bad-argument', /both within and deadline/],
    [{ at: new Date(Number.NaN) }, 'bad-argument', /at of .* valid Date/],
    [{ deadline: '2026-01-01' }, 'bad-argument', /valid Date/],
    [{ priority: 300 }, 'bad-argument', /from 0 to 255/],
    [{ attempts: 0 }, 'bad-argument', /from 1/],
    [{ key: '' }, 'bad-name', /key/],
    [{ headers: { a: 1 } }, 'bad-argument', /header "a"/],
    [{ headers: { a: '\ud800' } }, 'bad-argument', /Unicode/],
    [{ headers: { a: 'x'.repeat(70_000) } }, 'message-too-large', /65536/],
    [{ headers: null }, 'bad-argument', /no object/],
    [{ callback: { name: 'x' } }, 'bad-argument', /home\.callback/],
    [{ ttl: 0 }, 'bad-duration', /ttl/],
  ]
  for (const [options, code, words] of cases) {
    await assert.rejects(home.send(job, 1, options), withCode(code, words))
    await assert.rejects(home.call(job, 1, options), withCode(code, words))
  }
  assert.equal((await home.queues()).find((one) => one.name === 'job')?.accepted ?? 0, 0)
})

test('headers, key, priority and parent reach the handler', async () => {
  await using home = await homing('memory:')
  const seen = Promise.withResolvers<unknown[]>()
  home.consume(job, ({ headers, key, deadline, attempt, redelivered, parentId, id }) => {
    seen.resolve([headers, key, deadline, attempt, redelivered, parentId, id])
  })
  const deadline = new Date(Date.now() + 60_000)
  await home.send(job, 1, { id: 'x', headers: { trace: 'äö' }, key: 'k', priority: 5, deadline })
  assert.deepEqual(await seen.promise, [{ trace: 'äö' }, 'k', deadline, 1, false, undefined, 'x'])
})

test('higher priorities are worked on first', async () => {
  await using home = await homing('memory:')
  await home.send(job, 'low')
  await home.send(job, 'high', { priority: 9 })
  const order: unknown[] = []
  const both = Promise.withResolvers<void>()
  home.consume(job, ({ input }) => {
    order.push(input)
    if (order.length === 2) both.resolve()
  })
  await both.promise
  assert.deepEqual(order, ['high', 'low'])
})

test('a delayed message is not delivered before its time, and its deadline counts from there', async () => {
  await using home = await homing('memory:')
  const seen = Promise.withResolvers<{ deadline: Date | undefined; at: number }>()
  home.consume(job, ({ deadline }) => seen.resolve({ deadline, at: Date.now() }))
  const sentAt = Date.now()
  await home.send(job, 1, { delay: '60ms', within: '30ms' })
  const { deadline, at } = await seen.promise
  // Engine time does not jump, machine time may tick between two readings: 2 ms are none of ours.
  assert.ok(at - sentAt >= 58, `delivered after ${at - sentAt} ms`)
  assert.ok(deadline !== undefined && deadline.getTime() - sentAt >= 88)
})

test('a moment in the past is at once', async () => {
  await using home = await homing('memory:')
  home.consume(job, () => 'done')
  assert.equal(await home.call(job, 1, { at: new Date(Date.now() - 5_000) }), 'done')
})

test('a deadline that has passed makes the outcome expired', async () => {
  await using home = await homing('memory:')
  const receipt = await home.send(job, 1, { deadline: new Date(Date.now() - 1_000) })
  const outcome = await receipt.outcome()
  assert.equal(!outcome.ok && outcome.error.code, 'expired')
})

test('a deadline before the first possible delivery is refused', async () => {
  await using home = await homing('memory:')
  const options = { at: new Date(Date.now() + 60_000), deadline: new Date(Date.now() + 1_000) }
  await assert.rejects(home.send(job, 1, options), withCode('bad-argument', /move one of them/))
})

test('a message that waits longer than its ttl is expired', async () => {
  await using home = await homing('memory:')
  const outcome = await (await home.send(job, 1, { ttl: '20ms' })).outcome()
  assert.equal(!outcome.ok && outcome.error.code, 'expired')
})
