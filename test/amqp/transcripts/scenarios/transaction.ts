import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

const transaction = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await ch.call('tx.select')
    await act(ch)
  })

const without = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await act(ch)
  })

export const transactionScenarios = [
  transaction('publishes arrive with the commit', async (ch) => {
    ch.publishTo('q', '1', '2')
    await ch.get('q')
    await ch.call('tx.commit')
    await ch.get('q')
    await ch.get('q')
  }),
  transaction('publishes are gone with the rollback', async (ch) => {
    ch.publishTo('q', '1')
    await ch.call('tx.rollback')
    await ch.call('tx.commit')
    await ch.get('q')
  }),
  transaction('acknowledgements count with the commit', async (ch) => {
    ch.publishTo('q', '1', '2')
    await ch.call('tx.commit')
    await ch.get('q')
    await ch.get('q')
    ch.ack(1)
    await ch.call('tx.commit')
    await ch.call('channel.close', { replyCode: 200 })
    await ch.call('channel.open')
    await ch.get('q')
    await ch.get('q')
  }),
  transaction('acknowledgements rolled back may be made again', async (ch) => {
    ch.publishTo('q', '1')
    await ch.call('tx.commit')
    await ch.get('q')
    ch.ack(1)
    await ch.call('tx.rollback')
    ch.nack(1, { requeue: true })
    await ch.call('tx.commit')
    await ch.get('q')
  }),
  transaction('acknowledgements not committed are void when the channel closes', async (ch) => {
    ch.publishTo('q', '1')
    await ch.call('tx.commit')
    await ch.get('q')
    ch.ack(1)
    await ch.call('channel.close', { replyCode: 200 })
    await ch.call('channel.open')
    await ch.get('q')
  }),
  transaction('rejections count with the commit', async (ch) => {
    ch.publishTo('q', '1')
    await ch.call('tx.commit')
    await ch.get('q')
    ch.reject(1, true)
    await ch.get('q')
    await ch.call('tx.commit')
    await ch.get('q')
  }),
  transaction('an unknown delivery tag closes the channel at once', async (ch) => {
    ch.ack(7)
    await ch.closed()
  }),
  transaction('a tag acknowledged twice before the commit closes the channel', async (ch) => {
    ch.publishTo('q', '1')
    await ch.call('tx.commit')
    await ch.get('q')
    ch.ack(1)
    ch.ack(1)
    await ch.closed()
  }),
  transaction('a mandatory message that goes nowhere is returned at the commit', async (ch) => {
    ch.publish({ routingKey: 'nowhere', mandatory: true, body: '1' })
    await ch.fence()
    await ch.call('tx.commit')
  }),
  transaction(
    'publishing to an exchange that is not there closes the channel at once',
    async (ch) => {
      ch.publishTo('q', '1')
      ch.publish({ exchange: 'missing', body: '2' })
      await ch.closed()
      await ch.call('channel.open')
      await ch.get('q')
    },
  ),
  transaction('acknowledging all in a transaction', async (ch) => {
    ch.publishTo('q', '1', '2', '3')
    await ch.call('tx.commit')
    for (let n = 0; n < 3; n++) await ch.get('q')
    ch.ack(0, { multiple: true })
    await ch.call('tx.commit')
    await ch.call('channel.close', { replyCode: 200 })
    await ch.call('channel.open')
    await ch.get('q')
  }),
  transaction('a queue that is bound between a publish and its commit', async (ch) => {
    ch.publish({ exchange: 'amq.fanout', body: '1', mandatory: true })
    await ch.bind('q', 'amq.fanout')
    await ch.call('tx.commit')
    await ch.get('q')
  }),
  transaction(
    'a queue that is deleted and made again between a publish and its commit',
    async (ch) => {
      ch.publishTo('q', '1')
      await ch.call('queue.delete', { queue: 'q' })
      await ch.declare('q')
      await ch.call('tx.commit')
      await ch.get('q')
    },
  ),
  transaction('recover in a transaction that has settled something', async (ch) => {
    ch.publishTo('q', '1', '2')
    await ch.call('tx.commit')
    await ch.get('q')
    await ch.get('q')
    ch.ack(1)
    await ch.call('basic.recover', { requeue: true })
    await ch.call('tx.commit')
    await ch.get('q')
    await ch.get('q')
  }),
  transaction('tx.select twice is fine, and the second commit is empty', async (ch) => {
    await ch.call('tx.select')
    ch.publishTo('q', '1')
    await ch.call('tx.commit')
    await ch.call('tx.commit')
    await ch.get('q')
  }),
  without('commit without select is refused', (ch) => ch.call('tx.commit')),
  without('rollback without select is refused', (ch) => ch.call('tx.rollback')),
  without('transactions cannot be had after confirms', async (ch) => {
    await ch.call('confirm.select')
    await ch.call('tx.select')
  }),
  without('confirms cannot be had after transactions', async (ch) => {
    await ch.call('tx.select')
    await ch.call('confirm.select')
  }),
]
