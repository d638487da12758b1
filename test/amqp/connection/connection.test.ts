import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { connectionForced } from '../../../src/amqp/protocol/amqp-error.ts'
import { able, Trial, table } from './trial.ts'

const closeOk = { name: 'connection.close-ok' } as const

test('a connection that the client closes gives back what it holds before close-ok', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client.declare(1, 'mine', { exclusive: true }).declare(1, 'shared').publish(1, 'shared', 'a')
  client.get(1, 'shared').closeConnection()
  const heard = await client.hears()
  assert.deepEqual(heard.slice(-2), ['0 connection.close-ok', 'socket: end'])
  const other = await trial.connected()
  other.declare(1, 'mine').get(1, 'shared')
  assert.deepEqual(await other.hears(), [
    '1 queue.declare-ok mine 0 0',
    '1 basic.get-ok 1 true 0 "a"',
  ])
})

test('what comes behind the client’s close is not worked on', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client.closeConnection().declare(1, 'late').closeConnection()
  assert.deepEqual(await client.hears(), ['0 connection.close-ok', 'socket: end'])
  const other = await trial.connected()
  other.declare(1, 'late', { passive: true })
  assert.match((await other.hears())[0] ?? '', /404 NOT_FOUND/)
})

test('after an error of the connection only a close and a close-ok are looked at', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client
    .send(1, { name: 'channel.open' })
    .declare(1, 'late')
    .send(0, { name: 'connection.open-ok' })
  assert.deepEqual(await client.hears(), [
    "0 connection.close 504 CHANNEL_ERROR - second 'channel.open' seen 20 10",
  ])
  client.closeConnection()
  assert.deepEqual(await client.hears(), ['0 connection.close-ok'])
  client.send(0, closeOk)
  assert.deepEqual(await client.hears(), ['socket: end'])
  client.connection.socketClosed()
  assert.equal(client.connection.state, 'over')
})

test('a client that does not answer our close is dropped in the end', async () => {
  const trial = await Trial.open()
  const over: string[] = []
  const client = trial
    .client({ over: (why) => over.push(why) })
    .login()
    .tune()
  client.send(0, { name: 'connection.open', virtualHost: '/' })
  await client.hears()
  client.connection.close(connectionForced('the broker stops'))
  assert.deepEqual(await client.hears(), [
    '0 connection.close 320 CONNECTION_FORCED - the broker stops 0 0',
  ])
  assert.deepEqual(await client.hears(10_000), ['socket: end'])
  assert.deepEqual(await client.hears(10_000), ['socket: destroy'])
  assert.deepEqual(over, ['the client did not close its socket'])
})

test('channel 0 is for the connection only', async () => {
  const trial = await Trial.open()
  const expected =
    /^0 connection\.close 504 CHANNEL_ERROR - unexpected method in connection state running/
  for (const method of [{ name: 'channel.open' }, { name: 'connection.open-ok' }] as const) {
    const client = await trial.connected()
    client.send(0, method)
    assert.match((await client.hears())[0] ?? '', expected, method.name)
  }
  const client = await trial.connected()
  client.frame(2, 0, Buffer.alloc(14))
  assert.match((await client.hears())[0] ?? '', /close 505 UNEXPECTED_FRAME .* 0 0$/)
})

test('heartbeats come on channel 0 and nowhere else', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client.frame(8, 0, Buffer.alloc(0))
  assert.deepEqual(await client.hears(), [])
  client.frame(8, 1, Buffer.alloc(0))
  assert.match((await client.hears())[0] ?? '', /close 505 UNEXPECTED_FRAME .* 0 0$/)
})

test('bytes that are no frame close the connection with 501', async () => {
  const trial = await Trial.open()
  for (const bytes of [
    [1, 0, 1, 0, 0, 0, 5, 0, 20, 0, 20, 1, 0],
    [5, 0, 1, 0, 0, 0, 1, 0, 206],
    [3, 0, 1, 1, 0, 0, 0],
  ]) {
    const client = await trial.connected()
    client.raw(Uint8Array.from(bytes)).declare(1, 'late')
    assert.match((await client.hears()).join(), /^0 connection\.close 501 FRAME_ERROR [^,]* 0 0$/)
    client.send(0, closeOk)
    assert.deepEqual(await client.hears(), ['socket: end'])
  }
})

test('a method that nobody knows, and one for clients, close the connection', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client.frame(1, 1, Buffer.of(0, 60, 0, 99))
  assert.match((await client.hears())[0] ?? '', /close 540 NOT_IMPLEMENTED .* 60 99$/)
  const other = await trial.connected()
  other.send(1, { name: 'basic.get-empty' })
  assert.match((await other.hears())[0] ?? '', /close 503 COMMAND_INVALID .* 60 72$/)
})

test('a new secret is taken at any time, or refused by whoever knows users', async () => {
  const trial = await Trial.open()
  const secret = {
    name: 'connection.update-secret',
    newSecret: Buffer.from('new'),
    reason: 'time',
  } as const
  const client = await trial.connected()
  assert.deepEqual(await client.send(0, secret).hears(), ['0 connection.update-secret-ok'])
  const strict = await Trial.open({ updateSecret: async () => false })
  const refused = await strict.connected()
  assert.match((await refused.send(0, secret).hears())[0] ?? '', /530 NOT_ALLOWED .* 10 70$/)
})

test('a silent client is dropped after two heartbeats, a silent server sends them', async () => {
  const trial = await Trial.open()
  const client = trial.client().login().tune({ heartbeat: 10 })
  client.send(0, { name: 'connection.open', virtualHost: '/' })
  await client.hears()
  // The first half interval had open-ok in it.
  assert.deepEqual(await client.hears(15_000), ['heartbeat', 'heartbeat'])
  client.frame(8, 0, Buffer.alloc(0))
  assert.equal((await client.hears(20_000)).at(-1), 'heartbeat')
  assert.equal((await client.hears(5_000)).at(-1), 'socket: destroy')
  assert.equal(client.connection.state, 'over')
})

test('a socket that is gone takes its exclusive queues and gives back its deliveries', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client.declare(1, 'mine', { exclusive: true }).declare(1, 'shared').publish(1, 'shared', 'a')
  client.consume(1, 'shared', 't')
  assert.deepEqual((await client.hears()).at(-1), '1 basic.deliver t 1 false "a"')
  client.connection.socketClosed()
  await client.hears()
  const other = await trial.connected()
  other.declare(1, 'mine').get(1, 'shared')
  assert.deepEqual(await other.hears(), [
    '1 queue.declare-ok mine 0 0',
    '1 basic.get-ok 1 true 0 "a"',
  ])
})

test('publishers are not read from while the broker is low on something, and are told', async () => {
  const trial = await Trial.open()
  const publisher = await trial.connected()
  const consumer = await trial.connected()
  publisher.declare(1, 'q')
  await publisher.hears()
  for (const { connection } of [publisher, consumer]) connection.blocked('low on memory')
  consumer.consume(1, 'q', 't', true)
  assert.deepEqual(await consumer.hears(), ['1 basic.consume-ok t'])
  publisher.publish(1, 'q', 'a')
  assert.deepEqual(await publisher.hears(), ['0 connection.blocked low on memory'])
  assert.equal(publisher.connection.facts.isBlocked, true)
  publisher.publish(1, 'q', 'b')
  assert.deepEqual(await publisher.hears(), [])
  assert.equal(publisher.isPaused, true)
  assert.deepEqual(await consumer.hears(), ['1 basic.deliver t 1 false "a"'])
  for (const { connection } of [publisher, consumer]) connection.unblocked()
  assert.deepEqual(await publisher.hears(), ['0 connection.unblocked'])
  assert.equal(publisher.isPaused, false)
  assert.deepEqual(await consumer.hears(), ['1 basic.deliver t 2 false "b"'])
})

test('a client that does not know of blocking is blocked without a word', async () => {
  const trial = await Trial.open()
  const publisher = await trial.connected(1, table())
  publisher.declare(1, 'q').publish(1, 'q', 'a')
  publisher.connection.blocked('low on disk')
  assert.deepEqual(await publisher.hears(), ['1 queue.declare-ok q 0 0'])
  publisher.declare(1, 'r')
  assert.deepEqual(await publisher.hears(), [])
  publisher.connection.unblocked()
  assert.deepEqual(await publisher.hears(), ['1 queue.declare-ok r 0 0'])
})

test('all that is said in one turn goes out in one piece', async () => {
  const trial = await Trial.open()
  const client = await trial.connected(3)
  client.declare(1, 'a').declare(2, 'b').declare(3, 'c').publish(1, 'a', 'x').get(2, 'a')
  const { writes } = client
  assert.equal((await client.hears()).length, 4)
  assert.equal(client.writes - writes, 1)
})

test('a consumer that does not read is delivered so much and no more, and gets the rest later', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  const publisher = await trial.connected()
  publisher.declare(1, 'q')
  for (let n = 0; n < 1_000; n++) publisher.publish(1, 'q', 'x'.repeat(10_000))
  await publisher.hears()
  client.isStuck = true
  client.consume(1, 'q', 't', true)
  const first = await client.hears()
  assert.ok(first.length > 20 && first.length < 300, `${first.length}`)
  assert.deepEqual(await client.hears(), [])
  client.unstick()
  assert.equal(first.length + (await client.hears()).length, 1_001)
})

test('a client that asks and does not read is not read from either', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client.declare(1, 'q').publish(1, 'q', 'x'.repeat(100_000))
  await client.hears()
  client.isStuck = true
  for (let n = 0; n < 100; n++) {
    client.get(1, 'q').nack(1, n + 1)
    client.flush()
  }
  const answered = (await client.hears()).length
  assert.ok(answered >= 10 && answered < 20, `${answered}`)
  assert.equal(client.isPaused, true)
  assert.ok(client.connection.facts.waitingBytes < 2 * 1024 * 1024)
  client.unstick()
  assert.equal(answered + (await client.hears()).length, 100)
  assert.equal(client.isPaused, false)
})

test('what RabbitMQ 4.3 changes is noted, each feature once', async () => {
  const warned: string[] = []
  const trial = await Trial.open()
  const client = trial.client({ warned: (feature) => warned.push(feature) }).login()
  client.tune({ frameMax: 4_096 }).send(0, { name: 'connection.open', virtualHost: '/' })
  client.send(1, { name: 'channel.open' }).qos(1, 10, true).qos(1, 20, true)
  await client.hears()
  assert.deepEqual(warned, ['frame_max', 'global_qos'])
  assert.deepEqual([...client.connection.facts.warnings.keys()], warned)
})

test('the facts of a connection tell of its channels', async () => {
  const trial = await Trial.open()
  const client = await trial.connected(2)
  client.declare(1, 'q').publish(1, 'q', 'a').qos(2, 5).consume(2, 'q', 't')
  client.send(1, { name: 'confirm.select', nowait: true }).send(2, { name: 'tx.select' })
  await client.hears()
  const { channels, clientProperties } = client.connection.facts
  assert.deepEqual(clientProperties, able)
  const [first, second] = channels
  assert.deepEqual(
    [first?.published, first?.isConfirming, first?.isTransactional],
    [1, true, false],
  )
  assert.deepEqual(
    [second?.consumers, second?.unacknowledged, second?.prefetch, second?.isTransactional],
    [1, 1, 5, true],
  )
})

test('a body that comes in pieces is stopped, too, when the broker is low on memory', async () => {
  const trial = await Trial.open()
  const publisher = await trial.connected()
  publisher.declare(1, 'q').publish(1, 'q', 'x'.repeat(200_000))
  const bytes = publisher.writer.take()
  publisher.raw(bytes.subarray(0, 100_000))
  publisher.connection.blocked('low on memory')
  publisher.raw(bytes.subarray(100_000))
  assert.deepEqual(await publisher.hears(), [
    '1 queue.declare-ok q 0 0',
    '0 connection.blocked low on memory',
  ])
  publisher.connection.unblocked()
  publisher.declare(1, 'q', { passive: true })
  assert.deepEqual(await publisher.hears(), ['0 connection.unblocked', '1 queue.declare-ok q 1 0'])
})

test('an engine that is closed under its connections costs them, and nothing else', async () => {
  const trial = await Trial.open()
  const over: string[] = []
  const client = trial
    .client({ over: (why) => over.push(why) })
    .login()
    .tune()
  client.send(0, { name: 'connection.open', virtualHost: '/' }).send(1, { name: 'channel.open' })
  client.declare(1, 'q', { exclusive: true }).publish(1, 'q', 'a').consume(1, 'q', 't')
  await client.hears()
  await trial.clock.until(trial.broker.close())
  client.ack(1, 1).declare(1, 'r')
  const heard = await client.hears()
  assert.match(heard[0] ?? '', /^0 connection\.close 320 CONNECTION_FORCED/)
  client.connection.socketClosed()
  await client.hears()
  assert.deepEqual(over, ['the socket was closed'])
  assert.match(trial.problems.join(), /queue "q" was not deleted/)
})

test('a publisher that is faster than the disk is not read from until there is room', async () => {
  const trial = await Trial.open()
  const client = await trial.connected()
  client.declare(1, 'q', { durable: true }).send(1, { name: 'confirm.select', nowait: true })
  await client.hears()
  const body = 'x'.repeat(1024 * 1024)
  for (let n = 0; n < 12; n++) client.publish(1, 'q', body, { persistent: true })
  client.flush().declare(1, 'q', { passive: true }).flush()
  assert.equal(client.isPaused, true)
  const heard = await client.hears()
  assert.ok(heard.includes('1 queue.declare-ok q 12 0'))
  const numbers = heard
    .filter((line) => line.includes('basic.ack'))
    .map((line) => line.split(' ')[2])
  assert.equal(numbers.at(-1), '12')
  assert.equal(client.isPaused, false)
})
