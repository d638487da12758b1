import { PeerChannel } from '../peer-channel.ts'
import type { RestartScenario } from '../scenario.ts'

const durable = { durable: true }
const persistent = { deliveryMode: 2 }

/** Two acts on a channel in confirm mode. */
const restarted = (
  name: string,
  before: (ch: PeerChannel) => Promise<unknown>,
  after: (ch: PeerChannel) => Promise<unknown>,
): RestartScenario => ({
  name,
  before: async (s) => {
    const ch = await s.confirming()
    await before(ch)
    await ch.confirmed()
  },
  after: async (s) => {
    await after(await s.confirming())
  },
})

const kept = (queue: string, body: string, properties = {}) => ({
  ...{ routingKey: queue, body },
  properties: { ...persistent, ...properties },
})

async function drained(ch: PeerChannel, queue: string, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await ch.get(queue, { noAck: true })
}

export const restartScenarios: readonly RestartScenario[] = [
  restarted(
    'after a restart durable queues are there and others are not',
    async (ch) => {
      await ch.declare('kept-queue', {}, durable)
      await ch.declare('lost-queue')
      await ch.declare('kept-auto-delete', {}, { durable: true, autoDelete: true })
      await ch.declare('lost-exclusive', {}, { durable: true, exclusive: true })
    },
    async (ch) => {
      for (const queue of ['kept-queue', 'kept-auto-delete', 'lost-exclusive'])
        await ch.passive(queue)
      await ch.call('channel.open')
      await ch.passive('lost-queue')
    },
  ),
  restarted(
    'after a restart persistent messages are there, in order, and transient ones are not',
    async (ch) => {
      await ch.declare('kept-messages', {}, durable)
      for (const n of [1, 2, 3, 4, 5])
        ch.publish({
          routingKey: 'kept-messages',
          body: `${n}`,
          properties: { deliveryMode: 1 + (n % 2) },
        })
    },
    (ch) => drained(ch, 'kept-messages', 4),
  ),
  restarted(
    'after a restart messages have all their properties',
    async (ch) => {
      await ch.declare('kept-properties', {}, durable)
      const headers = {
        text: 'a',
        number: 1n,
        list: [1, { b: null }],
        bytes: Buffer.from([0, 255]),
      }
      ch.publish(kept('kept-properties', 'x'.repeat(5000), { headers, priority: 3, type: 't' }))
    },
    (ch) => drained(ch, 'kept-properties', 2),
  ),
  restarted(
    'after a restart what was acknowledged is gone and what was given back is marked',
    async (ch) => {
      await ch.declare('kept-held', {}, durable)
      for (const body of ['1', '2', '3', '4']) ch.publish(kept('kept-held', body))
      for (let n = 0; n < 3; n++) await ch.get('kept-held')
      ch.ack(2)
      ch.nack(1, { requeue: true })
      await ch.fence()
    },
    (ch) => drained(ch, 'kept-held', 4),
  ),
  restarted(
    'after a restart exchanges and bindings are there if both ends are durable',
    async (ch) => {
      await ch.exchange('kept-x', 'topic', durable)
      await ch.exchange('lost-x', 'topic')
      await ch.declare('kept-bound', {}, durable)
      for (const exchange of ['kept-x', 'lost-x', 'amq.direct'])
        await ch.bind('kept-bound', exchange, 'k')
      await ch.bind('kept-bound', 'kept-x', 'gone')
      await ch.call('queue.unbind', { queue: 'kept-bound', exchange: 'kept-x', routingKey: 'gone' })
    },
    async (ch) => {
      for (const [exchange, routingKey] of [
        ['kept-x', 'k'],
        ['kept-x', 'gone'],
        ['amq.direct', 'k'],
      ] as const)
        ch.publish({ exchange, routingKey, body: `${exchange} ${routingKey}`, mandatory: true })
      await ch.confirmed()
      await drained(ch, 'kept-bound', 3)
      await ch.call('exchange.declare', { exchange: 'lost-x', passive: true })
    },
  ),
  restarted(
    'after a restart exchanges are bound to exchanges, with their alternates',
    async (ch) => {
      await ch.exchange('kept-inner', 'fanout', { durable: true, internal: true })
      await ch.exchange('kept-outer', 'direct', {
        ...{ durable: true, arguments: { 'alternate-exchange': 'kept-spare' } },
      })
      await ch.exchange('kept-spare', 'fanout', durable)
      for (const queue of ['kept-through', 'kept-aside']) await ch.declare(queue, {}, durable)
      await ch.call('exchange.bind', {
        source: 'kept-outer',
        destination: 'kept-inner',
        routingKey: 'k',
      })
      await ch.bind('kept-through', 'kept-inner')
      await ch.bind('kept-aside', 'kept-spare')
    },
    async (ch) => {
      for (const routingKey of ['k', 'other'])
        ch.publish({ exchange: 'kept-outer', routingKey, body: routingKey })
      await ch.confirmed()
      await drained(ch, 'kept-through', 2)
      await drained(ch, 'kept-aside', 2)
    },
  ),
  restarted(
    'after a restart queues have their arguments',
    async (ch) => {
      await ch.declare('kept-arguments', { 'x-max-length': 2, 'x-message-ttl': 100_000 }, durable)
      for (const body of ['1', '2', '3']) ch.publish(kept('kept-arguments', body))
    },
    async (ch) => {
      ch.publish(kept('kept-arguments', '4'))
      await ch.confirmed()
      await drained(ch, 'kept-arguments', 3)
      await ch.declare('kept-arguments', { 'x-max-length': 2 }, durable)
    },
  ),
  restarted(
    'after a restart priorities order what was there',
    async (ch) => {
      await ch.declare('kept-priorities', { 'x-max-priority': 5 }, durable)
      for (const priority of [1, 5, 3, 5])
        ch.publish(kept('kept-priorities', `${priority}`, { priority }))
    },
    (ch) => drained(ch, 'kept-priorities', 5),
  ),
  restarted(
    'after a restart dead letters have their history and become dead letters again',
    async (ch) => {
      await ch.declare('kept-grave', {}, durable)
      const args = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'kept-grave' }
      await ch.declare('kept-dying', args, durable)
      for (const body of ['1', '2']) ch.publish(kept('kept-dying', body))
      await ch.get('kept-dying')
      ch.reject(1, false)
      await ch.peer.until(() => undefined, 200)
    },
    async (ch) => {
      await drained(ch, 'kept-grave', 1)
      await ch.get('kept-dying')
      await ch.consume('kept-grave', { noAck: true })
      ch.reject(2, false)
      await ch.take('basic.deliver')
    },
  ),
  restarted(
    'after a restart time goes on: what has expired meanwhile is gone',
    async (ch) => {
      await ch.declare('kept-time', {}, durable)
      ch.publish(kept('kept-time', 'short', { expiration: '500' }))
      ch.publish(kept('kept-time', 'long', { expiration: '600000' }))
    },
    async (ch) => {
      await ch.peer.until(() => undefined, 600)
      await drained(ch, 'kept-time', 2)
    },
  ),
  restarted(
    'after a restart a deleted queue is gone with its messages',
    async (ch) => {
      await ch.declare('gone-queue', {}, durable)
      ch.publish(kept('gone-queue', '1'))
      await ch.confirmed()
      await ch.call('queue.delete', { queue: 'gone-queue' })
      await ch.declare('purged-queue', {}, durable)
      ch.publish(kept('purged-queue', '1'))
      await ch.confirmed()
      await ch.call('queue.purge', { queue: 'purged-queue' })
    },
    async (ch) => {
      await ch.get('purged-queue')
      await ch.passive('gone-queue')
    },
  ),
  restarted(
    'after a restart committed transactions are there',
    async (ch) => {
      await ch.declare('kept-committed', {}, durable)
      const other = await new PeerChannel(ch.peer, 2).open()
      await other.call('tx.select')
      other.publish(kept('kept-committed', 'committed'))
      await other.call('tx.commit')
      other.publish(kept('kept-committed', 'not committed'))
      await other.fence()
    },
    (ch) => drained(ch, 'kept-committed', 2),
  ),
]
