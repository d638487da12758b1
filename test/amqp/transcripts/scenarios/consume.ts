import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

const once = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.confirming()
    await ch.declare('q')
    await act(ch)
  })

/** Confirmed, so that the queue has it. */
async function filled(ch: PeerChannel, ...bodies: readonly string[]): Promise<void> {
  ch.publishTo('q', ...bodies)
  await ch.confirmed()
}

export const consumeScenarios = [
  once('consume-ok comes before the first delivery', async (ch) => {
    await filled(ch, '1', '2', '3')
    await ch.consume('q')
    await ch.take('basic.deliver', 3)
  }),
  once('a consumer without a tag gets one from the broker', async (ch) => {
    await ch.call('basic.consume', { queue: 'q' })
    await ch.call('basic.consume', { queue: 'q' })
    await filled(ch, '1')
    await ch.take('basic.deliver')
  }),
  once('a consumer tag that is in use on the channel closes the connection', async (ch) => {
    await ch.consume('q')
    await ch.consume('q')
    await ch.peer.end()
  }),
  scenario('a consumer tag may be in use on another channel', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await ch.consume('q')
    await (await s.channel(ch.peer, 2)).consume('q')
  }),
  once('a cancelled consumer tag may be used again', async (ch) => {
    await ch.consume('q')
    await ch.call('basic.cancel', { consumerTag: 'on-q' })
    await ch.consume('q')
  }),
  once('cancelling a consumer that is not there is answered', (ch) =>
    ch.call('basic.cancel', { consumerTag: 'nobody' }),
  ),
  once('what a cancelled consumer holds stays held and can be acknowledged', async (ch) => {
    await filled(ch, '1', '2')
    await ch.consume('q')
    await ch.take('basic.deliver', 2)
    await ch.call('basic.cancel', { consumerTag: 'on-q' })
    await ch.get('q')
    ch.ack(1)
    ch.nack(2, { requeue: true })
    await ch.get('q')
  }),
  once('a cancelled consumer gets no more', async (ch) => {
    await ch.consume('q')
    await ch.call('basic.cancel', { consumerTag: 'on-q' })
    await filled(ch, '1')
    await ch.get('q')
  }),
  once('consuming a queue that is not there', (ch) => ch.consume('missing')),
  once('an exclusive consumer keeps others away', async (ch) => {
    await ch.consume('q', { consumerTag: 'a', exclusive: true })
    await ch.consume('q', { consumerTag: 'b' })
  }),
  once('an exclusive consumer is refused where there are others', async (ch) => {
    await ch.consume('q', { consumerTag: 'a' })
    await ch.consume('q', { consumerTag: 'b', exclusive: true })
  }),
  once('after an exclusive consumer is cancelled others may come', async (ch) => {
    await ch.consume('q', { consumerTag: 'a', exclusive: true })
    await ch.call('basic.cancel', { consumerTag: 'a' })
    await ch.consume('q', { consumerTag: 'b' })
  }),
  once('an exclusive consumer does not keep basic.get away', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1 })
    await ch.consume('q', { exclusive: true })
    await filled(ch, '1', '2')
    await ch.take('basic.deliver')
    await ch.get('q')
  }),
  once('no-local is ignored', async (ch) => {
    await ch.consume('q', { noLocal: true })
    await filled(ch, 'from myself')
    await ch.take('basic.deliver')
  }),
  once('deliveries without acknowledgement are counted in the same tags', async (ch) => {
    await filled(ch, '1', '2', '3')
    await ch.get('q')
    await ch.get('q', { noAck: true })
    await ch.get('q')
    ch.ack(2)
    await ch.closed()
  }),
  scenario('messages of a consumer without acknowledgement are gone when it closes', async (s) => {
    const ch = await s.confirming()
    await ch.declare('q')
    await ch.consume('q', { noAck: true })
    ch.publishTo('q', '1', '2')
    await ch.take('basic.deliver', 2)
    const other = await s.channel()
    await ch.call('channel.close', { replyCode: 200 })
    await other.get('q')
  }),
  once('getting from an empty queue', (ch) => ch.get('q')),
  once('getting from a queue that is not there', (ch) => ch.get('missing')),
  once('get tells how many are left', async (ch) => {
    await filled(ch, '1', '2', '3')
    for (let n = 0; n < 4; n++) await ch.get('q')
  }),
  once('two consumers take turns', async (ch) => {
    await ch.consume('q', { consumerTag: 'a' })
    await ch.consume('q', { consumerTag: 'b' })
    for (const body of ['1', '2', '3', '4']) {
      await filled(ch, body)
      await ch.take('basic.deliver')
    }
  }),
  once('a consumer that holds all it may does not stop the other', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1 })
    await ch.consume('q', { consumerTag: 'slow' })
    await filled(ch, '1')
    await ch.take('basic.deliver')
    await ch.call('basic.qos', { prefetchCount: 0 })
    await ch.consume('q', { consumerTag: 'quick' })
    await filled(ch, '2', '3', '4')
    await ch.take('basic.deliver', 3)
  }),
  once('a consumer of a higher priority is served first', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 2 })
    await ch.consume('q', { consumerTag: 'low' })
    await ch.consume('q', { consumerTag: 'high', arguments: { 'x-priority': 10 } })
    await ch.consume('q', { consumerTag: 'lower', arguments: { 'x-priority': -1 } })
    for (const body of ['1', '2', '3', '4', '5']) await filled(ch, body)
    await ch.take('basic.deliver', 5)
    ch.ack(1)
    await filled(ch, '6')
    await ch.take('basic.deliver')
  }),
  once('a consumer priority that is no number is refused', (ch) =>
    ch.consume('q', { arguments: { 'x-priority': 'high' } }),
  ),
  once('unknown arguments of a consumer are ignored', (ch) =>
    ch.consume('q', { arguments: { 'x-colour': 'red', 'x-cancel-on-ha-failover': true } }),
  ),
  once('messages published while nobody consumes come in order', async (ch) => {
    const bodies = Array.from({ length: 50 }, (_, n) => `${n}`)
    await filled(ch, ...bodies)
    await ch.consume('q')
    await ch.take('basic.deliver', 50)
  }),
  scenario('of several active consumers of a single-active queue the first gets all', async (s) => {
    const ch = await s.confirming()
    await ch.declare('q', { 'x-single-active-consumer': true })
    await ch.consume('q', { consumerTag: 'first' })
    await ch.consume('q', { consumerTag: 'second', arguments: { 'x-priority': 5 } })
    await ch.consume('q', { consumerTag: 'third' })
    ch.publishTo('q', '1', '2')
    await ch.take('basic.deliver', 2)
    await ch.call('basic.cancel', { consumerTag: 'first' })
    ch.publishTo('q', '3')
    await ch.take('basic.deliver')
  }),
  scenario('get on a single-active queue is refused', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-single-active-consumer': true })
    await ch.get('q')
  }),
  scenario('an exclusive consumer of a single-active queue is refused', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-single-active-consumer': true })
    await ch.consume('q', { exclusive: true })
  }),
  scenario('what the active consumer held goes to the next one when it closes', async (s) => {
    const first = await s.channel()
    const second = await s.channel()
    const publisher = await s.confirming()
    await publisher.declare('q', { 'x-single-active-consumer': true })
    await first.consume('q')
    await second.consume('q')
    publisher.publishTo('q', '1', '2')
    await first.take('basic.deliver', 2)
    first.ack(1)
    await first.call('channel.close', { replyCode: 200 })
    await second.take('basic.deliver')
  }),
]
