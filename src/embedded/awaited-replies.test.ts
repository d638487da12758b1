import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProperties, encodeProperties } from '../amqp/protocol/properties.ts'
import { systemClock } from '../clock.ts'
import type { QueueSettings } from '../engine.ts'
import { awaitedReplies, type Message, type MessageMeta, notification } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { PlainMessage } from '../message/plain-message.ts'
import { type Broker, openBroker } from './broker.ts'
import { engineOptions } from './engine-options.ts'
import type { Disk } from './journal/disk.ts'
import { memoryDisk } from './journal/memory-disk.ts'
import { openMemoryLedger } from './ledger/memory-ledger.ts'
import type { HeldDelivery, LiveQueue, Taker } from './live-queue.ts'

/** A disk in memory outlives the brokers on it: opening again without closing is a crash. */
function open(disk: Disk = memoryDisk()): Promise<Broker> {
  const settings = engineOptions({ onProblem: (text) => assert.fail(text) })
  const ledger = openMemoryLedger({ retention: settings.retention })
  return openBroker({ disk, clock: systemClock, ledger }, settings)
}

const durable = (broker: Broker): Promise<void> =>
  new Promise((resolve, reject) => {
    broker.door.whenDurable((error) => (error ? reject(error) : resolve()))
  })

const declare = (broker: Broker, name: string, settings: QueueSettings = {}): LiveQueue =>
  broker.door.declareQueue(name, settings)

function request(id: string, meta: MessageMeta = { awaitsReply: true }): Message {
  return {
    id,
    idChosen: true,
    exchange: '',
    routingKey: 'work',
    contentType: 'text/plain',
    body: Buffer.from('please'),
    properties: encodeProperties({ replyTo: 'replies', correlationId: id }),
    priority: 0,
    deadlineAtMs: Number.POSITIVE_INFINITY,
    availableAtMs: 0,
    timeoutMs: 0,
    attemptsMax: 10_000,
    meta,
  }
}

const notify = (onlyFailure = false): MessageMeta => ({
  callbacks: [
    { name: notification, queue: 'replies', ...(onlyFailure && { onlyFailure: true as const }) },
  ],
})

const reply = (text = 'done', code = 'ok') => ({
  code,
  contentType: 'text/plain',
  body: Buffer.from(text),
})

const ending = (broker: Broker, id: string): Promise<StoredOutcome> =>
  new Promise((resolve) => {
    broker.whenFinal(id, resolve)
  })

async function stateOf(broker: Broker, id: string): Promise<string> {
  const answer = await broker.answer(id)
  return answer.state === 'final' ? answer.outcome.code : answer.state
}

const get = async (broker: Broker, live: LiveQueue): Promise<HeldDelivery> => {
  const delivery = await broker.door.get(live, false)
  assert.ok(delivery)
  return delivery
}

class Consumer implements Taker {
  readonly held: HeldDelivery[] = []
  readonly revoked: HeldDelivery[] = []

  deliver(delivery: HeldDelivery): void {
    this.held.push(delivery)
  }

  revoke(delivery: HeldDelivery): void {
    this.revoked.push(delivery)
  }
}

test('a reply before the acknowledgement is the result, and the consumer acknowledges as it likes', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const live = declare(broker, 'work')
  const consumer = new Consumer()
  const subscriber = broker.door.subscribe(live, { prefetch: 1 }, consumer)
  broker.door.resume(live)
  await broker.door.publishTracked(request('a'), live)
  await broker.door.publishTracked(request('b'), live)
  await durable(broker)
  assert.equal(consumer.held.length, 1)
  assert.equal(await broker.door.answer('a', 'replies', reply('result')), true)
  const outcome = await ending(broker, 'a')
  assert.equal(Buffer.from(outcome.body).toString(), 'result')
  assert.equal(outcome.attempts, 1)
  await durable(broker)
  // It still counts for the prefetch: the consumer has not said that it is done.
  assert.deepEqual([consumer.held.length, consumer.revoked.length], [1, 0])
  broker.door.requeue(consumer.held, true)
  await durable(broker)
  assert.equal(consumer.held.length, 2)
  assert.equal(await broker.door.answer('a', 'replies', reply('second')), false)
  broker.door.unsubscribe(subscriber)
  broker = await open(disk)
  assert.equal(await stateOf(broker, 'a'), 'ok')
  assert.equal(broker.door.queue('work')?.queue.waiting, 1)
})

test('an acknowledgement before the reply keeps the request for its reply, across a crash', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const live = declare(broker, 'work')
  await broker.door.publishTracked(request('a'), live)
  await durable(broker)
  broker.door.acknowledge([await get(broker, live)])
  await durable(broker)
  assert.equal(live.queue.size, 0)
  assert.equal(await stateOf(broker, 'a'), 'pending')
  broker = await open(disk)
  assert.equal(broker.door.queue('work')?.queue.size, 0)
  assert.equal(await broker.door.answer('a', 'elsewhere', reply()), false)
  assert.equal(await broker.door.answer('a', 'replies', reply('late', 'NotAnImage')), true)
  const outcome = await ending(broker, 'a')
  assert.deepEqual([outcome.code, outcome.queue, outcome.attempts], ['NotAnImage', 'work', 1])
  await durable(broker)
  assert.equal(broker.door.queue(awaitedReplies)?.queue.size, 0)
})

test('a request taken without acknowledgement waits for its reply too', async () => {
  const broker = await open()
  const live = declare(broker, 'work')
  await broker.door.publishTracked(request('a'), live)
  await broker.door.get(live, true)
  assert.equal(await stateOf(broker, 'a'), 'pending')
  assert.equal(await broker.door.answer('a', 'replies', reply()), true)
  assert.equal((await ending(broker, 'a')).code, 'ok')
})

test('a publisher that asked is told of the outcome in its reply queue, once and durably', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const live = declare(broker, 'work')
  declare(broker, 'replies')
  await broker.door.publishTracked(request('fine', notify()), live)
  await broker.door.publishTracked(request('refused', notify(true)), live)
  await broker.door.publishTracked(request('quiet', notify(true)), live)
  await durable(broker)
  broker.door.acknowledge([await get(broker, live)])
  broker.door.reject([await get(broker, live)])
  broker.door.acknowledge([await get(broker, live)])
  await durable(broker)
  broker = await open(disk)
  const replies = broker.door.queue('replies') as LiveQueue
  const told: unknown[] = []
  for (let n = replies.queue.waiting; n > 0; n--) {
    const { message } = await get(broker, replies)
    const { correlationId, headers, type } = decodeProperties(message.properties as Uint8Array)
    const body = JSON.parse(Buffer.from(message.body).toString())
    assert.equal(body.id, correlationId)
    told.push([type, correlationId, headers?.get('homing-code'), body.code, body.queue])
  }
  assert.deepEqual(told, [
    ['homing.outcome', 'fine', 'ok', 'ok', 'work'],
    ['homing.outcome', 'refused', 'rejected', 'rejected', 'work'],
  ])
})

test('who asked to be notified where no durable queue is, is told by the broker once it is durable', async () => {
  const broker = await open()
  const live = declare(broker, 'work')
  const told: [string, PlainMessage][] = []
  broker.door.onNotification((queue, message) => told.push([queue, message]))
  await broker.door.publishTracked(request('a', notify()), live)
  broker.door.acknowledge([await get(broker, live)])
  assert.equal(told.length, 0)
  await durable(broker)
  assert.deepEqual(
    told.map(([queue, { routingKey }]) => [queue, routingKey]),
    [['replies', 'replies']],
  )
})

test('the same id twice is taken once, whatever became of the first', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  let live = declare(broker, 'work')
  assert.equal(await broker.door.publishTracked(request('once', {}), live), false)
  assert.equal(await broker.door.publishTracked(request('once', {}), live), true)
  await durable(broker)
  broker = await open(disk)
  live = broker.door.queue('work') as LiveQueue
  assert.equal(await broker.door.publishTracked(request('once', {}), live), true)
  broker.door.acknowledge([await get(broker, live)])
  await durable(broker)
  assert.equal(await broker.door.publishTracked(request('once', {}), live), true)
  assert.equal(live.queue.size, 0)
})

test('a request that expires on its way through a dead-letter exchange goes on under its id', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const waiting = declare(broker, 'waiting', {
    messageTtlMs: 0,
    deadLetter: { exchange: '', routingKey: 'work' },
  })
  declare(broker, 'work')
  await broker.door.publishTracked(request('a'), waiting)
  assert.equal(await broker.door.get(waiting, false), undefined)
  await durable(broker)
  assert.equal(await stateOf(broker, 'a'), 'pending')
  broker = await open(disk)
  assert.equal(broker.door.queue('waiting')?.queue.size, 0)
  const work = broker.door.queue('work') as LiveQueue
  await get(broker, work)
  assert.equal(await broker.door.answer('a', 'replies', reply('through')), true)
  assert.equal((await ending(broker, 'a')).queue, 'work')
})

test('a rejected request ends as rejected, and a copy goes to the dead-letter exchange', async () => {
  const broker = await open()
  const live = declare(broker, 'work', { deadLetter: { exchange: '', routingKey: 'dead' } })
  const dead = declare(broker, 'dead')
  await broker.door.publishTracked(request('a'), live)
  broker.door.reject([await get(broker, live)])
  assert.equal((await ending(broker, 'a')).code, 'rejected')
  assert.equal(dead.queue.waiting, 1)
  const [letter] = await broker.deadLetters({})
  assert.equal(letter?.message.id, 'a')
})

test('a request that comes back too often is lost', async () => {
  const broker = await open()
  const live = declare(broker, 'work', { deliveryLimit: 2 })
  await broker.door.publishTracked(request('a'), live)
  for (let n = 0; n < 3; n++) broker.door.requeue([await get(broker, live)], true)
  assert.equal((await ending(broker, 'a')).code, 'lost')
})

test('a deleted queue cancels what was to have an outcome, waiting or held', async () => {
  const broker = await open()
  const live = declare(broker, 'work')
  await broker.door.publishTracked(request('held', notify()), live)
  await broker.door.publishTracked(request('waiting', notify()), live)
  await durable(broker)
  await get(broker, live)
  assert.equal(await broker.door.deleteQueue(live), 1)
  assert.equal((await ending(broker, 'held')).code, 'canceled')
  assert.equal((await ending(broker, 'waiting')).code, 'canceled')
})

test('a plain message and one with an outcome keep their order before one consumer', async () => {
  const broker = await open()
  const live = declare(broker, 'work')
  const consumer = new Consumer()
  broker.door.subscribe(live, { prefetch: 100 }, consumer)
  const plain = new PlainMessage('', 'work', encodeProperties({}), Buffer.from('plain'))
  await broker.door.publishTracked(request('a'), live)
  broker.door.publish(plain, [live], false)
  await durable(broker)
  assert.deepEqual(
    consumer.held.map(({ message }) => message.id),
    ['a', ''],
  )
})
