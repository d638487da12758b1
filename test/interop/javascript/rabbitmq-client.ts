/* The checks with rabbitmq-client: its Consumer, Publisher and RPCClient, which connect again by themselves. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import {
  type AsyncMessage,
  type Channel,
  Connection,
  ConsumerStatus,
  type ReturnedMessage,
} from 'rabbitmq-client'
import { Arrivals, amqpUrl, ask, bodyOf, bodySizes, passed } from './program.ts'

const options = { url: amqpUrl, retryLow: 50, retryHigh: 200 }
const connection = new Connection(options)
connection.on('error', () => {})
await connection.onConnect(10_000)
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
await connectionCut()
await brokerRestart()
await connection.close()

async function confirms(): Promise<void> {
  const queue = 'rabbitmq-client.confirms'
  const publisher = connection.createPublisher({
    confirm: true,
    queues: [{ queue, durable: true }],
  })
  const sends = Array.from({ length: 100 }, (_, n) =>
    publisher.send({ routingKey: queue, durable: true }, `${n}`),
  )
  await Promise.all(sends)
  const { messageCount } = await connection.queueDeclare({ queue, passive: true })
  await connection.queueDelete(queue)
  await publisher.close()
  passed('confirms', { confirmed: sends.length, ready: messageCount })
}

async function properties(): Promise<void> {
  const channel = await connection.acquire()
  const { queue } = await channel.queueDeclare({ exclusive: true })
  const sent = {
    // Of JSON and of plain text it would write type and encoding itself.
    contentType: 'application/x-greeting',
    contentEncoding: 'identity',
    durable: true,
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
  await channel.confirmSelect()
  await channel.basicPublish({ ...sent, routingKey: queue }, Buffer.from('hello'))
  const got = await channel.basicGet({ queue, noAck: true })
  assert.ok(got)
  for (const [name, value] of Object.entries(sent))
    assert.deepEqual(Reflect.get(got, name), value, name)
  assert.deepEqual(got.body, Buffer.from('hello'))
  await channel.close()
  passed('properties', { equal: true })
}

async function bodies(): Promise<void> {
  const channel = await connection.acquire()
  const { queue } = await channel.queueDeclare({ exclusive: true })
  const arrivals = new Arrivals<AsyncMessage>()
  await channel.basicConsume({ queue, noAck: true }, arrivals.add)
  const arrived: number[] = []
  for (const bytes of bodySizes) {
    await channel.basicPublish({ routingKey: queue }, bodyOf(bytes))
    const { body } = await arrivals.next()
    assert.ok(Buffer.isBuffer(body) && body.equals(bodyOf(bytes)), `${bytes} bytes changed`)
    arrived.push(body.length)
  }
  await channel.close()
  passed('bodies', { bytes: arrived })
}

async function prefetch(): Promise<void> {
  const queue = 'rabbitmq-client.prefetch'
  const channel = await filled(queue, 5)
  const arrivals = new Arrivals<readonly [AsyncMessage, () => void]>()
  const consumer = connection.createConsumer(
    { queue, queueOptions: { passive: true }, qos: { prefetchCount: 2 } },
    (message) => new Promise<void>((resolve) => arrivals.add([message, resolve])),
  )
  const held = [await arrivals.next(), await arrivals.next()]
  const { messageCount: left } = await channel.queueDeclare({ queue, passive: true })
  assert.equal(arrivals.count, 0)
  for (const [, settle] of held) settle()
  let received = held.length
  for (; received < 5; received++) (await arrivals.next())[1]()
  await consumer.close()
  await channel.queueDelete(queue)
  await channel.close()
  passed('prefetch', { held: held.length, left, received })
}

/** A channel, and a queue with so many confirmed messages in it. */
async function filled(queue: string, count: number): Promise<Channel> {
  const channel = await connection.acquire()
  await channel.queueDeclare({ queue, durable: true })
  await channel.confirmSelect()
  for (let n = 0; n < count; n++)
    await channel.basicPublish({ routingKey: queue, durable: true }, `${n}`)
  return channel
}

async function returned(): Promise<void> {
  const returns = new Arrivals<ReturnedMessage>()
  const publisher = connection.createPublisher({ confirm: true })
  publisher.on('basic.return', returns.add)
  await publisher.send({ exchange: 'amq.direct', routingKey: 'nobody', mandatory: true }, 'x')
  // This client tells of the confirm first, in whatever order they come.
  const { replyCode, replyText } = await returns.next()
  await publisher.close()
  passed('returned', { code: replyCode, text: replyText })
}

async function routing(): Promise<void> {
  const channel = await connection.acquire()
  await channel.confirmSelect()
  const counted = async (
    type: string,
    binding: { readonly routingKey?: string; readonly arguments?: Record<string, unknown> },
    published: readonly {
      readonly routingKey?: string
      readonly headers?: Record<string, unknown>
    }[],
  ): Promise<number> => {
    const exchange = `rabbitmq-client.${type}`
    await channel.exchangeDeclare({ exchange, type, autoDelete: true })
    const { queue } = await channel.queueDeclare({ exclusive: true })
    await channel.queueBind({ queue, exchange, ...binding })
    for (const envelope of published) await channel.basicPublish({ exchange, ...envelope }, 'x')
    const { messageCount } = await channel.queueDelete({ queue })
    return messageCount
  }
  const topic = await counted('topic', { routingKey: '*.error.#' }, [
    { routingKey: 'a.error' },
    { routingKey: 'a.error.b.c' },
    { routingKey: 'error' },
  ])
  const fanout = await counted('fanout', {}, [{ routingKey: 'whatever' }])
  const wanted = { 'x-match': 'all', colour: 'red', size: 3 }
  const headers = await counted('headers', { arguments: wanted }, [
    { headers: { colour: 'red', size: 3, more: 1 } },
    { headers: { colour: 'red' } },
  ])
  await channel.close()
  passed('routing', { topic, fanout, headers })
}

async function deadLetter(): Promise<void> {
  const queue = 'rabbitmq-client.work'
  const dead = 'rabbitmq-client.dead'
  const arrivals = new Arrivals<AsyncMessage>()
  const buried = connection.createConsumer(
    { queue: dead, queueOptions: { queue: dead } },
    arrivals.add,
  )
  await once(buried, 'ready')
  const deadLettering = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': dead }
  await connection.queueDeclare({ queue, arguments: deadLettering })
  const worker = connection.createConsumer(
    { queue, queueOptions: { passive: true } },
    () => ConsumerStatus.DROP,
  )
  await once(worker, 'ready')
  const publisher = connection.createPublisher({ confirm: true })
  const reasons: unknown[] = []
  const died = async (): Promise<void> => {
    const { headers } = await arrivals.next()
    const [death] = headers?.['x-death'] ?? []
    assert.equal(death?.queue, queue)
    reasons.push(death?.reason)
  }
  await publisher.send(queue, 'bad')
  await died()
  await worker.close()
  await publisher.send({ routingKey: queue, expiration: '1' }, 'late')
  await died()
  await publisher.close()
  await buried.close()
  for (const name of [queue, dead]) await connection.queueDelete(name)
  passed('dead-letter', { reasons })
}

async function rpc(): Promise<void> {
  const queue = 'rabbitmq-client.rpc'
  const queueOptions = { queue, autoDelete: true }
  const server = connection.createConsumer({ queue, queueOptions }, async (request, reply) => {
    assert.match(request.replyTo ?? '', /^amq\.rabbitmq\.reply-to\./)
    await reply(`${Number(request.body) * 2}`)
  })
  await once(server, 'ready')
  const client = connection.createRPCClient({ confirm: true, timeout: 10_000 })
  const { body } = await client.send(queue, '21')
  await client.close()
  await server.close()
  passed('rpc', { reply: Number(body) })
}

async function transaction(): Promise<void> {
  const channel = await connection.acquire()
  const { queue } = await channel.queueDeclare({ exclusive: true })
  await channel.txSelect()
  await channel.basicPublish(queue, 'committed')
  await channel.txCommit()
  await channel.basicPublish(queue, 'rolled back')
  await channel.txRollback()
  const { messageCount } = await channel.queueDeclare({ queue, passive: true })
  await channel.close()
  passed('transaction', { committed: messageCount })
}

async function channelError(): Promise<void> {
  const channel = await connection.acquire()
  const refused = channel.queueDeclare({ queue: 'rabbitmq-client.absent', passive: true })
  const error = await refused.then(
    () => assert.fail('an absent queue was found'),
    (error: Error & { readonly code: string }) => error,
  )
  assert.equal(error.code, 'NOT_FOUND')
  assert.match(error.message, /no queue 'rabbitmq-client\.absent' in vhost '\/'/)
  assert.equal(channel.active, false)
  const next = await filled('rabbitmq-client.next', 1)
  const { messageCount } = await next.queueDelete('rabbitmq-client.next')
  assert.equal(messageCount, 1)
  await next.close()
  passed('channel-error', { code: 404, carriedOn: true })
}

async function connectionCut(): Promise<void> {
  const queue = 'rabbitmq-client.cut'
  const arrivals = new Arrivals<readonly [AsyncMessage, () => void]>()
  const consumer = connection.createConsumer(
    { queue, queueOptions: { queue, durable: true }, qos: { prefetchCount: 1 } },
    (message) => new Promise<void>((resolve) => arrivals.add([message, resolve])),
  )
  // The acknowledgement of the first delivery fails: its channel is gone.
  consumer.on('error', () => {})
  const publisher = connection.createPublisher({ confirm: true, maxAttempts: 2 })
  await publisher.send({ routingKey: queue, durable: true }, 'first')
  const [first, forget] = await arrivals.next()
  assert.equal(first.redelivered, false)
  await ask('cut')
  // The consumer begins again only when its handlers have ended.
  forget()
  const [again, settle] = await arrivals.next()
  assert.equal(again.body, 'first')
  settle()
  await publisher.send({ routingKey: queue, durable: true }, 'second')
  const [second, settleSecond] = await arrivals.next()
  assert.equal(second.body, 'second')
  settleSecond()
  await consumer.close()
  await publisher.close()
  await connection.queueDelete(queue)
  passed('connection-cut', { redelivered: again.redelivered, confirmed: true })
}

async function brokerRestart(): Promise<void> {
  const queue = 'rabbitmq-client.restart'
  await filled(queue, 3)
  const again = new Promise((resolve) => connection.once('connection', resolve))
  await ask('restart')
  await again
  const found: unknown[] = []
  for (;;) {
    const message = await connection.basicGet({ queue, noAck: true })
    if (message === undefined) break
    found.push(message.body)
  }
  assert.deepEqual(found, ['0', '1', '2'])
  await connection.queueDelete(queue)
  passed('broker-restart', { found: found.length })
}
