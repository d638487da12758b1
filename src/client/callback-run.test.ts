import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { z } from 'zod'
import { queue } from '../contract/queue.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'
import { toCallback } from './callback-target.ts'

const withCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof HomingError && error.code === code && words.test(error.message)

const resize = queue('resize', {
  input: z.object({ url: z.string(), width: z.number().default(800) }),
  output: z.string(),
})

test('a callback is told the outcome, its context and the input', async () => {
  await using home = await homing('memory:')
  const told = Promise.withResolvers<unknown>()
  const onResized = home.callback(
    'photo.resized',
    resize,
    (outcome, { context, input, attempt }) => told.resolve({ outcome, context, input, attempt }),
    { context: z.object({ photoId: z.number() }) },
  )
  home.consume(resize, ({ input }) => input.url.toUpperCase())
  await home.send(resize, { url: 'u' }, { id: 'x', callback: onResized.with({ photoId: 42 }) })
  const { outcome, ...rest } = (await told.promise) as { outcome: { ok: boolean; value: string } }
  assert.deepEqual([outcome.ok, outcome.value], [true, 'U'])
  assert.deepEqual(rest, {
    context: { photoId: 42 },
    input: { url: 'u', width: 800 },
    attempt: 1,
  })
})

test('a callback that throws is told again under the same id, until it returns', async () => {
  await using home = await homing('memory:')
  const tries: [string, number][] = []
  const done = Promise.withResolvers<void>()
  const onResized = home.callback(
    'flaky',
    resize,
    async (_outcome, { id, attempt, retryIn }) => {
      tries.push([id, attempt])
      if (attempt === 1) throw new Error('database away')
      if (attempt === 2) throw retryIn(2)
      done.resolve()
    },
    { backoff: 1 },
  )
  home.consume(resize, () => 'x')
  await home.send(resize, { url: 'u' }, { callback: onResized })
  await done.promise
  assert.deepEqual(
    tries.map(([, attempt]) => attempt),
    [1, 2, 3],
  )
  assert.equal(new Set(tries.map(([id]) => id)).size, 1)
})

test('several callbacks are each told, and a failure is an outcome like any other', async () => {
  await using home = await homing('memory:')
  const a = Promise.withResolvers<unknown>()
  const b = Promise.withResolvers<unknown>()
  const one = home.callback('one', resize, (outcome) =>
    a.resolve(!outcome.ok && outcome.error.code),
  )
  const two = home.callback('two', resize, (outcome) =>
    b.resolve(!outcome.ok && outcome.error.code),
  )
  home.consume(resize, ({ reject }) => {
    throw reject('no')
  })
  await home.send(resize, { url: 'u' }, { callback: [one, two] })
  assert.deepEqual(await Promise.all([a.promise, b.promise]), ['rejected', 'rejected'])
})

test('a callback that nobody registers waits, is visible, and is told after a restart', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'homing-'))
  try {
    {
      await using home = await homing(directory)
      home.consume(resize, () => 'x')
      const later = toCallback('later', resize)
      const receipt = await home.send(resize, { url: 'u' }, { callback: later.with({ n: 1 }) })
      await receipt.outcome()
      const waiting = (await home.queues()).find((one) => one.name === 'callback:later')
      assert.equal(waiting?.ready, 1)
    }
    await using home = await homing(directory)
    const told = Promise.withResolvers<unknown>()
    home.callback('later', resize, (_outcome, { context }) => told.resolve(context))
    assert.deepEqual(await told.promise, { n: 1 })
  } finally {
    await rm(directory, { recursive: true })
  }
})

test("messages sent inside a callback are nobody's children", async () => {
  await using home = await homing('memory:')
  const parent = Promise.withResolvers<unknown>()
  const next = queue('next')
  home.consume(next, ({ parentId }) => parent.resolve(parentId))
  const onResized = home.callback('then', resize, () => home.send(next, 1))
  home.consume(resize, () => 'x')
  await home.send(resize, { url: 'u' }, { callback: onResized })
  assert.equal(await parent.promise, undefined)
})

test('a context must be JSON as it is', async () => {
  await using home = await homing('memory:')
  const onResized = home.callback('context', resize, () => {})
  assert.throws(
    () => onResized.with({ at: new Date() }),
    withCode('unserialisable', /Date at \$\.at/),
  )
  assert.throws(() => onResized.with(5n), withCode('unserialisable'))
  const big = onResized.with('x'.repeat(70_000))
  await assert.rejects(
    home.send(resize, { url: 'u' }, { callback: big }),
    withCode('message-too-large'),
  )
})

test('a callback name is checked, with the prefix of its queue', async () => {
  await using home = await homing('memory:')
  assert.throws(() => home.callback('', resize, () => {}), withCode('bad-name'))
  assert.throws(
    () => home.callback('x'.repeat(250), resize, () => {}),
    withCode('bad-name', /prefix/),
  )
  assert.throws(() => home.callback('x', resize, 5 as never), withCode('bad-argument', /function/))
  const options = { contxt: z.string() } as object
  assert.throws(() => home.callback('x', resize, () => {}, options), withCode('unknown-option'))
})

test('a gather tells the outcomes of all members once, in order', async () => {
  await using home = await homing('memory:')
  const count = queue('count', { output: z.number() })
  const told = Promise.withResolvers<unknown>()
  const onDone = home.callbackAll('all.done', [resize, count], (outcomes, { context }) =>
    told.resolve([outcomes.map((one) => (one.ok ? one.value : one.error.code)), context]),
  )
  const receipts = [
    await home.send(resize, { url: 'a' }),
    await home.send(count, 'x'),
    await home.send(resize, { url: 'b' }),
  ]
  const id = await home.gather(receipts, onDone.with({ run: 7 }), { id: 'run-7' })
  assert.equal(id, 'run-7')
  home.consume(count, ({ reject }) => {
    throw reject('no')
  })
  home.consume(resize, ({ input }) => input.url)
  assert.deepEqual(await told.promise, [['a', 'rejected', 'b'], { run: 7 }])
})

test('a gather of what is already final, and of nothing, is told at once', async () => {
  await using home = await homing('memory:')
  home.consume(resize, ({ input }) => input.url)
  const receipts = await home.sendMany(resize, [{ url: 'a' }, { url: 'b' }])
  await Promise.all(receipts.map((receipt) => receipt.outcome()))
  const sizes: number[] = []
  const both = Promise.withResolvers<void>()
  const onDone = home.callbackAll('late', resize, (outcomes) => {
    sizes.push(outcomes.length)
    if (sizes.length === 2) both.resolve()
  })
  await home.gather(receipts, onDone)
  await home.gather([], onDone)
  await both.promise
  assert.deepEqual(sizes, [2, 0])
})

test('a gather of an unknown message, or with a callback of one outcome, is refused', async () => {
  await using home = await homing('memory:')
  const onDone = home.callbackAll('all', resize, () => {})
  await assert.rejects(home.gather([home.receipt(resize, 'never')], onDone), withCode('unknown'))
  const one = home.callback('one', resize, () => {})
  await assert.rejects(home.gather([], one as never), withCode('bad-argument', /callbackAll/))
  await assert.rejects(home.gather(5 as never, onDone), withCode('bad-argument', /number/))
})
