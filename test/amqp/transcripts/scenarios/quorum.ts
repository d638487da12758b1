import type { Fields } from '../method.ts'
import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'
import type { ValueTable } from '../typed-value.ts'

const durable = { durable: true }
const type: ValueTable = { 'x-queue-type': 'quorum' }

const declared = (name: string, args: ValueTable, fields: Fields = durable) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { ...type, ...args }, fields)
  })

const used = (name: string, args: ValueTable, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.confirming()
    await ch.declare('grave')
    await ch.declare('q', { ...type, ...args }, durable)
    await act(ch)
  })

const toGrave: ValueTable = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'grave' }

export const quorumScenarios = [
  declared('a quorum queue is declared', {}),
  declared('a quorum queue must be durable', {}, {}),
  declared('a quorum queue cannot be exclusive', {}, { durable: true, exclusive: true }),
  declared('a quorum queue cannot be auto-delete', {}, { durable: true, autoDelete: true }),
  declared('a quorum queue has no priorities', { 'x-max-priority': 5 }),
  declared('a quorum queue has no lazy mode', { 'x-queue-mode': 'lazy' }),
  declared('a quorum queue with a delivery limit', { 'x-delivery-limit': 5 }),
  declared('a delivery limit below zero is refused', { 'x-delivery-limit': -1 }),
  declared('a delivery limit that is no number', { 'x-delivery-limit': 'five' }),
  declared('a quorum queue with a group size', { 'x-quorum-initial-group-size': 1 }),
  declared('a group size that is no number is refused', { 'x-quorum-initial-group-size': 'one' }),
  declared('a quorum queue refuses with reject-publish', { 'x-overflow': 'reject-publish' }),
  declared('a quorum queue knows no reject-publish-dlx', { 'x-overflow': 'reject-publish-dlx' }),
  declared('a quorum queue with a single active consumer', { 'x-single-active-consumer': true }),
  declared('a quorum queue with a dead-letter strategy', {
    'x-dead-letter-strategy': 'at-least-once',
    ...toGrave,
    'x-overflow': 'reject-publish',
  }),
  declared('an unknown dead-letter strategy is refused', { 'x-dead-letter-strategy': 'perhaps' }),
  scenario('declaring a stream', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-queue-type': 'stream' }, durable)
  }),
  scenario('a delivery limit on a classic queue', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-delivery-limit': 5 })
  }),
  scenario('a quorum queue declared again', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { ...type, 'x-delivery-limit': 5 }, durable)
    await ch.declare('q', { ...type, 'x-delivery-limit': 5 }, durable)
    await ch.passive('q')
    await ch.declare('q', { ...type, 'x-delivery-limit': 6 }, durable)
    await ch.call('channel.open')
    await ch.declare('q', {}, durable)
  }),
  used('messages of a quorum queue are confirmed, delivered and acknowledged', {}, async (ch) => {
    ch.publishTo('q', '1', '2', '3')
    await ch.confirmed()
    await ch.call('basic.qos', { prefetchCount: 10 })
    await ch.consume('q')
    await ch.take('basic.deliver', 3)
    ch.ack(3, { multiple: true })
    await ch.fence()
  }),
  used('get on a quorum queue', {}, async (ch) => {
    ch.publishTo('q', '1')
    await ch.confirmed()
    await ch.get('q')
    await ch.get('q')
  }),
  used(
    'a message given back tells how often it was delivered before',
    { 'x-delivery-limit': 10 },
    async (ch) => {
      ch.publishTo('q', '1')
      await ch.confirmed()
      await ch.consume('q')
      for (let n = 1; n <= 3; n++) {
        await ch.take('basic.deliver')
        ch.nack(n, { requeue: true })
      }
      await ch.take('basic.deliver')
    },
  ),
  used(
    'a message delivered too often is a dead letter',
    { 'x-delivery-limit': 2, ...toGrave },
    async (ch) => {
      ch.publishTo('q', '1')
      await ch.confirmed()
      await ch.consume('q')
      for (let n = 1; n <= 3; n++) {
        await ch.take('basic.deliver')
        ch.reject(n, true)
      }
      await ch.consume('grave', { noAck: true })
      await ch.take('basic.deliver')
    },
  ),
  used(
    'a message delivered too often without a dead-letter exchange is dropped',
    { 'x-delivery-limit': 1 },
    async (ch) => {
      ch.publishTo('q', '1', '2')
      await ch.confirmed()
      await ch.call('basic.qos', { prefetchCount: 1 })
      await ch.consume('q')
      await ch.take('basic.deliver')
      ch.nack(1, { requeue: true })
      const next = await ch.takeOne('basic.deliver')
      ch.nack(Number(next?.fields.deliveryTag), { requeue: true })
      await ch.take('basic.deliver')
    },
  ),
  used('a global prefetch on a quorum queue', {}, async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1, global: true })
    await ch.consume('q')
    await ch.peer.until(() => ch.peer.isOver(1) || undefined, 300)
  }),
]
