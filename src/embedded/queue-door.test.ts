import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeHeaders, encodeProperties } from '../amqp/protocol/properties.ts'
import { systemClock } from '../clock.ts'
import type { QueueSettings } from '../engine.ts'
import type { Message } from '../message/message.ts'
import { PlainMessage } from '../message/plain-message.ts'
import { type Broker, openBroker } from './broker.ts'
import { engineOptions } from './engine-options.ts'
import type { Disk } from './journal/disk.ts'
import { memoryDisk } from './journal/memory-disk.ts'
import { openMemoryLedger } from './ledger/memory-ledger.ts'
import type { HeldDelivery, LiveQueue, Taker, TakingOptions } from './live-queue.ts'

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

const text = (message: Message): string => Buffer.from(message.body).toString()

function plain(body: string, more: Partial<PlainMessage> & { deliveryMode?: number } = {}) {
  const { deliveryMode = 2, ...rest } = more
  const message = new PlainMessage(
    '',
    'work',
    encodeProperties({ deliveryMode, contentType: 'text/plain' }),
    Buffer.from(body),
  )
  return Object.assign(message, rest)
}

function publish(broker: Broker, live: LiveQueue, ...bodies: string[]): void {
  for (const body of bodies) broker.door.publish(plain(body), [live], true)
}

class Consumer implements Taker {
  readonly seen: string[] = []
  readonly held: HeldDelivery[] = []
  isGone = false
  onItsWayCount = 0
  #waits: (() => void)[] = []

  deliver(delivery: HeldDelivery): void {
    this.held.push(delivery)
    this.#see(delivery.message, delivery.redelivered)
  }

  handOver(message: Message, redelivered: boolean): void {
    this.#see(message, redelivered)
  }

  revoke(): void {}

  onItsWay(change: 1 | -1): void {
    this.onItsWayCount += change
  }

  gone(): void {
    this.isGone = true
  }

  #see(message: Message, redelivered: boolean): void {
    this.seen.push(`${text(message)}${redelivered ? 'R' : ''}`)
    for (const wake of this.#waits.splice(0)) wake()
  }

  async until(count: number): Promise<string[]> {
    while (this.seen.length < count) {
      await new Promise<void>((resolve) => this.#waits.push(resolve))
    }
    return this.seen
  }
}

function consume(broker: Broker, live: LiveQueue, options: Partial<TakingOptions> = {}) {
  const consumer = new Consumer()
  const subscriber = broker.door.subscribe(
    live,
    { prefetch: Number.POSITIVE_INFINITY, ...options },
    consumer,
  )
  broker.door.resume(live)
  return Object.assign(consumer, { subscriber })
}

const declare = (broker: Broker, settings: QueueSettings = {}, name = 'work'): LiveQueue =>
  broker.door.declareQueue(name, settings)

async function drained(broker: Broker, live: LiveQueue): Promise<string[]> {
  const bodies: string[] = []
  for (;;) {
    const delivery = await broker.door.get(live, true)
    if (!delivery) return bodies
    bodies.push(`${text(delivery.message)}${delivery.redelivered ? 'R' : ''}`)
  }
}

test('a confirmed persistent message is there after a crash, byte for byte; a transient one is not', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const live = declare(broker)
  const message = plain('kept')
  assert.equal(broker.door.publish(message, [live], true), 'durable')
  assert.equal(broker.door.publish(plain('lost'), [live], false), 'done')
  await durable(broker)
  broker = await open(disk)
  const again = broker.door.queue('work') as LiveQueue
  assert.equal(again.queue.waiting, 1)
  const delivery = (await broker.door.get(again, false)) as HeldDelivery
  assert.equal(text(delivery.message), 'kept')
  assert.equal(delivery.redelivered, false)
  assert.deepEqual(Buffer.from(delivery.message.properties as Uint8Array), message.properties)
})

test('what a consumer held comes back at its old place after a crash, marked as redelivered', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const live = declare(broker)
  const consumer = consume(broker, live, { prefetch: 2 })
  publish(broker, live, '1', '2', '3', '4')
  await consumer.until(2)
  broker.door.acknowledge(consumer.held.slice(1))
  await consumer.until(3)
  await durable(broker)
  broker = await open(disk)
  const drain = await drained(broker, broker.door.queue('work') as LiveQueue)
  assert.deepEqual(drain, ['1R', '3R', '4'])
})

test('requeued messages stand where they stood: 1R 3R 4R 5 6', async () => {
  for (const persistent of [true, false]) {
    const broker = await open()
    const live = declare(broker)
    for (const body of ['1', '2', '3', '4', '5', '6']) {
      broker.door.publish(plain(body), [live], persistent)
    }
    const held: HeldDelivery[] = []
    for (let n = 0; n < 4; n++) held.push((await broker.door.get(live, false)) as HeldDelivery)
    const [one, two, three, four] = held as [HeldDelivery, HeldDelivery, HeldDelivery, HeldDelivery]
    broker.door.requeue([four], true)
    broker.door.requeue([one], true)
    broker.door.acknowledge([two])
    broker.door.requeue([three], true)
    assert.deepEqual(await drained(broker, live), ['1R', '3R', '4R', '5', '6'])
  }
})

test('transient and persistent messages of one queue keep their order', async () => {
  const broker = await open()
  const live = declare(broker)
  for (let n = 0; n < 50; n++) {
    broker.door.publish(plain(String(n)), [live], n % 3 === 0)
  }
  const consumer = consume(broker, live)
  for (let n = 50; n < 100; n++) {
    broker.door.publish(plain(String(n)), [live], n % 4 === 0)
  }
  const seen = await consumer.until(100)
  assert.deepEqual(
    seen,
    Array.from({ length: 100 }, (_, n) => String(n)),
  )
  assert.equal(consumer.onItsWayCount, 0)
})

test('a consumer without acknowledgement that waits gets its message with nothing written', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const live = declare(broker)
  const consumer = consume(broker, live, { noAck: true })
  assert.equal(broker.door.publish(plain('now'), [live], true), 'done')
  assert.deepEqual(consumer.seen, ['now'])
  broker.door.unsubscribe(consumer.subscriber)
  publish(broker, live, 'a', 'b')
  const second = consume(broker, live, { noAck: true })
  assert.deepEqual(await second.until(2), ['a', 'b'])
  assert.equal(live.queue.size, 0)
  await durable(broker)
  broker = await open(disk)
  assert.equal(broker.door.queue('work')?.queue.size, 0)
})

test('of consumers, those of the highest priority are served first, in turn', async () => {
  const broker = await open()
  const live = declare(broker)
  const low = consume(broker, live, { priority: -1 })
  const first = consume(broker, live, { priority: 5, prefetch: 2 })
  const second = consume(broker, live, { priority: 5, prefetch: 2 })
  publish(broker, live, '1', '2', '3', '4', '5')
  assert.equal(first.seen.length, 2)
  assert.equal(second.seen.length, 2)
  assert.deepEqual(low.seen, ['5'])
})

test('of a single active consumer, the next takes over when it goes', async () => {
  const broker = await open()
  const live = declare(broker, { singleActive: true })
  const first = consume(broker, live, { prefetch: 1 })
  const second = consume(broker, live, { prefetch: 10 })
  publish(broker, live, '1', '2')
  assert.deepEqual([first.seen, second.seen], [['1'], []])
  broker.door.unsubscribe(first.subscriber)
  assert.deepEqual(await second.until(1), ['2'])
})

test('a full queue refuses, or pushes out its oldest', async () => {
  const broker = await open()
  const refusing = declare(broker, { depthMax: 2 }, 'refusing')
  const dropping = declare(broker, { depthMax: 2, overflow: 'drop-head' }, 'dropping')
  const fates = ['1', '2', '3'].map((body) => broker.door.publish(plain(body), [refusing], true))
  assert.deepEqual(fates, ['durable', 'durable', 'refused'])
  assert.equal(broker.door.publish(plain('both'), [dropping, refusing], true), 'refused')
  publish(broker, dropping, '1', '2', '3')
  assert.deepEqual(await drained(broker, dropping), ['2', '3'])
  assert.deepEqual(await drained(broker, refusing), ['1', '2'])
})

test('a queue limited in bytes pushes out as many of its oldest as it must', async () => {
  const broker = await open()
  const live = declare(broker, { depthBytesMax: 10, overflow: 'drop-head' })
  publish(broker, live, '12345', 'abcde', 'x')
  assert.deepEqual(await drained(broker, live), ['abcde', 'x'])
  publish(broker, live, '1234567890', '12')
  assert.deepEqual(await drained(broker, live), ['12'])
})

test('a queue limited in bytes goes on being so after a restart, about', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const live = declare(broker, { depthBytesMax: 2_000, overflow: 'reject' })
  publish(broker, live, 'a'.repeat(900), 'b'.repeat(900))
  await durable(broker)
  broker = await open(disk)
  const again = broker.door.queue('work') as LiveQueue
  assert.equal(broker.door.publish(plain('c'.repeat(500)), [again], true), 'refused')
  assert.equal((await drained(broker, again)).length, 2)
  assert.equal(again.readyBytes, 0)
  assert.equal(broker.door.publish(plain('c'.repeat(500)), [again], true), 'durable')
})

test('a message expires when its time is up, and a time of none lets only a waiting consumer have it', async () => {
  const broker = await open()
  const live = declare(broker, { messageTtlMs: 0 })
  publish(broker, live, 'late')
  assert.equal(await broker.door.get(live, true), undefined)
  const consumer = consume(broker, live)
  publish(broker, live, 'in time')
  assert.deepEqual(consumer.seen, ['in time'])
  broker.door.requeue(consumer.held.slice(), true)
  assert.equal(live.queue.unsettled + live.queue.waiting <= 1, true)
})

test('dead letters go through their exchange with their history, whatever they died of', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const settings = {
    deadLetter: { exchange: '', routingKey: 'dead' },
    deliveryLimit: 1,
    depthMax: 3,
    overflow: 'drop-head' as const,
  }
  const live = declare(broker, settings)
  const dead = declare(broker, {}, 'dead')
  publish(broker, live, 'pushed out', 'rejected', 'too often', 'stays')
  const rejected = (await broker.door.get(live, false)) as HeldDelivery
  broker.door.reject([rejected])
  for (let n = 0; n < 2; n++) {
    broker.door.requeue([(await broker.door.get(live, false)) as HeldDelivery], true)
  }
  broker.door.publish(plain('expired', { deadlineAtMs: 1 }), [live], true)
  await durable(broker)
  await broker.door.get(live, false)
  assert.equal(await broker.door.get(live, false), undefined)
  await durable(broker)
  assert.equal(dead.queue.waiting, 4)
  broker = await open(disk)
  const letters: [string, unknown][] = []
  const after = broker.door.queue('dead') as LiveQueue
  for (;;) {
    const delivery = await broker.door.get(after, true)
    if (!delivery) break
    const headers = decodeHeaders(delivery.message.properties as Uint8Array)
    letters.push([text(delivery.message), headers.get('x-last-death-reason')])
  }
  assert.deepEqual(letters, [
    ['pushed out', 'maxlen'],
    ['rejected', 'rejected'],
    ['too often', 'delivery_limit'],
    ['expired', 'expired'],
  ])
  assert.equal(broker.door.queue('work')?.queue.size, 1)
})

test('a message that expires round and round is dropped where it has been', async () => {
  const broker = await open()
  const live = declare(broker, { messageTtlMs: 0, deadLetter: { exchange: '' } })
  publish(broker, live, 'round')
  assert.equal(await broker.door.get(live, true), undefined)
  assert.equal(live.queue.size, 0)
})

test('a deleted queue is gone with what was in it, after a crash too, and tells its consumers', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const live = declare(broker)
  broker.door.bind('amq.fanout', { kind: 'queue', name: 'work' })
  const consumer = consume(broker, live, { prefetch: 1 })
  publish(broker, live, '1', '2', '3')
  assert.equal(await broker.door.deleteQueue(live), 2)
  assert.equal(consumer.isGone, true)
  broker.door.acknowledge(consumer.held)
  broker.door.requeue(consumer.held, true)
  const again = declare(broker)
  publish(broker, again, 'new')
  await durable(broker)
  broker = await open(disk)
  const recovered = broker.door.queue('work') as LiveQueue
  assert.deepEqual(await drained(broker, recovered), ['new'])
  assert.deepEqual(broker.door.routing.bindingsFrom('amq.fanout'), [])
})

test('a queue that is not durable is gone after a restart, with its exchange and bindings', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const { door } = broker
  const live = declare(broker, { durable: false })
  declare(broker, {}, 'kept')
  door.declareExchange('passing', { type: 'fanout', durable: false })
  door.declareExchange('staying', { type: 'fanout' })
  for (const name of ['work', 'kept']) {
    door.bind('staying', { kind: 'queue', name })
    door.bind('passing', { kind: 'queue', name })
  }
  assert.equal(door.publish(plain('1'), [live], true), 'done')
  await broker.close()
  broker = await open(disk)
  assert.equal(broker.door.queue('work'), undefined)
  assert.equal(broker.door.routing.exchange('passing'), undefined)
  assert.deepEqual(
    broker.door.routing.bindingsFrom('staying').map(({ destination }) => destination),
    ['kept'],
  )
})

test('a message into many queues is one record, and has a life of its own in each', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const lives = Array.from({ length: 300 }, (_, n) => declare(broker, {}, `q${n}`))
  assert.equal(broker.door.publish(plain('all'), lives, true), 'durable')
  await durable(broker)
  assert.deepEqual(await drained(broker, lives[0] as LiveQueue), ['all'])
  await durable(broker)
  broker = await open(disk)
  const left = [...broker.door.queues()].map(({ queue }) => queue.waiting)
  assert.equal(
    left.reduce((sum, count) => sum + count, 0),
    299,
  )
})

test('purging counts what waited and leaves what is held', async () => {
  const broker = await open()
  const live = declare(broker)
  publish(broker, live, '1', '2')
  broker.door.publish(plain('3'), [live], false)
  const held = (await broker.door.get(live, false)) as HeldDelivery
  assert.equal(await broker.door.purge(live), 2)
  broker.door.requeue([held], true)
  assert.deepEqual(await drained(broker, live), ['1R'])
})
