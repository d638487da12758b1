import { scenario } from '../scenario.ts'

const isGone = () => false

export const queueLifeScenarios = [
  scenario('an auto-delete queue lives until its last consumer is cancelled', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', {}, { autoDelete: true })
    await ch.consume('q', { consumerTag: 'a' })
    await ch.consume('q', { consumerTag: 'b' })
    await ch.call('basic.cancel', { consumerTag: 'a' })
    await ch.passive('q')
    await ch.call('basic.cancel', { consumerTag: 'b' })
    await ch.passive('q')
  }),
  scenario('an auto-delete queue that never had a consumer stays', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', {}, { autoDelete: true })
    ch.publishTo('q', '1')
    await ch.get('q', { noAck: true })
    await ch.call('channel.close', { replyCode: 200 })
    await ch.call('channel.open')
    await ch.passive('q')
  }),
  scenario('an auto-delete queue goes with the channel of its last consumer', async (s) => {
    const other = await s.channel()
    const ch = await s.channel()
    await ch.declare('q', {}, { autoDelete: true })
    await ch.consume('q')
    await ch.call('channel.close', { replyCode: 200 })
    await s.eventually(other, 'q', isGone)
  }),
  scenario(
    'an auto-delete queue goes when the connection of its last consumer drops',
    async (s) => {
      const other = await s.channel()
      const ch = await s.channel()
      await ch.declare('q', {}, { autoDelete: true })
      await ch.consume('q')
      ch.peer.recording = false
      ch.peer.drop()
      await s.eventually(other, 'q', isGone)
    },
  ),
  scenario('an exclusive queue goes when its connection drops', async (s) => {
    const other = await s.channel()
    const ch = await s.channel()
    await ch.declare('q', {}, { exclusive: true })
    ch.peer.recording = false
    ch.peer.drop()
    // While it is there, the declaration is refused and the channel closed.
    other.peer.recording = false
    for (let tries = 0; (await other.declare('q')) === undefined && tries < 80; tries++) {
      await s.pass(25)
      await other.call('channel.open')
    }
    other.peer.recording = true
    await other.passive('q')
  }),
  scenario('a queue with x-expires goes when it is not used', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-expires': 1000 })
    await s.pass(300)
    await ch.passive('q')
    await s.pass(1800)
    await ch.passive('q')
  }),
  scenario('a queue with x-expires stays while it has a consumer', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', { 'x-expires': 1000 })
    await ch.consume('q')
    await s.pass(1800)
    await ch.passive('q')
    await ch.call('basic.cancel', { consumerTag: 'on-q' })
    await s.pass(1800)
    await ch.passive('q')
  }),
  scenario(
    'getting and declaring are use of a queue with x-expires, publishing is not',
    async (s) => {
      const ch = await s.channel()
      await ch.declare('q', { 'x-expires': 1500 })
      await ch.declare('r', { 'x-expires': 1500 })
      for (let n = 0; n < 6; n++) {
        await s.pass(400)
        await ch.get('q')
        ch.publishTo('r', 'm')
      }
      await ch.passive('q')
      await ch.passive('r')
    },
  ),
  scenario('a consumer of a deleted queue is told that it is cancelled', async (s) => {
    const consumer = await s.channel()
    const ch = await s.channel()
    await ch.declare('q')
    await consumer.consume('q')
    await ch.call('queue.delete', { queue: 'q' })
    await consumer.take('basic.cancel')
    await consumer.call('basic.cancel', { consumerTag: 'on-q' })
    await consumer.declare('q')
    await consumer.consume('q')
  }),
  scenario('a consumer that cannot be told is cancelled in silence', async (s) => {
    const consumer = await s.channel(await s.connect({ capabilities: {} }))
    const ch = await s.channel()
    await ch.declare('q')
    await consumer.consume('q')
    await ch.call('queue.delete', { queue: 'q' })
    await consumer.fence()
    await s.pass(100)
    await consumer.fence()
  }),
  scenario('who deletes a queue is told of its own cancelled consumer', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await ch.consume('q')
    ch.peer.unrecorded.add('queue.delete-ok')
    await ch.call('queue.delete', { queue: 'q' })
    await ch.take('basic.cancel')
  }),
  scenario('a virtual host with no queue left refuses another', async (s) => {
    const ch = await s.channel(await s.connect({ vhost: 'few' }))
    await ch.declare('one', {}, { exclusive: true })
    await ch.declare('one', {}, { exclusive: true })
    await ch.declare('two', {}, { exclusive: true })
  }),
]
