/*
 * RabbitMQ's shovel, the way that messages take when a queue moves from one broker to the other, in both
 * directions at once. Its client is RabbitMQ's own, written in Erlang.
 *
 *   RabbitMQ: old ══ shovel ══▶ Homing: moved        Homing: back ══ shovel ══▶ RabbitMQ: returned
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { type ConfirmChannel, connect, type GetMessage } from 'amqplib'
import { lackingRabbitmq, startRabbitmq } from '../amqp/rabbitmq.ts'
import { lackingBroker, startBroker } from './broker.ts'

const skip = lackingRabbitmq() || lackingBroker()
const messageCount = 400
const msMax = 60_000

interface Shovel {
  readonly from: readonly [url: string, queue: string]
  readonly to: readonly [url: string, queue: string]
}

const shovel = (name: string, { from, to }: Shovel) => ({
  component: 'shovel',
  name,
  vhost: '/',
  value: {
    ...{ 'src-uri': from[0], 'src-queue': from[1], 'src-prefetch-count': 100 },
    ...{ 'dest-uri': to[0], 'dest-queue': to[1], 'ack-mode': 'on-confirm', 'reconnect-delay': 1 },
  },
})

async function channelTo(url: string): Promise<ConfirmChannel & AsyncDisposable> {
  const connection = await connect(url)
  const channel = await connection.createConfirmChannel()
  return Object.assign(channel, { [Symbol.asyncDispose]: () => connection.close() })
}

async function fill(channel: ConfirmChannel, queue: string): Promise<void> {
  await channel.assertQueue(queue)
  for (let n = 0; n < messageCount; n++) {
    const properties = { messageId: `${queue}-${n}`, headers: { n, by: ['a', { b: true }] } }
    const known = { correlationId: `c-${n}`, contentType: 'text/plain', persistent: true }
    channel.sendToQueue(queue, Buffer.from(`body ${n}`), { ...properties, ...known })
  }
  await channel.waitForConfirms()
}

/** What came, by message id, once everything has come. */
async function arrived(channel: ConfirmChannel, queue: string): Promise<Map<string, GetMessage>> {
  const found = new Map<string, GetMessage>()
  const deadline = Date.now() + msMax
  while (found.size < messageCount && Date.now() < deadline) {
    const message = await channel.get(queue, { noAck: true })
    if (message === false) await after(50)
    else found.set(String(message.properties.messageId), message)
  }
  return found
}

test('a shovel of RabbitMQ moves messages to Homing and from it as they are, each of them', {
  skip,
  timeout: 120_000,
}, async () => {
  const broker = await startBroker()
  await using cleanUp = new AsyncDisposableStack()
  cleanUp.defer(() => broker.stop())
  await using rabbitmq = await startRabbitmq({
    plugins: ['rabbitmq_shovel'],
    definitions: {
      users: [{ name: 'guest', password: 'guest', tags: 'administrator' }],
      vhosts: [{ name: '/' }],
      permissions: [{ user: 'guest', vhost: '/', configure: '.*', write: '.*', read: '.*' }],
      parameters: [
        shovel('out', { from: ['amqp://', 'old'], to: [broker.url, 'moved'] }),
        shovel('in', { from: [broker.url, 'back'], to: ['amqp://', 'returned'] }),
      ],
    },
  })
  await using theirs = await channelTo(`amqp://guest:guest@127.0.0.1:${rabbitmq.port}`)
  await using ours = await channelTo(broker.url)
  await Promise.all([fill(ours, 'back'), fill(theirs, 'old')])
  await ours.assertQueue('moved')
  await theirs.assertQueue('returned')
  for (const [channel, from, to] of [
    [ours, 'old', 'moved'],
    [theirs, 'back', 'returned'],
  ] as const) {
    const found = await arrived(channel, to)
    assert.equal(found.size, messageCount)
    for (const n of [0, 1, messageCount - 1]) {
      const { content, properties } = found.get(`${from}-${n}`) ?? assert.fail(`${from}-${n}`)
      assert.equal(content.toString(), `body ${n}`)
      assert.deepEqual(
        [properties.correlationId, properties.contentType, properties.deliveryMode],
        [`c-${n}`, 'text/plain', 2],
      )
      assert.deepEqual([properties.headers?.n, properties.headers?.by], [n, ['a', { b: true }]])
    }
  }
})
