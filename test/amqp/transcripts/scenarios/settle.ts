import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

/** A queue of these messages, all of them got and held; then the scenario. */
const held = (name: string, bodies: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    ch.publishTo('q', ...bodies.split(''))
    for (const _ of bodies) await ch.get('q')
    await act(ch)
  })

async function drained(ch: PeerChannel, count: number): Promise<void> {
  for (let n = 0; n < count; n++) await ch.get('q', { noAck: true })
}

async function reopened(ch: PeerChannel): Promise<void> {
  await ch.call('channel.close', { replyCode: 200 })
  await ch.call('channel.open')
}

export const settleScenarios = [
  held('acknowledging one leaves the others held', '123', async (ch) => {
    ch.ack(2)
    await reopened(ch)
    await drained(ch, 3)
  }),
  held('acknowledging several at once', '1234', async (ch) => {
    ch.ack(3, { multiple: true })
    await reopened(ch)
    await drained(ch, 2)
  }),
  held('acknowledging all', '123', async (ch) => {
    ch.ack(0, { multiple: true })
    await reopened(ch)
    await drained(ch, 1)
  }),
  held('acknowledging all when there is nothing', '', async (ch) => {
    ch.ack(0, { multiple: true })
    ch.nack(0, { multiple: true, requeue: true })
    await ch.fence()
  }),
  held('acknowledging tag 0 alone is refused', '1', async (ch) => {
    ch.ack(0)
    await ch.closed()
  }),
  held('rejecting tag 0 is refused', '1', async (ch) => {
    ch.reject(0, true)
    await ch.closed()
  }),
  held('acknowledging twice is refused', '12', async (ch) => {
    ch.ack(1)
    ch.ack(1)
    await ch.closed()
  }),
  held('acknowledging what was never delivered is refused', '1', async (ch) => {
    ch.ack(5)
    await ch.closed()
  }),
  held('acknowledging several up to what was never delivered is refused', '12', async (ch) => {
    ch.ack(5, { multiple: true })
    await ch.closed()
  }),
  held('acknowledging several up to one that is settled already is refused', '123', async (ch) => {
    ch.ack(2)
    ch.ack(2, { multiple: true })
    await ch.closed()
  }),
  held(
    'rejecting and negative acknowledgement of what was never delivered are refused',
    '1',
    async (ch) => {
      ch.reject(9, false)
      await ch.closed()
      await ch.call('channel.open')
      ch.nack(9)
      await ch.closed()
    },
  ),
  held('tags of a channel that was closed are unknown', '1', async (ch) => {
    await reopened(ch)
    ch.ack(1)
    await ch.closed()
  }),
  held('tags of another channel are unknown', '1', async (ch) => {
    ch.peer.send(2, 'channel.open')
    await ch.peer.take(2, ['channel.open-ok'])
    ch.peer.send(2, 'basic.ack', { deliveryTag: 1 })
    await ch.peer.until(() => ch.peer.isOver(2) || undefined)
    ch.ack(1)
    await ch.fence()
  }),
  held('what is rejected without requeue is gone', '123', async (ch) => {
    ch.reject(2, false)
    ch.nack(1)
    await reopened(ch)
    await drained(ch, 2)
  }),
  held('what is rejected with requeue goes back to its place, marked', '123', async (ch) => {
    ch.reject(2, true)
    ch.reject(1, true)
    await drained(ch, 3)
  }),
  held('negative acknowledgement of several keeps their order', '1234', async (ch) => {
    ch.nack(3, { multiple: true, requeue: true })
    await drained(ch, 4)
  }),
  held('negative acknowledgement of all', '123', async (ch) => {
    ch.nack(0, { multiple: true, requeue: true })
    await drained(ch, 3)
  }),
  scenario(
    'requeued messages keep their original places among those never delivered',
    async (s) => {
      const ch = await s.channel()
      await ch.declare('q')
      ch.publishTo('q', '1', '2', '3', '4', '5', '6')
      for (let n = 0; n < 4; n++) await ch.get('q')
      ch.nack(4, { requeue: true })
      ch.nack(1, { requeue: true })
      ch.ack(2)
      ch.nack(3, { requeue: true })
      await drained(ch, 6)
    },
  ),
  held('what a closed channel held goes back in order, marked', '12345', async (ch) => {
    ch.ack(2)
    await reopened(ch)
    await drained(ch, 5)
  }),
  scenario('what a dropped connection held goes back in order, marked', async (s) => {
    const other = await s.channel()
    const ch = await s.channel()
    await ch.declare('q')
    ch.publishTo('q', '1', '2', '3')
    await ch.get('q')
    await ch.get('q')
    ch.peer.recording = false
    ch.peer.drop()
    await s.eventually(other, 'q', (counts) => counts.messageCount === 3)
    await drained(other, 3)
  }),
  scenario('a message that was given back by a consumer is delivered again, marked', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await ch.consume('q')
    ch.publishTo('q', '1')
    await ch.take('basic.deliver')
    ch.nack(1, { requeue: true })
    await ch.take('basic.deliver')
    ch.reject(2, true)
    await ch.take('basic.deliver')
    ch.ack(3)
  }),
  scenario('a message given back goes to another consumer of the same queue', async (s) => {
    const one = await s.confirming()
    await one.declare('q')
    await one.consume('q', { consumerTag: 'one' })
    one.publishTo('q', '1')
    await one.take('basic.deliver')
    const two = await s.channel()
    await two.consume('q', { consumerTag: 'two' })
    await one.call('basic.cancel', { consumerTag: 'one' })
    one.nack(1, { requeue: true })
    await two.take('basic.deliver')
  }),
  held('recover gives back all that is held, in order, marked', '123', async (ch) => {
    ch.ack(2)
    await ch.call('basic.recover', { requeue: true })
    await drained(ch, 3)
  }),
  scenario('recover delivers to the same consumer again', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await ch.consume('q')
    ch.publishTo('q', '1', '2')
    await ch.take('basic.deliver', 2)
    ch.peer.unrecorded.add('basic.recover-ok')
    await ch.call('basic.recover', { requeue: true })
    await ch.take('basic.deliver', 2)
    ch.ack(2, { multiple: true })
    await ch.closed()
  }),
  held('recover without requeue is not implemented', '1', async (ch) => {
    await ch.call('basic.recover', { requeue: false })
    await ch.peer.end()
  }),
  held('recover-async is not answered', '12', async (ch) => {
    ch.send('basic.recover-async', { requeue: true })
    await drained(ch, 2)
  }),
  held('recover-async without requeue is not implemented', '1', async (ch) => {
    ch.send('basic.recover-async', { requeue: false })
    await ch.peer.end()
  }),
  held('recover with nothing held is answered', '', (ch) =>
    ch.call('basic.recover', { requeue: true }),
  ),
]
