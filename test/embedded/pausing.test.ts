import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProperties } from '../../src/amqp/protocol/properties.ts'
import { PlainMessage } from '../../src/message/plain-message.ts'
import { EngineTrial, named } from './engine-trial.ts'

const pause = (trial: EngineTrial, queue = 'work') => trial.until(trial.broker.pauseQueue(queue))
const resume = (trial: EngineTrial, queue = 'work') => trial.until(trial.broker.resumeQueue(queue))

for (const how of ['a clean start', 'kill', 'power'] as const) {
  test(`a paused queue takes messages and delivers none, also after ${how}, until it is resumed`, async () => {
    const trial = await EngineTrial.open()
    await trial.send('work', '1')
    await pause(trial)
    const before = trial.consume('work')
    await trial.send('work', '2')
    await trial.clock.advance(1_000)
    assert.deepEqual(before.deliveries, [])
    if (how === 'a clean start') await trial.reopen()
    else await trial.crash(how)
    const inbox = trial.consume('work')
    await trial.send('work', '3')
    await trial.clock.advance(1_000)
    assert.deepEqual(inbox.deliveries, [])
    const figures = trial.broker.inspection.queue('work')
    assert.deepEqual([figures?.paused, figures?.ready, figures?.consumers], [true, 3, 1])
    assert.equal((await trial.engine.queues())[0]?.paused, true)
    await resume(trial)
    await trial.clock.advance(1_000)
    assert.deepEqual(inbox.deliveries.map(named), ['1', '2', '3'])
    assert.equal(trial.broker.inspection.queue('work')?.paused, false)
  })
}

test('what consumers hold while a queue is paused they settle, and what they give back stays', async () => {
  const trial = await EngineTrial.open()
  await trial.send('work', '1', '2')
  const inbox = trial.consume('work', 2)
  await trial.clock.advance(50)
  await pause(trial)
  const [first, second] = inbox.deliveries
  assert.ok(first && second)
  await trial.answerOk(first)
  await trial.until(trial.engine.settle(second, { kind: 'return' }))
  await trial.clock.advance(1_000)
  assert.equal(inbox.deliveries.length, 2)
  await resume(trial)
  await trial.clock.advance(50)
  assert.deepEqual(inbox.deliveries.map(named), ['1', '2', '2R'])
})

test('declaring a paused queue again, with other settings, leaves it paused', async () => {
  const trial = await EngineTrial.open()
  await trial.until(trial.engine.declareQueue('work', {}))
  await pause(trial)
  await trial.until(trial.engine.declareQueue('work', { messageTtlMs: 60_000 }))
  trial.broker.door.declareQueue('work', { priorityMax: 5 })
  assert.equal(trial.broker.door.queue('work')?.paused, true)
  await trial.until(trial.engine.declareQueue('free', { paused: true }))
  assert.equal(trial.broker.door.queue('free')?.paused, false)
})

test('a paused queue gives nothing to basic.get and to consumers that acknowledge nothing', async () => {
  const trial = await EngineTrial.open()
  const live = trial.broker.door.declareQueue('plain', {})
  await pause(trial, 'plain')
  const seen: string[] = []
  const taker = {
    deliver: () => undefined,
    revoke: () => undefined,
    handOver: ({ body }: { body: Uint8Array }) => seen.push(Buffer.from(body).toString()),
  }
  trial.broker.door.subscribe(live, { prefetch: 100, noAck: true }, taker)
  const message = new PlainMessage('', 'plain', encodeProperties({}), Buffer.from('a'))
  trial.broker.door.publish(message, [live], false)
  assert.equal(await trial.broker.door.get(live, false), undefined)
  await trial.clock.advance(100)
  assert.deepEqual(seen, [])
  await resume(trial, 'plain')
  await trial.clock.advance(100)
  assert.deepEqual(seen, ['a'])
})

test('in a paused queue messages expire as in any other, and a full one refuses', async () => {
  const trial = await EngineTrial.open()
  await trial.until(trial.engine.declareQueue('work', { depthMax: 1, messageTtlMs: 1_000 }))
  trial.consume('work')
  await pause(trial)
  await trial.send('work', '1')
  await assert.rejects(trial.send('work', '2'), { code: 'queue-full' })
  await trial.clock.advance(2_000)
  assert.equal(await trial.state('1'), 'expired')
})

test('a queue that is not there can be neither paused nor resumed', async () => {
  const trial = await EngineTrial.open()
  await assert.rejects(pause(trial, 'no'), { code: 'queue-unknown' })
  await assert.rejects(resume(trial, 'no'), { code: 'queue-unknown' })
})
