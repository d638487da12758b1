/* The checks with @cloudamqp/amqp-client: its channels, and its session, which connects again by itself. */

import assert from 'node:assert/strict'
import { AMQPClient, type AMQPMessage, AMQPSession } from '@cloudamqp/amqp-client'
import { Arrivals, amqpUrl, ask, bodyOf, bodySizes, passed } from './program.ts'

const connection = await new AMQPClient(amqpUrl).connect()
await confirms()
await properties()
await bodies()
await prefetch()
await returned()
await routing()
await deadLetter()
await rpc()
await transaction()
await channelError()
await connection.close()
const connects = new Arrivals<unknown>()
const session = await AMQPSession.connect(amqpUrl, {
  reconnectInterval: 50,
  maxReconnectInterval: 200,
  logger: null,
  onconnect: connects.add,
})
await connects.next()
await connectionCut()
await brokerRestart()
await session.stop()

async function confirms(): Promise<void> {
  const channel = await connection.channel()
  await channel.confirmSelect()
  const queue = 'cloudamqp.confirms'
  await channel.queueDeclare(queue, { durable: true })
  const sends = Array.from({ length: 100 }, (_, n) =>
    channel.basicPublish('', queue, `${n}`, { deliveryMode: 2 }),
  )
  const tags = await Promise.all(sends)
  assert.deepEqual(
    tags,
    Array.from({ length: 100 }, (_, n) => n + 1),
  )
  const { messageCount } = await channel.queueDeclare(queue, { passive: true })
  await channel.queueDelete(queue)
  await channel.close()
  passed('confirms', { confirmed: tags.length, ready: messageCount })
}

async function properties(): Promise<void> {
  const channel = await connection.channel()
  const { name } = await channel.queueDeclare('', { exclusive: true })
  const sent = {
    contentType: 'application/json',
    contentEncoding: 'identity',
    deliveryMode: 2,
    priority: 7,
    correlationId: 'correlation-1',
    replyTo: 'some.queue',
    expiration: '60000',
    messageId: 'message-1',
    timestamp: new Date(1_700_000_000_000),
    type: 'greeting',
    userId: 'guest',
    appId: 'interop',
    headers: {
      text: 'Grüße',
      number: 2 ** 30,
      negative: -1,
      fraction: 1.5,
      yes: true,
      list: ['a', 1, ['b', false]],
      table: { inner: { deep: 'x' } },
    },
  }
  await channel.confirmSelect()
  await channel.basicPublish('', name, '{}', sent)
  const got = await channel.basicGet(name)
  assert.ok(got)
  assert.deepEqual(got.properties, sent)
  await channel.close()
  passed('properties', { equal: true })
}

async function bodies(): Promise<void> {
  const channel = await connection.channel()
  const { name } = await channel.queueDeclare('', { exclusive: true })
  const arrivals = new Arrivals<AMQPMessage>()
  await channel.basicConsume(name, { noAck: true }, arrivals.add)
  const arrived: number[] = []
  for (const bytes of bodySizes) {
    await channel.basicPublish('', name, bodyOf(bytes))
    const { body } = await arrivals.next()
    const got = Buffer.from(body ?? '')
    assert.ok(got.equals(bodyOf(bytes)), `a body of ${bytes} bytes arrived changed`)
    arrived.push(got.length)
  }
  await channel.close()
  passed('bodies', { bytes: arrived })
}

async function prefetch(): Promise<void> {
  const channel = await connection.channel()
  const { name } = await channel.queueDeclare('', { exclusive: true })
  await channel.confirmSelect()
  for (let n = 0; n < 5; n++) await channel.basicPublish('', name, `${n}`)
  const arrivals = new Arrivals<AMQPMessage>()
  await channel.prefetch(2)
  await channel.basicConsume(name, { noAck: false }, arrivals.add)
  const held = [await arrivals.next(), await arrivals.next()]
  const { messageCount: left } = await channel.queueDeclare(name, {
    passive: true,
    exclusive: true,
  })
  assert.equal(arrivals.count, 0)
  let received = held.length
  for (const message of held) await message.ack()
  for (; received < 5; received++) await (await arrivals.next()).ack()
  await channel.close()
  passed('prefetch', { held: held.length, left, received })
}

async function returned(): Promise<void> {
  const channel = await connection.channel()
  await channel.confirmSelect()
  const returns = new Arrivals<AMQPMessage>()
  channel.onReturn = returns.add
  await channel.basicPublish('amq.direct', 'nobody', 'x', {}, true)
  assert.equal(returns.count, 1, 'the return comes before the confirm')
  const { replyCode, replyText } = await returns.next()
  await channel.close()
  passed('returned', { code: replyCode, text: replyText })
}

async function routing(): Promise<void> {
  const channel = await connection.channel()
  await channel.confirmSelect()
  const counted = async (
    type: string,
    binding: readonly [string, object?],
    published: readonly (readonly [string, Record<string, string | number>?])[],
  ): Promise<number> => {
    const exchange = `cloudamqp.${type}`
    await channel.exchangeDeclare(exchange, type, { durable: false, autoDelete: true })
    const { name } = await channel.queueDeclare('', { exclusive: true })
    await channel.queueBind(name, exchange, binding[0], binding[1])
    for (const [key, headers = {}] of published)
      await channel.basicPublish(exchange, key, 'x', { headers })
    const { messageCount } = await channel.queueDelete(name)
    return messageCount
  }
  const topic = await counted('topic', ['*.error.#'], [['a.error'], ['a.error.b.c'], ['error']])
  const fanout = await counted('fanout', ['ignored'], [['whatever']])
  const wanted = { 'x-match': 'all', colour: 'red', size: 3 }
  const headers = await counted(
    'headers',
    ['', wanted],
    [
      ['', { colour: 'red', size: 3, more: 1 }],
      ['', { colour: 'red' }],
    ],
  )
  await channel.close()
  passed('routing', { topic, fanout, headers })
}

async function deadLetter(): Promise<void> {
  const channel = await connection.channel()
  await channel.queueDeclare('cloudamqp.dead', { exclusive: true })
  await channel.queueDeclare(
    'cloudamqp.work',
    { exclusive: true },
    {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'cloudamqp.dead',
    },
  )
  const arrivals = new Arrivals<AMQPMessage>()
  await channel.basicConsume('cloudamqp.dead', { noAck: true }, arrivals.add)
  const reasons: unknown[] = []
  const died = async (): Promise<void> => {
    const { headers = {} } = (await arrivals.next()).properties
    const [death] = headers['x-death'] as readonly Record<string, unknown>[]
    assert.equal(death?.queue, 'cloudamqp.work')
    reasons.push(death?.reason)
  }
  await channel.confirmSelect()
  await channel.basicPublish('', 'cloudamqp.work', 'bad')
  const bad = await channel.basicGet('cloudamqp.work', { noAck: false })
  await bad?.reject(false)
  await died()
  await channel.basicPublish('', 'cloudamqp.work', 'late', { expiration: '1' })
  await died()
  await channel.close()
  passed('dead-letter', { reasons })
}

async function rpc(): Promise<void> {
  const calling = await AMQPSession.connect(amqpUrl, { logger: null })
  const server = await calling.rpcServer('cloudamqp.rpc', (request) => {
    assert.match(request.properties.replyTo ?? '', /^amq\.rabbitmq\.reply-to\./)
    return `${Number(request.bodyString()) * 2}`
  })
  const reply = await calling.rpcCall('cloudamqp.rpc', '21', { timeout: 10_000 })
  await server.close()
  await (await calling.queue('cloudamqp.rpc')).delete()
  await calling.stop()
  passed('rpc', { reply: Number(reply.bodyString()) })
}

async function transaction(): Promise<void> {
  const channel = await connection.channel()
  const { name } = await channel.queueDeclare('', { exclusive: true })
  await channel.txSelect()
  await channel.basicPublish('', name, 'committed')
  await channel.txCommit()
  await channel.basicPublish('', name, 'rolled back')
  await channel.txRollback()
  const { messageCount } = await channel.queueDelete(name)
  await channel.close()
  passed('transaction', { committed: messageCount })
}

async function channelError(): Promise<void> {
  const channel = await connection.channel()
  // Refused and told apart from what the call itself throws.
  channel.onerror = () => {}
  await assert.rejects(
    channel.queueDeclare('cloudamqp.absent', { passive: true }),
    /NOT_FOUND - no queue 'cloudamqp\.absent' in vhost '\/'.*404/,
  )
  const next = await connection.channel()
  const { name } = await next.queueDeclare('', { exclusive: true })
  await next.confirmSelect()
  await next.basicPublish('', name, 'still here')
  const { messageCount } = await next.queueDelete(name)
  assert.equal(messageCount, 1)
  await next.close()
  passed('channel-error', { code: 404, carriedOn: true })
}

async function connectionCut(): Promise<void> {
  const queue = await session.queue('cloudamqp.cut', { durable: true })
  const arrivals = new Arrivals<AMQPMessage>()
  const consumer = await queue.subscribe({ prefetch: 1, manualAck: true }, arrivals.add)
  await queue.publish('first', { deliveryMode: 2 })
  const first = await arrivals.next()
  assert.equal(first.redelivered, false)
  await ask('cut')
  await connects.next()
  const again = await arrivals.next()
  assert.equal(again.bodyString(), 'first')
  await again.ack()
  await queue.publish('second', { deliveryMode: 2 })
  const second = await arrivals.next()
  assert.equal(second.bodyString(), 'second')
  await second.ack()
  await consumer.cancel()
  await queue.delete()
  passed('connection-cut', { redelivered: again.redelivered, confirmed: true })
}

async function brokerRestart(): Promise<void> {
  const queue = await session.queue('cloudamqp.restart', { durable: true })
  for (let n = 0; n < 3; n++) await queue.publish(`${n}`, { deliveryMode: 2 })
  const arrivals = new Arrivals<AMQPMessage>()
  await ask('restart')
  await connects.next()
  const consumer = await queue.subscribe({ noAck: true }, arrivals.add)
  const found: (string | null)[] = []
  for (let n = 0; n < 3; n++) found.push((await arrivals.next()).bodyString())
  assert.deepEqual(found, ['0', '1', '2'])
  await consumer.cancel()
  await queue.delete()
  passed('broker-restart', { found: found.length })
}
