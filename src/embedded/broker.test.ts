import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from '../clock.ts'
import type { Delivery } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import { type Broker, openBroker } from './broker.ts'
import { type EmbeddedOptions, engineOptions } from './engine-options.ts'
import type { Disk } from './journal/disk.ts'
import { memoryDisk } from './journal/memory-disk.ts'
import { openMemoryLedger } from './ledger/memory-ledger.ts'

/** A disk in memory outlives the brokers on it: opening again without closing is a crash. */
function open(disk: Disk, options: EmbeddedOptions = {}): Promise<Broker> {
  const settings = engineOptions({ onProblem: (text) => assert.fail(text), ...options })
  const ledger = openMemoryLedger({ retention: settings.retention })
  return openBroker({ disk, clock: systemClock, ledger }, settings)
}

const message = (id: string, more: Partial<Message> = {}): Message => ({
  id,
  idChosen: true,
  exchange: '',
  routingKey: 'work',
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from(id),
  priority: 0,
  deadlineAtMs: Date.now() + 3_600_000,
  availableAtMs: 0,
  timeoutMs: 0,
  attemptsMax: 3,
  meta: undefined,
  ...more,
})

const nextDelivery = (broker: Broker, queue: string): Promise<Delivery> =>
  new Promise((resolve) => {
    broker.subscribe(queue, { prefetch: 1 }, { deliver: resolve, revoke: () => undefined })
  })

test('a message that takes its process down each time ends as lost, after its attempts', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  await broker.publish(message('poison'))
  for (const attempt of [1, 2, 3]) {
    const delivery = await nextDelivery(broker, 'work')
    assert.equal(delivery.attempt, attempt)
    broker = await open(disk)
  }
  const outcome = new Promise<string>((resolve) => {
    broker.whenFinal('poison', ({ code }) => resolve(code))
  })
  broker.subscribe(
    'work',
    { prefetch: 1 },
    { deliver: () => assert.fail('a fourth attempt'), revoke: () => undefined },
  )
  assert.equal(await outcome, 'lost')
  const dead = await broker.deadLetters({})
  assert.deepEqual(
    dead.map(({ message: { id }, reason, attempts }) => [id, reason, attempts]),
    [['poison', 'lost', 3]],
  )
  await broker.close()
})

test('exchanges and bindings route, and are there after a restart, with and without a checkpoint', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  await broker.declareQueue('thumbnails', {})
  await broker.declareQueue('audit', {})
  await broker.declareExchange('events', { type: 'topic' })
  await broker.bind('events', { kind: 'queue', name: 'thumbnails' }, { routingKey: 'photo.*' })
  await broker.bind('events', { kind: 'queue', name: 'audit' }, { routingKey: '#' })
  const waiting = async (): Promise<[string, number][]> =>
    (await broker.queues()).map(({ name, ready }): [string, number] => [name, ready]).sort()

  await broker.publish(message('1', { exchange: 'events', routingKey: 'photo.new' }))
  await broker.publish(message('2', { exchange: 'events', routingKey: 'order.new' }))
  assert.deepEqual(await waiting(), [
    ['audit', 2],
    ['thumbnails', 1],
  ])

  broker = await open(disk)
  await broker.publish(message('3', { exchange: 'events', routingKey: 'photo.new' }))
  assert.deepEqual(await waiting(), [
    ['audit', 3],
    ['thumbnails', 2],
  ])

  await broker.unbind('events', { kind: 'queue', name: 'audit' }, { routingKey: '#' })
  await broker.close()
  broker = await open(disk)
  await broker.publish(message('4', { exchange: 'events', routingKey: 'photo.new' }))
  assert.deepEqual(await waiting(), [
    ['audit', 3],
    ['thumbnails', 3],
  ])

  await assert.rejects(
    broker.publish(message('5', { exchange: 'events', routingKey: 'order.new' })),
    { code: 'unroutable' },
  )
  assert.deepEqual(await broker.answer('5'), { state: 'unknown' })
  await assert.rejects(broker.publish(message('6', { exchange: 'no', routingKey: 'x' })), {
    code: 'exchange-unknown',
  })
  await assert.rejects(broker.bind('events', { kind: 'queue', name: 'no' }), {
    code: 'queue-unknown',
  })
  await broker.close()
})

test('headers of a message route it through a headers exchange', async () => {
  const broker = await open(memoryDisk())
  await broker.declareQueue('urgent', {})
  await broker.declareExchange('by-headers', { type: 'headers' })
  const args = new Map([
    ['level', 'high'],
    ['x-match', 'all'],
  ])
  await broker.bind('by-headers', { kind: 'queue', name: 'urgent' }, { args })
  const through = { exchange: 'by-headers', routingKey: 'any' }
  await broker.publish(message('1', { ...through, meta: { headers: { level: 'high' } } }))
  const low = message('2', { ...through, meta: { headers: { level: 'low' } } })
  await assert.rejects(broker.publish(low), { code: 'unroutable' })
  assert.equal((await broker.queues())[0]?.ready, 1)
  await broker.close()
})

test('a batch that does not fit its queue is refused as a whole', async () => {
  const broker = await open(memoryDisk())
  await broker.declareQueue('work', { depthMax: 3 })
  const four = ['1', '2', '3', '4'].map((id) => message(id))
  await assert.rejects(broker.publishMany(four), { code: 'queue-full' })
  assert.deepEqual(await broker.answer('1'), { state: 'unknown' })
  await broker.publishMany(four.slice(1))
  assert.deepEqual(await broker.answer('2'), { state: 'pending' })
  await broker.close()
})

for (const sync of ['never', { every: '5ms' }] as const) {
  test(`with sync ${JSON.stringify(sync)} messages are there after a clean close, across segments`, async () => {
    const disk = memoryDisk()
    let broker = await open(disk, { sync, segmentBytes: 8_192 })
    for (let n = 0; n < 200; n++) await broker.publish(message(`${n}`))
    await broker.close()
    broker = await open(disk, { sync })
    assert.equal((await broker.queues())[0]?.ready, 200)
    await broker.close()
  })
}

test('an id that gathers use for themselves is refused', async () => {
  const broker = await open(memoryDisk())
  await assert.rejects(broker.publish(message('gathered:day1')), { code: 'bad-argument' })
  await broker.close()
})

test('a message for more queues than one record counts goes to each of them once', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  await broker.declareExchange('all', { type: 'fanout' })
  for (let n = 0; n < 300; n++) {
    await broker.declareQueue(`q${n}`, {})
    await broker.bind('all', { kind: 'queue', name: `q${n}` })
  }
  // A consumer with little credit makes deliveries happen in between.
  broker.subscribe('q1', { prefetch: 1 }, { deliver: () => undefined, revoke: () => undefined })
  for (const id of ['a', 'b'])
    await broker.publish(message(id, { exchange: 'all', routingKey: 'x' }))
  const ready = async (): Promise<number> =>
    (await broker.queues()).reduce((sum, queue) => sum + queue.ready + queue.unsettled, 0)
  assert.equal(await ready(), 600)
  broker = await open(disk)
  assert.equal(await ready(), 600)
  for (const n of [0, 1, 2, 254, 255, 299]) {
    const { message: received } = await nextDelivery(broker, `q${n}`)
    assert.equal(received.id, 'a')
  }
  await broker.close()
})

test('many messages that expire at once, long out of memory, all get their outcome', async () => {
  const disk = memoryDisk()
  let broker = await open(disk)
  const soon = Date.now() + 150
  await broker.publishMany(
    Array.from({ length: 3_000 }, (_, n) =>
      message(`${n}`, { deadlineAtMs: soon, body: Buffer.alloc(2_000) }),
    ),
  )
  await broker.close()
  broker = await open(disk, { tailBytes: 0 })
  const last = await new Promise<string>((resolve) => {
    broker.whenFinal('2999', ({ code }) => resolve(code))
  })
  assert.equal(last, 'expired')
  assert.deepEqual(await broker.answer('0').then(({ state }) => state), 'final')
  assert.equal((await broker.queues())[0]?.ready, 0)
  await broker.close()
})

test('a delivery has its whole time, however long the consumers before it in its turn took', async () => {
  const broker = await open(memoryDisk())
  const timeoutMs = 200
  await broker.publishMany(['first', 'second'].map((id) => message(id, { timeoutMs })))
  const heldMs = await new Promise<number>((resolve) => {
    let deliveredAtMs = 0
    const deliver = ({ message: { id }, attempt }: Delivery): void => {
      const nowMs = performance.now()
      if (attempt > 1) return
      if (id === 'first') while (performance.now() < nowMs + timeoutMs / 2);
      else deliveredAtMs = nowMs
    }
    const revoke = ({ message: { id } }: Delivery): void => {
      if (id === 'second') resolve(performance.now() - deliveredAtMs)
    }
    broker.subscribe('work', { prefetch: 2 }, { deliver, revoke })
  })
  // Clocks count whole milliseconds.
  assert.ok(heldMs > timeoutMs - 1, `taken back after ${heldMs} of ${timeoutMs} ms`)
  await broker.close()
})
