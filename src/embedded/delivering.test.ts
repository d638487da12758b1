import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf, named, ok } from '../../test/embedded/engine-trial.ts'
import type { QueueSettings } from '../engine.ts'
import type { Delivery } from '../message/delivery.ts'

async function withQueue(settings: QueueSettings): Promise<EngineTrial> {
  const trial = await EngineTrial.open()
  await trial.until(trial.engine.declareQueue('work', settings))
  return trial
}

async function sendKeyed(trial: EngineTrial, key: string, ...ids: string[]): Promise<void> {
  for (const id of ids) await trial.publish(messageOf('work', id, id, { meta: { key } }))
}

/** Consumes and answers each delivery after that time; says when each came. */
function answering(trial: EngineTrial, takesMs = 1): [string, number][] {
  const seen: [string, number][] = []
  const beganMs = trial.clock.monotonicMs()
  trial.engine.subscribe(
    'work',
    { prefetch: 100 },
    {
      deliver: (delivery) => {
        seen.push([named(delivery), trial.clock.monotonicMs() - beganMs])
        trial.clock.after(takesMs, () => void trial.engine.settle(delivery, ok()))
      },
      revoke: () => undefined,
    },
  )
  return seen
}

const ids = (seen: readonly [string, number][]): string[] => seen.map(([id]) => id)

test('a queue with a rate delivers so many per period and no more, and all of them in the end', async () => {
  const trial = await withQueue({ rate: { count: 2, perMs: 1_000 } })
  await trial.send('work', '1', '2', '3', '4', '5', '6')
  const seen = answering(trial)
  await trial.clock.advance(10_000)
  assert.deepEqual(ids(seen), ['1', '2', '3', '4', '5', '6'])
  for (const [n, [, atMs]] of seen.entries()) {
    assert.ok(atMs >= (n - 1) * 500 - 20 && atMs <= Math.max(0, n - 1) * 500 + 100, `${n}: ${atMs}`)
  }
})

test('messages of one key keep to its rate, and those of other keys pass them', async () => {
  const trial = await withQueue({ perKey: { rate: { count: 1, perMs: 1_000 } } })
  await sendKeyed(trial, 'a', 'a1', 'a2', 'a3', 'a4')
  await sendKeyed(trial, 'b', 'b1', 'b2')
  const seen = answering(trial)
  await trial.clock.advance(500)
  assert.deepEqual(ids(seen), ['a1', 'b1'])
  await trial.clock.advance(10_000)
  assert.deepEqual(ids(seen).toSorted(), ['a1', 'a2', 'a3', 'a4', 'b1', 'b2'])
  const ofA = seen.filter(([id]) => id.startsWith('a'))
  assert.deepEqual(ids(ofA), ['a1', 'a2', 'a3', 'a4'])
  for (const [n, [, atMs]] of ofA.entries()) {
    assert.ok(atMs >= n * 1_000 - 20 && atMs < n * 1_000 + 250, `${n}: ${atMs}`)
  }
})

test('no more than so many of one key are under way at once, in their order', async () => {
  const trial = await withQueue({ perKey: { concurrencyMax: 1 } })
  await sendKeyed(trial, 'a', 'a1', 'a2', 'a3')
  await sendKeyed(trial, 'b', 'b1')
  const seen = answering(trial, 1_000)
  await trial.clock.advance(900)
  assert.deepEqual(ids(seen), ['a1', 'b1'])
  await trial.clock.advance(10_000)
  assert.deepEqual(ids(seen), ['a1', 'b1', 'a2', 'a3'])
})

test('a limit that is lifted lets what it held back go at once', async () => {
  for (const perKey of [{ rate: { count: 1, perMs: 3_600_000 } }, { concurrencyMax: 1 }]) {
    const trial = await withQueue({ perKey })
    await sendKeyed(trial, 'a', 'a1', 'a2', 'a3')
    const inbox = trial.consume('work')
    await trial.clock.advance(100)
    assert.equal(inbox.deliveries.length, 1)
    await trial.until(trial.engine.declareQueue('work', {}))
    await trial.clock.advance(5_000)
    assert.deepEqual(inbox.deliveries.map(named), ['a1', 'a2', 'a3'])
  }
})

test('a rate that is lifted lets what it held back go at once', async () => {
  const trial = await withQueue({ rate: { count: 1, perMs: 3_600_000 } })
  await trial.send('work', '1', '2', '3')
  const inbox = trial.consume('work')
  await trial.clock.advance(100)
  assert.equal(inbox.deliveries.length, 1)
  await trial.until(trial.engine.declareQueue('work', {}))
  await trial.clock.advance(1_000)
  assert.equal(inbox.deliveries.length, 3)
})

test('a queue that waits for its rate keeps one timer, however many messages are sent meanwhile', async () => {
  const trial = await withQueue({ rate: { count: 1, perMs: 3_600_000 } })
  trial.consume('work')
  await trial.send('work', '1', '2')
  await trial.clock.advance(100)
  const { pending } = trial.clock
  for (let n = 0; n < 50; n++) await trial.send('work', `more ${n}`)
  await trial.clock.advance(100)
  assert.ok(trial.clock.pending <= pending + 2, `${trial.clock.pending} timers`)
})

test('a held message that expires or is canceled frees its place in the limits', async () => {
  const trial = await withQueue({ concurrencyMax: 1, perKey: { concurrencyMax: 1 } })
  const deadlineAtMs = trial.engine.nowMs() + 1_000
  await trial.publish(messageOf('work', 'expires', '', { meta: { key: 'a' }, deadlineAtMs }))
  await sendKeyed(trial, 'a', 'canceled', 'last')
  const inbox = trial.consume('work')
  await trial.clock.advance(1_500)
  assert.deepEqual(inbox.revoked, ['expires expired'])
  assert.deepEqual(inbox.deliveries.map(named), ['expires', 'canceled'])
  await trial.until(trial.engine.cancel('canceled'))
  await trial.clock.advance(100)
  assert.deepEqual(inbox.deliveries.map(named), ['expires', 'canceled', 'last'])
})

test('a parked message that is canceled, expires or is purged is gone, and the others go on', async () => {
  const trial = await withQueue({ perKey: { concurrencyMax: 1 } })
  await sendKeyed(trial, 'a', 'a1', 'a2', 'a3')
  const deadlineAtMs = trial.engine.nowMs() + 1_000
  await trial.publish(messageOf('work', 'a4', '', { meta: { key: 'a' }, deadlineAtMs }))
  await sendKeyed(trial, 'a', 'a5')
  const inbox = trial.consume('work')
  await trial.clock.advance(100)
  assert.equal(await trial.until(trial.engine.cancel('a2')), true)
  await trial.clock.advance(1_500)
  assert.equal(await trial.state('a4'), 'expired')
  await trial.answerOk(inbox.deliveries[0] as Delivery)
  await trial.clock.advance(100)
  assert.deepEqual(inbox.deliveries.map(named), ['a1', 'a3'])
  assert.equal(await trial.until(trial.engine.purgeQueue('work')), 1)
  assert.equal(await trial.state('a5'), 'canceled')
  const [books] = await trial.until(trial.engine.queues())
  assert.deepEqual([books?.ready, books?.unsettled], [0, 1])
})

test('a consumer that throws at a delivery or an outcome stops nobody else', async () => {
  const trial = await withQueue({})
  trial.engine.subscribe(
    'work',
    { prefetch: 1 },
    {
      deliver: () => {
        throw new Error('from the consumer')
      },
      revoke: () => undefined,
    },
  )
  await trial.send('work', '1')
  const inbox = trial.consume('work')
  await trial.send('work', '2')
  await trial.clock.advance(100)
  assert.deepEqual(inbox.deliveries.map(named), ['2'])
  trial.engine.whenFinal('2', () => {
    throw new Error('from who waits')
  })
  let told = 0
  trial.engine.whenFinal('2', () => told++)
  await trial.answerOk(inbox.deliveries[0] as Delivery)
  await trial.clock.advance(100)
  assert.equal(told, 1)
  assert.match(trial.problems.join(), /from the consumer.*from who waits/)
})
