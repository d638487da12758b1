import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import amqplib from 'amqplib'
import { startBroker } from '../../../src/amqp.ts'
import { startSimulatedBroker } from '../../../src/testing/index.ts'
import { SocketClient } from './socket-client.ts'

test('a broker inside a test takes a client, and is gone at the end', async () => {
  let port = 0
  {
    await using broker = await startBroker()
    port = broker.port
    const connection = await amqplib.connect(broker.url)
    const channel = await connection.createConfirmChannel()
    await channel.assertQueue('q')
    channel.sendToQueue('q', Buffer.from('hello'))
    await channel.waitForConfirms()
    const message = await channel.get('q')
    assert.equal(message !== false && message.content.toString(), 'hello')
    await connection.close()
  }
  await assert.rejects(SocketClient.connect({ port }), /ECONNREFUSED/)
})

test('two brokers know nothing of each other', async () => {
  await using one = await startBroker()
  await using two = await startBroker()
  assert.notEqual(one.port, two.port)
  using client = await SocketClient.open({ port: one.port })
  await client.queue(1, 'q')
  assert.deepEqual((await two.engine.queues()).length, 0)
  assert.deepEqual((await one.engine.queues()).length, 1)
})

test('users of the test stand in its url, whatever is in their names, and guest is none of them', async () => {
  const users = [{ name: 'ada@home', password: 'a/b:c?' }]
  await using broker = await startBroker({ users, virtualHosts: ['shop'] })
  const connection = await amqplib.connect(`${broker.url}/shop`)
  await (await connection.createChannel()).assertQueue('q')
  assert.deepEqual(
    broker.connections().map(({ user, virtualHost }) => [user, virtualHost]),
    [['ada@home', 'shop']],
  )
  await connection.close()
  await assert.rejects(SocketClient.open({ port: broker.port }), /403 ACCESS_REFUSED/)
})

test('time stands still in a simulated broker until the test moves it', async () => {
  const { broker, clock } = await startSimulatedBroker()
  await using _ = broker
  using client = await SocketClient.open({ port: broker.port })
  await client.queue(1, 'dead')
  const bits = {
    passive: false,
    durable: false,
    exclusive: false,
    autoDelete: false,
    nowait: false,
  }
  const args = new Map<string, string | number>([
    ['x-message-ttl', 3_600_000],
    ['x-dead-letter-exchange', ''],
    ['x-dead-letter-routing-key', 'dead'],
  ])
  client.send(1, { name: 'queue.declare', queue: 'short', ...bits, args })
  await (await expectDeclared(client)).confirms(1)
  client.publish(1, 'short', Buffer.from('x')).flush()
  await client.expect('basic.ack')
  client.consume(1, 'dead').flush()
  await client.expect('basic.consume-ok')
  await clock.advance(3_599_000)
  client.send(1, { name: 'basic.qos', prefetchSize: 0, prefetchCount: 0, global: false }).flush()
  await client.expect('basic.qos-ok')
  await clock.advance(1_000)
  assert.equal((await client.expect('basic.deliver')).routingKey, 'dead')
})

async function expectDeclared(client: SocketClient): Promise<SocketClient> {
  client.flush()
  await client.expect('queue.declare-ok')
  return client
}

test('options that are none, or out of range, are refused before anything is opened', async () => {
  const refused = (options: object, code: string) => assert.rejects(startBroker(options), { code })
  await refused({ prot: 1 }, 'unknown-option')
  await refused({ listen: [] }, 'unknown-option')
  await refused({ heartbeat: -1 }, 'bad-argument')
  await refused({ frameMax: 4_096 }, 'bad-argument')
  await refused({ channelMax: 1.5 }, 'bad-argument')
  await refused({ product: '' }, 'bad-argument')
  await refused({ users: [{ name: '', password: 'x' }] }, 'bad-name')
  await refused({ users: [{ name: 'a', password: '' }] }, 'bad-argument')
  await refused({ virtualHosts: ['a', 'a'] }, 'definition-exists')
})

test('a broker that cannot listen leaves nothing open', async () => {
  await using first = await startBroker()
  await assert.rejects(startBroker({ port: first.port }), { code: 'address-in-use' })
})
