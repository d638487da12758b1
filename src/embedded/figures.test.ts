import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EngineTrial, messageOf, ok } from '../../test/embedded/engine-trial.ts'
import { encodeProperties } from '../amqp/protocol/properties.ts'
import { callbackQueue } from '../message/message.ts'
import { PlainMessage } from '../message/plain-message.ts'

const rejected = { ...ok('no'), code: 'rejected' }

test('messages are counted from their acceptance to their outcome, in all and by queue', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a', 'bb', 'ccc')
  const [a, b, c] = await trial.take('work', 3)
  assert.ok(a && b && c)
  await trial.answerOk(a)
  await trial.until(trial.engine.settle(b, rejected))
  await trial.until(trial.engine.settle(c, { kind: 'return' }))
  const [again] = await trial.take('work', 1)
  assert.ok(again)
  await trial.clock.advance(1_100)
  const { inspection } = trial.broker
  const counted = {
    published: 3,
    publishedBytes: 6,
    confirmed: 3,
    refused: 0,
    delivered: 4,
    redelivered: 1,
    settled: 3,
    outcomes: 2,
    failed: 1,
  }
  const figures = inspection.figures()
  const queue = inspection.queue('work')
  for (const [name, count] of Object.entries(counted)) {
    assert.equal(figures[name as keyof typeof counted], count, name)
    assert.equal(queue?.[name as keyof typeof counted], count, `${name} of the queue`)
  }
  assert.deepEqual([...figures.failedByCode], [['rejected', 1]])
  assert.deepEqual([figures.ready, figures.unsettled, figures.dead, figures.queues], [0, 1, 1, 1])
  assert.equal(figures.roundTrip.count, 2)
  assert.ok(figures.roundTrip.p99Ms >= figures.roundTrip.p50Ms && figures.roundTrip.p50Ms > 0)
  assert.ok(figures.sync.count > 0)
  assert.ok(figures.journal.bytes > 0 && figures.journal.lastLsn > 0)
  assert.ok(figures.memory.rssBytes > 0)
})

test('what is refused is counted, and a deleted queue goes on to count in the totals', async () => {
  const trial = await EngineTrial.open()
  await trial.until(trial.engine.declareQueue('small', { depthMax: 1 }))
  await trial.send('small', 'a')
  await assert.rejects(trial.send('small', 'b'), { code: 'queue-full' })
  const live = trial.broker.door.declareQueue('plain', { depthMax: 1 })
  const message = new PlainMessage('', 'plain', encodeProperties({}), Buffer.from('x'))
  trial.broker.door.publish(message, [live], false)
  assert.equal(trial.broker.door.publish(message, [live], false), 'refused')
  const { inspection } = trial.broker
  assert.equal(inspection.figures().refused, 2)
  assert.equal(inspection.queue('plain')?.refused, 1)
  await trial.until(Promise.resolve(trial.broker.door.deleteQueue(live)))
  const { published, refused, ready } = inspection.figures()
  assert.deepEqual([published, refused, ready], [2, 2, 1])
})

test('outcomes that wait for their callbacks are counted apart from messages', async () => {
  const trial = await EngineTrial.open()
  const meta = { callbacks: [{ name: 'one' }, { name: 'two' }] }
  await trial.publish(messageOf('work', 'a', 'x', { meta }))
  await trial.answerOk(...(await trial.take('work', 1)))
  await trial.take(callbackQueue('two'), 1)
  const figures = trial.broker.inspection.figures()
  assert.deepEqual([figures.published, figures.ready, figures.notHome], [1, 0, 2])
  assert.deepEqual(
    trial.broker.inspection
      .callbacks()
      .map(({ name, waiting, running }) => [name, waiting, running]),
    [
      ['one', 1, 0],
      ['two', 0, 1],
    ],
  )
  assert.equal(trial.broker.inspection.queue(callbackQueue('one'))?.kind, 'callback')
})

test('consumers are told with what they hold, and which one of a single active consumer is served', async () => {
  const trial = await EngineTrial.open()
  await trial.until(trial.engine.declareQueue('work', { singleActive: true }))
  await trial.send('work', 'a')
  const handler = { deliver: () => undefined, revoke: () => undefined }
  for (const consumerName of ['first', 'second']) {
    trial.engine.subscribe('work', { prefetch: 5, consumerName, userName: 'guest' }, handler)
  }
  await trial.clock.advance(50)
  assert.deepEqual(
    trial.broker.inspection
      .consumers('work')
      .map(({ consumer, user, unsettled, active }) => [consumer, user, unsettled, active]),
    [
      ['first', 'guest', 1, true],
      ['second', 'guest', 0, false],
    ],
  )
})

test('the oldest message that waits is told by its age', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', 'a')
  const atMs = trial.engine.nowMs()
  await trial.clock.advance(60_000)
  await trial.send('work', 'b')
  const oldest = trial.broker.inspection.queue('work')?.oldestReadyAtMs ?? 0
  assert.ok(Math.abs(oldest - atMs) < 1_000)
})
