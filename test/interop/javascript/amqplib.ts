/* The checks with amqplib. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type ChannelModel,
  type ConsumeMessage,
  connect,
  type Message,
  type RecoveringChannelModel,
} from 'amqplib'
import { Arrivals, amqpUrl, ask, bodyOf, bodySizes, passed } from './program.ts'

const connection = await connect(amqpUrl)
await confirms()
await properties()
await bodies()
await prefetch()
await returned()
await routing()
await deadLetter()
await rpc()
await channelError()
await connection.close()
await connectionCut()
await brokerRestart()

async function confirms(): Promise<void> {
  const channel = await connection.createConfirmChannel()
  const queue = 'amqplib.confirms'
  await channel.assertQueue(queue, { durable: true })
  let confirmed = 0
  for (let n = 0; n < 100; n++)
    channel.sendToQueue(queue, Buffer.from(`${n}`), { persistent: true }, (error) => {
      assert.equal(error, null)
      confirmed++
    })
  await channel.waitForConfirms()
  const { messageCount } = await channel.checkQueue(queue)
  await channel.deleteQueue(queue)
  await channel.close()
  passed('confirms', { confirmed, ready: messageCount })
}

async function properties(): Promise<void> {
  const channel = await connection.createConfirmChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true })
  const sent = {
    contentType: 'application/json',
    contentEncoding: 'identity',
    deliveryMode: 2,
    priority: 7,
    correlationId: 'correlation-1',
    replyTo: 'some.queue',
    expiration: '60000',
    messageId: 'message-1',
    timestamp: 1_700_000_000,
    type: 'greeting',
    userId: 'guest',
    appId: 'interop',
    headers: {
      text: 'Grüße',
      number: 2 ** 40,
      negative: -1,
      fraction: 1.5,
      yes: true,
      nothing: null,
      list: ['a', 1, ['b', false]],
      table: { inner: { deep: 'x' } },
    },
  }
  channel.sendToQueue(queue, Buffer.from('{}'), sent)
  await channel.waitForConfirms()
  const got = await channel.get(queue, { noAck: true })
  assert.ok(got)
  assert.deepEqual({ ...got.properties, clusterId: undefined }, { ...sent, clusterId: undefined })
  assert.deepEqual(
    { ...got.fields },
    {
      deliveryTag: 1,
      redelivered: false,
      exchange: '',
      routingKey: queue,
      messageCount: 0,
    },
  )
  await channel.close()
  passed('properties', { equal: true })
}

async function bodies(): Promise<void> {
  const channel = await connection.createConfirmChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true })
  const arrivals = new Arrivals<ConsumeMessage | null>()
  await channel.consume(queue, arrivals.add, { noAck: true })
  const arrived: number[] = []
  for (const bytes of bodySizes) channel.sendToQueue(queue, bodyOf(bytes))
  for (const bytes of bodySizes) {
    const message = await arrivals.next()
    assert.ok(message)
    assert.ok(message.content.equals(bodyOf(bytes)), `a body of ${bytes} bytes arrived changed`)
    arrived.push(message.content.length)
  }
  await channel.close()
  passed('bodies', { bytes: arrived })
}

async function prefetch(): Promise<void> {
  const channel = await connection.createConfirmChannel()
  const { queue } = await channel.assertQueue('', { exclusive: true })
  for (let n = 0; n < 5; n++) channel.sendToQueue(queue, Buffer.from(`${n}`))
  await channel.waitForConfirms()
  const arrivals = new Arrivals<ConsumeMessage | null>()
  await channel.prefetch(2)
  await channel.consume(queue, arrivals.add)
  const held = [await arrivals.next(), await arrivals.next()]
  // A round trip on the same channel: what was to come has come.
  const { messageCount: left } = await channel.checkQueue(queue)
  assert.equal(arrivals.count, 0)
  let received = held.length
  for (const message of held) channel.ack(message as Message)
  for (; received < 5; received++) channel.ack((await arrivals.next()) as Message)
  await channel.close()
  passed('prefetch', { held: held.length, left, received })
}

async function returned(): Promise<void> {
  const channel = await connection.createConfirmChannel()
  const returns = new Arrivals<Message>()
  channel.on('return', returns.add)
  channel.publish('amq.direct', 'nobody', Buffer.from('x'), { mandatory: true })
  await channel.waitForConfirms()
  assert.equal(returns.count, 1, 'the return comes before the confirm')
  const { fields } = await returns.next()
  await channel.close()
  passed('returned', {
    code: Reflect.get(fields, 'replyCode'),
    text: Reflect.get(fields, 'replyText'),
  })
}

async function routing(): Promise<void> {
  const channel = await connection.createConfirmChannel()
  const counted = async (
    type: string,
    binding: readonly [string, object?],
    published: readonly (readonly [string, object?])[],
  ): Promise<number> => {
    const exchange = `amqplib.${type}`
    await channel.assertExchange(exchange, type, { durable: false, autoDelete: true })
    const { queue } = await channel.assertQueue('', { exclusive: true })
    await channel.bindQueue(queue, exchange, binding[0], binding[1])
    for (const [key, headers] of published)
      channel.publish(exchange, key, Buffer.from('x'), { headers })
    await channel.waitForConfirms()
    const { messageCount } = await channel.checkQueue(queue)
    await channel.unbindQueue(queue, exchange, binding[0], binding[1])
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
  const channel = await connection.createConfirmChannel()
  await channel.assertQueue('amqplib.dead', { exclusive: true })
  await channel.assertQueue('amqplib.work', {
    exclusive: true,
    deadLetterExchange: '',
    deadLetterRoutingKey: 'amqplib.dead',
  })
  const arrivals = new Arrivals<ConsumeMessage | null>()
  await channel.consume('amqplib.dead', arrivals.add, { noAck: true })
  const reasons: unknown[] = []
  const died = async (): Promise<void> => {
    const message = await arrivals.next()
    const [death] = message?.properties.headers?.['x-death'] ?? []
    assert.equal(death?.queue, 'amqplib.work')
    assert.equal(death?.count, 1)
    reasons.push(death?.reason)
  }
  channel.sendToQueue('amqplib.work', Buffer.from('bad'))
  await channel.waitForConfirms()
  const bad = await channel.get('amqplib.work')
  assert.ok(bad)
  channel.nack(bad, false, false)
  await died()
  channel.sendToQueue('amqplib.work', Buffer.from('late'), { expiration: '1' })
  await died()
  await channel.close()
  passed('dead-letter', { reasons })
}

async function rpc(): Promise<void> {
  const server = await connection.createChannel()
  const { queue } = await server.assertQueue('', { exclusive: true })
  await server.consume(queue, (request) => {
    assert.ok(request)
    const { replyTo, correlationId } = request.properties
    assert.match(replyTo, /^amq\.rabbitmq\.reply-to\./)
    const answer = Buffer.from(`${Number(request.content) * 2}`)
    server.sendToQueue(replyTo, answer, { correlationId })
    server.ack(request)
  })
  const client = await connection.createChannel()
  const replies = new Arrivals<ConsumeMessage | null>()
  await client.consume('amq.rabbitmq.reply-to', replies.add, { noAck: true })
  client.sendToQueue(queue, Buffer.from('21'), {
    replyTo: 'amq.rabbitmq.reply-to',
    correlationId: 'call-1',
  })
  const reply = await replies.next()
  assert.equal(reply?.properties.correlationId, 'call-1')
  await client.close()
  await server.close()
  passed('rpc', { reply: Number(reply.content) })
}

async function channelError(): Promise<void> {
  const channel = await connection.createChannel()
  const failed = once(channel, 'error')
  await assert.rejects(channel.checkQueue('amqplib.absent'), /404 \(NOT-FOUND\)/)
  const [error] = (await failed) as [Error & { readonly code: number }]
  assert.match(error.message, /NOT_FOUND - no queue 'amqplib\.absent' in vhost '\/'/)
  const next = await connection.createConfirmChannel()
  const { queue } = await next.assertQueue('', { exclusive: true })
  next.sendToQueue(queue, Buffer.from('still here'))
  await next.waitForConfirms()
  const { messageCount } = await next.checkQueue(queue)
  assert.equal(messageCount, 1)
  await next.close()
  passed('channel-error', { code: error.code, carriedOn: true })
}

/** `once` would take the error that comes first for the end of it. */
function reconnected(recovering: RecoveringChannelModel): Promise<unknown> {
  return new Promise((resolve) => recovering.once('connect', resolve))
}

async function connectionCut(): Promise<void> {
  const queue = 'amqplib.cut'
  const arrivals = new Arrivals<readonly [ConsumeMessage, () => void]>()
  const setup = async (model: ChannelModel): Promise<void> => {
    const channel = await model.createChannel()
    await channel.assertQueue(queue, { durable: true })
    await channel.prefetch(1)
    await channel.consume(queue, (message) => {
      // None is told when the queue is deleted.
      if (message !== null) arrivals.add([message, () => channel.ack(message)])
    })
  }
  const recovering = await connect(amqpUrl, { recovery: { initialDelay: 20, setup } })
  recovering.on('error', () => {})
  const publish = async (text: string): Promise<void> => {
    const channel = await recovering.createConfirmChannel()
    channel.sendToQueue(queue, Buffer.from(text), { persistent: true })
    await channel.waitForConfirms()
    await channel.close()
  }
  await publish('first')
  const [first] = await arrivals.next()
  assert.equal(first.fields.redelivered, false)
  const connected = reconnected(recovering)
  await ask('cut')
  await connected
  const [again, ack] = await arrivals.next()
  assert.equal(again.content.toString(), 'first')
  ack()
  await publish('second')
  const [second] = await arrivals.next()
  assert.equal(second.content.toString(), 'second')
  const channel = await recovering.createChannel()
  await channel.deleteQueue(queue)
  await recovering.close()
  passed('connection-cut', { redelivered: again.fields.redelivered, confirmed: true })
}

async function brokerRestart(): Promise<void> {
  const queue = 'amqplib.restart'
  const recovering = await connect(amqpUrl, { recovery: { initialDelay: 20, maxDelay: 200 } })
  recovering.on('error', () => {})
  const channel = await recovering.createConfirmChannel()
  channel.on('error', () => {})
  await channel.assertQueue(queue, { durable: true })
  for (let n = 0; n < 3; n++) channel.sendToQueue(queue, Buffer.from(`${n}`), { persistent: true })
  await channel.waitForConfirms()
  const connected = reconnected(recovering)
  await ask('restart')
  await connected
  const next = await recovering.createChannel()
  const found: string[] = []
  for (;;) {
    const message = await next.get(queue)
    if (message === false) break
    next.ack(message)
    found.push(message.content.toString())
  }
  assert.deepEqual(found, ['0', '1', '2'])
  await next.deleteQueue(queue)
  await recovering.close()
  passed('broker-restart', { found: found.length })
}
