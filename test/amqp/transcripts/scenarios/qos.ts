import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

/** A queue with six messages. */
const limited = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.confirming()
    await ch.declare('q')
    ch.publishTo('q', '1', '2', '3', '4', '5', '6')
    await ch.confirmed()
    await act(ch)
    // All that the limits let through has come.
    await ch.passive('q')
    await ch.fence()
    await ch.passive('q')
  })

export const qosScenarios = [
  limited('a consumer gets no more than its prefetch', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 2 })
    await ch.consume('q')
    await ch.take('basic.deliver', 2)
  }),
  limited('each acknowledgement lets one more through', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 2 })
    await ch.consume('q')
    await ch.take('basic.deliver', 2)
    ch.ack(1)
    await ch.take('basic.deliver')
    ch.ack(3, { multiple: true })
    await ch.take('basic.deliver', 2)
  }),
  limited('rejections let more through, too', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1 })
    await ch.consume('q')
    await ch.take('basic.deliver')
    ch.reject(1, false)
    await ch.take('basic.deliver')
    ch.nack(2, { requeue: true })
    await ch.take('basic.deliver')
  }),
  limited('a prefetch of each consumer for itself', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1 })
    await ch.consume('q', { consumerTag: 'a' })
    await ch.take('basic.deliver')
    await ch.consume('q', { consumerTag: 'b' })
    await ch.take('basic.deliver')
  }),
  limited('a new prefetch holds for new consumers, not for those that are', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1 })
    await ch.consume('q', { consumerTag: 'a' })
    await ch.take('basic.deliver')
    await ch.call('basic.qos', { prefetchCount: 3 })
    await ch.consume('q', { consumerTag: 'b' })
    await ch.take('basic.deliver', 3)
  }),
  limited('a global prefetch is shared by the consumers of the channel', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 3, global: true })
    await ch.consume('q', { consumerTag: 'a' })
    await ch.take('basic.deliver', 3)
    await ch.consume('q', { consumerTag: 'b' })
  }),
  limited('a global prefetch that is raised lets more through at once', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1, global: true })
    await ch.consume('q')
    await ch.take('basic.deliver')
    await ch.call('basic.qos', { prefetchCount: 3, global: true })
    await ch.take('basic.deliver', 2)
  }),
  limited('a global prefetch set to zero is none', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1, global: true })
    await ch.consume('q')
    await ch.take('basic.deliver')
    await ch.call('basic.qos', { prefetchCount: 0, global: true })
    await ch.take('basic.deliver', 5)
  }),
  limited('a global prefetch counts what was held before it', async (ch) => {
    await ch.consume('q')
    await ch.take('basic.deliver', 6)
    await ch.call('basic.qos', { prefetchCount: 6, global: true })
    ch.publishTo('q', '7')
    await ch.confirmed()
    await ch.passive('q')
    ch.ack(6, { multiple: true })
    await ch.take('basic.deliver')
  }),
  limited('both kinds of prefetch hold together', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 2 })
    await ch.call('basic.qos', { prefetchCount: 3, global: true })
    await ch.consume('q', { consumerTag: 'a' })
    await ch.take('basic.deliver', 2)
    await ch.consume('q', { consumerTag: 'b' })
    await ch.take('basic.deliver')
  }),
  limited('get does not care for prefetch', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1 })
    await ch.get('q')
    await ch.get('q')
    await ch.call('basic.qos', { prefetchCount: 1, global: true })
    await ch.get('q')
    await ch.get('q')
  }),
  limited('consumers without acknowledgement do not care for prefetch', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1 })
    await ch.consume('q', { noAck: true })
    await ch.take('basic.deliver', 6)
  }),
  limited('what get holds does not use up the prefetch of a consumer', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 1 })
    await ch.get('q')
    await ch.consume('q')
    await ch.take('basic.deliver')
  }),
  limited('no prefetch is no limit', async (ch) => {
    await ch.call('basic.qos', { prefetchCount: 0 })
    await ch.consume('q')
    await ch.take('basic.deliver', 6)
  }),
  limited('a prefetch in octets is not implemented', async (ch) => {
    await ch.call('basic.qos', { prefetchSize: 1 })
  }),
]
