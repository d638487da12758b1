import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeProperties } from '../../src/amqp/protocol/properties.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import {
  channelOf,
  consumeRequest,
  messageTo,
  openHosts,
  publish,
  queueNamed,
  Recorder,
  refusal,
  sessionOf,
} from './opened-host.ts'

test('nothing is delivered before the first resume, nothing after cancel; what is held stays held', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q', { durable: false }))
  for (let n = 0; n < 3; n++) await publish(host, messageTo('', 'q'))
  const recorder = new Recorder()
  const consumer = await host.consume(channel, consumeRequest('q', { prefetch: 2 }), recorder)
  await publish(host, messageTo('', 'q'))
  assert.equal(recorder.messages.length, 0)
  consumer.resume()
  assert.equal(recorder.messages.length, 2)
  consumer.cancel()
  consumer.resume()
  host.acknowledge(recorder.held.slice(0, 1))
  assert.equal(recorder.messages.length, 2)
  assert.equal(host.checkQueue(channel, 'q').messages, 2)
  host.requeue(recorder.held.slice(1), true)
  const again = await host.get(channel, 'q', true)
  assert.equal(again?.redelivered, true)
  assert.equal(again?.remaining, 2)
})

test('a consumer that cannot take more is passed by until it is resumed', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q', { durable: false }))
  const slow = new Recorder()
  slow.room = 1
  const other = new Recorder()
  const consumer = await host.consume(channel, consumeRequest('q', { noAck: true }), slow)
  consumer.resume()
  const second = await host.consume(channel, consumeRequest('q', { noAck: true }), other)
  second.resume()
  for (let n = 0; n < 4; n++) await publish(host, messageTo('', 'q'))
  assert.deepEqual([slow.messages.length, other.messages.length], [1, 3])
  second.cancel()
  await publish(host, messageTo('', 'q'))
  assert.equal(slow.messages.length, 1)
  slow.room = 5
  consumer.resume()
  assert.equal(slow.messages.length, 2)
})

test('an exclusive consumer has no other beside it', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q'))
  const consume = (exclusive: boolean) =>
    host.consume(channel, consumeRequest('q', { exclusive }), new Recorder())
  const inUse = "403 queue 'q' in vhost '/' in exclusive use"
  const shared = await consume(false)
  assert.equal(await refusal(() => consume(true)), inUse)
  shared.cancel()
  const alone = await consume(true)
  assert.equal(await refusal(() => consume(false)), inUse)
  alone.cancel()
  assert.equal(await refusal(() => consume(false)), 'accepted')
})

test('of many consumers of a single-active queue one is served, then the next', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  const args = { 'x-single-active-consumer': true }
  await host.declareQueue(channel, queueNamed('q', { durable: false, args }))
  assert.match(
    await refusal(() =>
      host.consume(channel, consumeRequest('q', { exclusive: true }), new Recorder()),
    ),
    /^403 .* in exclusive use$/,
  )
  const recorders = [new Recorder(), new Recorder()] as const
  const consumers = []
  for (const recorder of recorders) {
    const consumer = await host.consume(channel, consumeRequest('q', { noAck: true }), recorder)
    consumer.resume()
    consumers.push(consumer)
  }
  for (let n = 0; n < 2; n++) await publish(host, messageTo('', 'q'))
  consumers[0]?.cancel()
  await publish(host, messageTo('', 'q'))
  assert.deepEqual(
    recorders.map(({ messages }) => messages.length),
    [2, 1],
  )
})

test('getting from a single-active queue is refused when it is a quorum queue, as in RabbitMQ', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  const args = { 'x-single-active-consumer': true }
  await host.declareQueue(channel, queueNamed('c', { args }))
  const quorum = { ...args, 'x-queue-type': 'quorum' }
  await host.declareQueue(channel, queueNamed('q', { args: quorum }))
  assert.equal(await host.get(channel, 'c', true), undefined)
  assert.equal(
    await refusal(() => host.get(channel, 'q', true)),
    "405 cannot obtain access to locked queue 'q' in vhost '/'. basic.get operations are not supported by quorum queues with single active consumer",
  )
})

test('the consumer of higher x-priority is served first', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q', { durable: false }))
  const low = new Recorder()
  const high = new Recorder()
  high.room = 2
  for (const [recorder, priority] of [
    [low, 0],
    [high, 10],
  ] as const) {
    const request = consumeRequest('q', { noAck: true }, { 'x-priority': priority })
    const consumer = await host.consume(channel, request, recorder)
    consumer.resume()
  }
  for (let n = 0; n < 3; n++) await publish(host, messageTo('', 'q'))
  assert.deepEqual([low.messages.length, high.messages.length], [1, 2])
})

test('wrong arguments of a consumer are refused by name', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q'))
  const refused = (args: Parameters<typeof consumeRequest>[2]) =>
    refusal(() => host.consume(channel, consumeRequest('q', {}, args), new Recorder()))
  assert.equal(
    await refused({ 'x-priority': '1' }),
    `406 invalid arg 'x-priority' for queue 'q' in vhost '/': "expected integer, got longstr"`,
  )
  assert.equal(
    await refused({ 'x-stream-offset': 1 }),
    "406 invalid arg 'x-stream-offset' for queue 'q' in vhost '/' of queue type rabbit_classic_queue",
  )
  assert.equal(
    await refused({ 'x-cancel-on-ha-failover': 1 }),
    "406 invalid arg 'x-cancel-on-ha-failover' for queue 'q' in vhost '/': {unacceptable_type,signedint}",
  )
  assert.equal(host.checkQueue(channel, 'q').consumers, 0)
})

test('a quorum queue tells how often a message was delivered before, and gives up at its limit', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  const args = { 'x-queue-type': 'quorum', 'x-delivery-limit': 2 }
  await host.declareQueue(channel, queueNamed('q', { args }))
  await publish(host, messageTo('', 'q', { deliveryMode: 2 }))
  const counts: unknown[] = []
  for (let n = 0; n < 4; n++) {
    const got = await host.get(channel, 'q', false)
    if (got?.held === undefined) continue
    counts.push(decodeProperties(got.properties).headers?.get('x-delivery-count'))
    host.requeue([got.held], true)
  }
  assert.deepEqual(counts, [0, 1, 2])
  assert.equal(host.checkQueue(channel, 'q').messages, 0)
})

test('a first delivery to a consumer of a quorum queue is not counted, a second one is', async () => {
  await using opened = await openHosts()
  const { host } = opened
  const channel = channelOf()
  await host.declareQueue(channel, queueNamed('q', { args: { 'x-queue-type': 'quorum' } }))
  const recorder = new Recorder()
  const consumer = await host.consume(channel, consumeRequest('q'), recorder)
  consumer.resume()
  await publish(host, messageTo('', 'q'))
  host.requeue(recorder.held, true)
  const counts = recorder.properties.map((properties) =>
    decodeProperties(properties).headers?.get('x-delivery-count'),
  )
  assert.deepEqual(counts, [undefined, 1])
})

test('a queue with x-expires goes when nobody consumes, reads or declares for so long', async () => {
  const clock = new SimulatedClock()
  const opened = await openHosts({ clock })
  const { host } = opened
  const channel = channelOf()
  const request = queueNamed('q', { durable: false, args: { 'x-expires': 1_000 } })
  const isThere = () => opened.broker.door.queue('q') !== undefined
  void host.declareQueue(channel, request)
  await clock.advance(900)
  void host.declareQueue(channel, request)
  await clock.advance(900)
  void host.get(channel, 'q', true)
  await clock.advance(900)
  assert.equal(isThere(), true)
  const consumer = await host.consume(channel, consumeRequest('q'), new Recorder())
  await clock.advance(5_000)
  assert.equal(isThere(), true)
  consumer.cancel()
  await clock.advance(900)
  assert.equal(isThere(), true)
  await clock.advance(200)
  assert.equal(isThere(), false)
  opened.hosts.close()
})

test('a consumer that holds a message too long is told so, by its own time-out or its queue’s', async () => {
  const clock = new SimulatedClock()
  const opened = await openHosts({ clock })
  const { host } = opened
  const channel = channelOf()
  const timed = { durable: false, args: { 'x-consumer-timeout': 1_000 } }
  void host.declareQueue(channel, queueNamed('queue', timed))
  void host.declareQueue(channel, queueNamed('consumer', { durable: false }))
  const recorders = new Map<string, Recorder>()
  for (const name of ['queue', 'consumer']) {
    const recorder = new Recorder()
    recorders.set(name, recorder)
    const args = name === 'consumer' ? timed.args : {}
    const consumer = await host.consume(channel, consumeRequest(name, {}, args), recorder)
    consumer.resume()
    void publish(host, messageTo('', name))
  }
  await clock.advance(900)
  for (const { timeouts } of recorders.values()) assert.deepEqual(timeouts, [])
  await clock.advance(1_000)
  for (const { timeouts } of recorders.values())
    assert.match(timeouts[0] ?? 'none', /timed out\. Timeout value used: 1000 ms/)
  opened.hosts.close()
})

test('what the library sends can be consumed, and a queue of the library is there for clients', async () => {
  await using opened = await openHosts()
  const { host, broker } = opened
  await broker.publish({
    ...{ id: 'photo:42', idChosen: true, exchange: '', routingKey: 'resize' },
    ...{ contentType: 'application/json', body: Buffer.from('{}'), priority: 3 },
    ...{ deadlineAtMs: Number.POSITIVE_INFINITY, availableAtMs: 0, timeoutMs: 0, attemptsMax: 3 },
    meta: { headers: { tenant: 'a' } },
  })
  const channel = channelOf()
  const declared = await host.declareQueue(channel, queueNamed('resize'))
  assert.equal(declared.messages, 1)
  const got = await host.get(channel, 'resize', false)
  assert.deepEqual(got && decodeProperties(got.properties), {
    contentType: 'application/json',
    headers: new Map([['tenant', 'a']]),
    deliveryMode: 2,
    priority: 3,
    messageId: 'photo:42',
  })
  host.acknowledge(got?.held ? [got.held] : [])
  await new Promise((told) => host.whenDurable(told))
  const answer = await broker.answer('photo:42')
  assert.equal(answer.state === 'final' && answer.outcome.code, 'ok')
  assert.match(
    await refusal(() => host.declareQueue(channel, queueNamed('resize', { durable: false }))),
    /inequivalent arg 'durable'/,
  )
})

test('a queue that a client declared stays as declared when the library uses it, and policies change', async () => {
  await using opened = await openHosts()
  const { host, broker } = opened
  const channel = channelOf()
  const args = { 'x-max-length': 5, 'x-dead-letter-exchange': 'amq.fanout' }
  await host.declareQueue(channel, queueNamed('q', { args }))
  await broker.declareQueue('q', { concurrencyMax: 3, rate: { count: 1, perMs: 1_000 } })
  await broker.declareQueue('q', { concurrencyMax: 2 })
  host.policiesChanged()
  const settings = broker.door.queue('q')?.queue.settings
  assert.equal(settings?.concurrencyMax, 2)
  assert.equal(settings?.rate, undefined)
  assert.equal(settings?.depthMax, 5)
  assert.deepEqual(settings?.deadLetter, { exchange: 'amq.fanout' })
  assert.equal(
    await refusal(() => host.declareQueue(channel, queueNamed('q', { args }))),
    'accepted',
  )
})

test('virtual hosts have queues, exchanges and bindings of their own, and take them along', async () => {
  await using opened = await openHosts()
  const { hosts, host, broker } = opened
  const shop = hosts.host('shop')
  const channel = channelOf(sessionOf())
  await shop.declareQueue(channel, queueNamed('q'))
  const bound = { destination: 'q', source: 'amq.topic', routingKey: '#', args: new Map() }
  await shop.bindQueue(channel, bound)
  assert.match(
    await refusal(() => host.checkQueue(channel, 'q')),
    /^404 no queue 'q' in vhost '\/'/,
  )
  assert.equal(await publish(host, messageTo('amq.topic', 'k')), 'unroutable')
  assert.equal(await publish(shop, messageTo('amq.topic', 'k')), 'done')
  assert.equal(await publish(shop, messageTo('', 'q')), 'done')
  assert.equal(shop.checkQueue(channel, 'q').messages, 2)
  await hosts.remove('shop')
  assert.deepEqual([...broker.door.queues()], [])
  assert.equal(await publish(hosts.host('shop'), messageTo('amq.topic', 'k')), 'unroutable')
})

test('after a restart what is durable is there as it was declared', async () => {
  const { memoryDisk } = await import('../../src/embedded/journal/memory-disk.ts')
  const disk = memoryDisk()
  const args = { 'x-message-ttl': 60_000, 'x-queue-type': 'quorum' }
  const first = await openHosts({ disk })
  const shop = first.hosts.host('shop')
  await shop.declareQueue(channelOf(), queueNamed('q', { args }))
  await shop.declareQueue(channelOf(), queueNamed('t', { durable: false }))
  await publish(shop, messageTo('', 'q', { deliveryMode: 2 }))
  await first[Symbol.asyncDispose]()
  await using second = await openHosts({ disk })
  const again = second.hosts.host('shop')
  const declared = await again.declareQueue(channelOf(), queueNamed('q', { args }))
  assert.equal(declared.messages, 1)
  assert.match(
    await refusal(() => again.declareQueue(channelOf(), queueNamed('q'))),
    /inequivalent arg/,
  )
  assert.match(await refusal(() => again.checkQueue(channelOf(), 't')), /^404/)
})
