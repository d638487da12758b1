import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { ConsumeMessage } from 'amqplib'
import { startBroker } from '../../../src/amqp.ts'
import { scopedName } from '../../../src/scoped-name.ts'
import type { RunningBroker } from '../../../src/server/start-broker.ts'
import { type Client, connect, outcomeOf, textOf } from './client.ts'

interface World {
  readonly broker: RunningBroker
  readonly client: Client
}

async function withWork(run: (world: World) => Promise<void>, args = {}): Promise<void> {
  await using broker = await startBroker()
  await using client = await connect(broker)
  await client.channel.assertQueue('work', { durable: true, arguments: args })
  await client.channel.assertQueue('replies', { durable: true })
  await run({ broker, client })
}

const told = (message: ConsumeMessage) => JSON.parse(textOf(message.content))

test('what a consumer publishes to reply_to is the result, stored under the correlation id', () =>
  withWork(async ({ broker, client }) => {
    const work = await client.consume('work')
    const replies = await client.consume('replies', { noAck: true })
    await client.publish('work', 'ping', { replyTo: 'replies', correlationId: 'c-1' })
    const request = await work.next()
    const { replyTo, correlationId } = request.properties
    await client.publish(replyTo, 'pong', { correlationId, contentType: 'text/plain' })
    client.channel.ack(request)
    const reply = await replies.next()
    assert.equal(textOf(reply.content), 'pong')
    assert.equal(reply.properties.correlationId, 'c-1')
    const outcome = await outcomeOf(broker, 'c-1')
    assert.deepEqual(
      [outcome.code, outcome.queue, outcome.contentType, textOf(outcome.body)],
      ['ok', 'work', 'text/plain', 'pong'],
    )
  }))

test('a consumer that acknowledges first, or never needs to, gives its result all the same', () =>
  withWork(async ({ broker, client }) => {
    const work = await client.consume('work')
    await client.publish('work', '1', { replyTo: 'replies', messageId: 'm-1' })
    const request = await work.next()
    client.channel.ack(request)
    await client.publish('replies', 'late', { correlationId: 'm-1' })
    assert.equal(textOf((await outcomeOf(broker, 'm-1')).body), 'late')
    await client.channel.cancel(work.consumerTag)
    const careless = await client.consume('work', { noAck: true })
    await client.publish('work', '2', { replyTo: 'replies', correlationId: 'c-2' })
    await careless.next()
    await client.publish('replies', 'done', { correlationId: 'c-2' })
    assert.equal(textOf((await outcomeOf(broker, 'c-2')).body), 'done')
  }))

test('of two replies the first is the result, and both reach the requester', () =>
  withWork(async ({ broker, client }) => {
    const replies = await client.consume('replies', { noAck: true })
    await client.publish('work', 'ping', { replyTo: 'replies', correlationId: 'c' })
    await client.publish('replies', 'first', { correlationId: 'c' })
    await client.publish('replies', 'second', { correlationId: 'c' })
    const texts = [textOf((await replies.next()).content), textOf((await replies.next()).content)]
    assert.deepEqual(texts.sort(), ['first', 'second'])
    assert.equal(textOf((await outcomeOf(broker, 'c')).body), 'first')
  }))

test('a correlation id used again is another request with an id of its own', () =>
  withWork(async ({ broker, client }) => {
    await client.publish('work', '1', { replyTo: 'replies', correlationId: 'same' })
    await client.publish('work', '2', { replyTo: 'replies', correlationId: 'same' })
    const [work] = (await broker.engine.queues()).filter(({ name }) => name === 'work')
    assert.equal(work?.ready, 2)
  }))

test('a request with an id of its own, or a used correlation id, gets its reply as result too', () =>
  withWork(async ({ broker, client }) => {
    const options = { replyTo: 'replies', correlationId: 'c' }
    await client.publish('work', '1', { ...options, headers: { 'x-homing-id': 'mine' } })
    await client.publish('replies', 'one', { correlationId: 'c' })
    assert.equal(textOf((await outcomeOf(broker, 'mine')).body), 'one')
    await client.publish('work', '2', options)
    await client.publish('work', '3', options)
    await client.publish('replies', 'two', { correlationId: 'c' })
    await client.publish('replies', 'three', { correlationId: 'c' })
    const texts = (await broker.engine.outcomes({})).map(({ body }) => textOf(body))
    assert.deepEqual(texts.sort(), ['one', 'three', 'two'])
  }))

test('x-homing-error on a reply makes it a declared error', () =>
  withWork(async ({ broker, client }) => {
    const work = await client.consume('work')
    await client.publish('work', 'ping', { replyTo: 'replies', correlationId: 'c' })
    client.channel.ack(await work.next())
    const headers = { 'x-homing-error': 'OutOfStock' }
    await client.publish('replies', '{"sku":"x"}', { correlationId: 'c', headers })
    assert.equal((await outcomeOf(broker, 'c')).code, 'OutOfStock')
  }))

test('a rejected request has the outcome rejected, a lost one is told as lost', () =>
  withWork(async ({ broker, client }) => {
    const work = await client.consume('work')
    await client.publish('work', 'ping', { replyTo: 'replies', correlationId: 'r' })
    client.channel.reject(await work.next(), false)
    assert.equal((await outcomeOf(broker, 'r')).code, 'rejected')
    const headers = { 'x-homing-attempts': 2, 'x-homing-notify': 'failure' }
    const replies = await client.consume('replies', { noAck: true })
    await client.publish('work', 'poison', { replyTo: 'replies', correlationId: 'l', headers })
    for (let n = 0; n < 2; n++) client.channel.nack(await work.next(), false, true)
    const { code, attempts } = told(await replies.next())
    assert.deepEqual([code, attempts], ['lost', 2])
  }))

test('the broker tells a publisher who asked what became of its message', () =>
  withWork(async ({ client }) => {
    const work = await client.consume('work')
    const replies = await client.consume('replies', { noAck: true })
    const options = { replyTo: 'replies', headers: { 'x-homing-notify': 'all' } }
    await client.publish('work', 'fine', { ...options, correlationId: 'a' })
    client.channel.ack(await work.next())
    const { content, properties } = await replies.next()
    assert.equal(properties.type, 'homing.outcome')
    assert.equal(properties.correlationId, 'a')
    assert.equal(properties.contentType, 'application/vnd.homing.outcome+json')
    assert.deepEqual(properties.headers, {
      'homing-id': 'a',
      'homing-code': 'ok',
      'homing-queue': 'work',
      'homing-attempts': 1,
    })
    assert.equal(JSON.parse(textOf(content)).ok, true)
    await client.channel.cancel(work.consumerTag)
    await client.publish('work', 'expires', { ...options, correlationId: 'b', expiration: '1' })
    assert.equal(told(await replies.next()).code, 'expired')
    await client.publish('work', 'purged', { ...options, correlationId: 'c' })
    await client.channel.purgeQueue('work')
    assert.equal(told(await replies.next()).code, 'canceled')
    await client.publish('nowhere', 'lost', { ...options, correlationId: 'd' })
    assert.equal(told(await replies.next()).code, 'unroutable')
    const quiet = { replyTo: 'replies', headers: { 'x-homing-notify': 'failure' } }
    const again = await client.consume('work')
    await client.publish('work', 'fine', { ...quiet, correlationId: 'e' })
    client.channel.ack(await again.next())
    await client.publish('work', 'refused', { ...quiet, correlationId: 'f' })
    client.channel.nack(await again.next(), false, false)
    const last = told(await replies.next())
    assert.deepEqual([last.id, last.code], ['f', 'rejected'])
  }))

test('a message pushed out of a full queue is told of, and so is one of a deleted queue', () =>
  withWork(
    async ({ client }) => {
      const replies = await client.consume('replies', { noAck: true })
      const options = { replyTo: 'replies', headers: { 'x-homing-notify': 'all' } }
      await client.publish('work', 'old', { ...options, correlationId: 'old' })
      await client.publish('work', 'new', { ...options, correlationId: 'new' })
      const first = told(await replies.next())
      assert.deepEqual([first.id, first.code, first.error], ['old', 'rejected', { by: 'full' }])
      await client.channel.deleteQueue('work')
      const second = told(await replies.next())
      assert.deepEqual([second.id, second.code], ['new', 'canceled'])
    },
    { 'x-max-length': 1 },
  ))

test('a direct reply-to requester is told by the broker, too', () =>
  withWork(async ({ client }) => {
    const work = await client.consume('work')
    const replies = await client.consume('amq.rabbitmq.reply-to', { noAck: true })
    const headers = { 'x-homing-notify': 'all' }
    const options = { replyTo: 'amq.rabbitmq.reply-to', correlationId: 'd', headers }
    await client.publish('work', 'ping', options)
    client.channel.ack(await work.next())
    assert.equal(told(await replies.next()).id, 'd')
  }))

test('a direct reply whose requester is gone is kept, and given to the same user when it asks', () =>
  withWork(async ({ broker, client }) => {
    const work = await client.consume('work')
    const gone = await connect(broker)
    await gone.consume('amq.rabbitmq.reply-to', { noAck: true })
    await gone.publish('work', 'ping', { replyTo: 'amq.rabbitmq.reply-to', correlationId: 'g' })
    const request = await work.next()
    await gone.connection.close()
    const { replyTo } = request.properties
    await client.publish(replyTo, 'pong', { correlationId: 'g' })
    client.channel.ack(request)
    const kept = await client.consume('amq.homing.replies.guest', { noAck: true })
    const reply = await kept.next()
    assert.equal(textOf(reply.content), 'pong')
    assert.equal(textOf((await outcomeOf(broker, 'g')).body), 'pong')
  }))

test('no settlement in x-homing-timeout: taken back, delivered again, and lost in the end', () =>
  withWork(async ({ broker, client }) => {
    const work = await client.consume('work')
    const headers = { 'x-homing-timeout': '50ms', 'x-homing-attempts': 2, 'x-homing-id': 'slow' }
    await client.publish('work', 'slow', { headers })
    const first = await work.next()
    const second = await work.next()
    assert.equal(second.fields.redelivered, true)
    // Late: it changes nothing, and the channel lives.
    client.channel.ack(first)
    assert.equal((await outcomeOf(broker, 'slow')).code, 'lost')
    client.channel.ack(second)
    await client.channel.checkQueue('work')
    assert.equal((await broker.engine.deadLetters({})).length, 1)
  }))

test('x-homing-id and message_id of a deduplicating queue: the same one twice is worked on once', () =>
  withWork(
    async ({ broker, client }) => {
      const headers = { 'x-homing-id': 'once' }
      for (let n = 0; n < 3; n++) await client.publish('work', String(n), { headers })
      for (let n = 0; n < 3; n++) await client.publish('work', String(n), { messageId: 'unique' })
      const work = await client.consume('work')
      const both = [await work.next(), await work.next()]
      for (const message of both) client.channel.ack(message)
      assert.equal((await outcomeOf(broker, 'once')).code, 'ok')
      assert.equal((await outcomeOf(broker, 'unique')).code, 'ok')
      await client.publish('work', 'again', { messageId: 'unique' })
      assert.equal((await client.channel.checkQueue('work')).messageCount, 0)
    },
    { 'x-homing-deduplicate': true },
  ))

test('ids of one virtual host are nothing to another', async () => {
  await using broker = await startBroker({ virtualHosts: ['shop'] })
  await using here = await connect(broker)
  await using there = await connect(broker, 'shop')
  const headers = { 'x-homing-id': 'order-1' }
  for (const { channel } of [here, there]) await channel.assertQueue('work', { durable: true })
  await here.publish('work', 'here', { headers })
  await there.publish('work', 'there', { headers, replyTo: 'replies', correlationId: 'c' })
  const message = await (await there.consume('work')).next()
  assert.equal(textOf(message.content), 'there')
  // A reply in another virtual host is none.
  await here.publish('replies', 'forged', { correlationId: 'order-1' })
  there.channel.reject(message, false)
  assert.equal((await outcomeOf(broker, scopedName('shop', 'order-1'))).code, 'rejected')
  assert.deepEqual(await broker.engine.answer('order-1'), { state: 'pending' })
})

test('a slip of the pen in one of the headers is refused, and says what is known', async () => {
  const wrong: [Record<string, unknown>, string | undefined, RegExp][] = [
    [{ 'x-homing-notfy': 'all' }, 'replies', /x-homing-notfy.*not known.*x-homing-notify/],
    [{ 'x-homing-notify': 'always' }, 'replies', /'always'; give 'all' or 'failure'/],
    [{ 'x-homing-notify': 'all' }, undefined, /no reply_to/],
    [{ 'x-homing-timeout': 'soon' }, undefined, /x-homing-timeout/],
    [{ 'x-homing-attempts': 0 }, undefined, /x-homing-attempts/],
    [{ 'x-homing-id': '' }, undefined, /x-homing-id/],
  ]
  await withWork(async ({ client }) => {
    for (const [headers, replyTo, expected] of wrong) {
      const channel = await client.connection.createConfirmChannel()
      const refused = once(channel, 'error')
      channel.sendToQueue('work', Buffer.from('x'), { headers, ...(replyTo && { replyTo }) })
      const [error] = await refused
      assert.equal(error.code, 406)
      assert.match(error.message, expected)
    }
    assert.equal((await client.channel.checkQueue('work')).messageCount, 0)
  })
})

test('a message that asks for a result is refused by a queue that is not durable', () =>
  withWork(async ({ client }) => {
    const { queue } = await client.channel.assertQueue('', { exclusive: true })
    const channel = await client.connection.createConfirmChannel()
    const refused = once(channel, 'error')
    channel.sendToQueue(queue, Buffer.from('x'), { headers: { 'x-homing-id': 'a' } })
    assert.match((await refused)[0].message, /needs a durable queue/)
  }))
