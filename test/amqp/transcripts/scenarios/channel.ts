import { headerPayload } from '../content-header.ts'
import { frameBytes, methodFrame } from '../frame.ts'
import { scenario } from '../scenario.ts'

export const channelScenarios = [
  scenario('a channel is opened and closed', async (s) => {
    const ch = s.channelOf(await s.connect(), 1)
    await ch.open()
    await ch.call('channel.close', { replyCode: 200 })
  }),
  scenario(
    'a closed channel number can be opened again, with nothing left of the old one',
    async (s) => {
      const ch = await s.channel()
      await ch.declare('q')
      ch.publishTo('q', '1')
      await ch.get('q')
      await ch.call('channel.close', { replyCode: 200 })
      await ch.call('channel.open')
      await ch.get('q')
      await ch.call('queue.purge')
    },
  ),
  scenario('channels of any number up to channel_max may be opened', async (s) => {
    const peer = await s.connect({ channelMax: 3 })
    for (const number of [3, 1, 2]) await s.channelOf(peer, number).open()
  }),
  scenario('more channels than channel_max close the connection', async (s) => {
    const peer = await s.connect({ channelMax: 3 })
    for (const number of [1, 2, 3]) await s.channel(peer, number)
    peer.send(4, 'channel.open')
    await peer.end()
  }),
  scenario('the number of a channel may be above channel_max, or not', async (s) => {
    const peer = await s.connect({ channelMax: 3 })
    peer.send(4, 'channel.open')
    await peer.take(4, ['channel.open-ok'])
  }),
  scenario('a method on a channel that is not open closes the connection', async (s) => {
    const peer = await s.connect()
    peer.send(5, 'queue.declare', { queue: 'q' })
    await peer.end()
  }),
  scenario('a body on a channel that is not open closes the connection', async (s) => {
    const peer = await s.connect()
    peer.write(frameBytes(3, 5, Buffer.from('x')), 'a content body')
    await peer.end()
  }),
  scenario('channel.close on a channel that is not open', async (s) => {
    const peer = await s.connect()
    peer.send(5, 'channel.close', { replyCode: 200 })
    await s.channel(peer, 1)
  }),
  scenario('channel.close-ok on a channel that is not open', async (s) => {
    const peer = await s.connect()
    peer.send(5, 'channel.close-ok')
    await s.channel(peer, 1)
  }),
  scenario('a second channel.open closes the connection', async (s) => {
    const ch = await s.channel()
    ch.send('channel.open')
    await ch.peer.end()
  }),
  scenario('flow is answered when it asks for messages', async (s) => {
    const ch = await s.channel()
    await ch.call('channel.flow', { active: true })
  }),
  scenario('flow that stops messages is not implemented', async (s) => {
    const ch = await s.channel()
    ch.send('channel.flow', { active: false })
    await ch.peer.end()
  }),
  scenario('after a channel error the other channels go on', async (s) => {
    const ch = await s.channel()
    const other = await s.channel(ch.peer, 2)
    await ch.passive('missing')
    await other.declare('q')
  }),
  scenario('methods sent after a channel error are discarded until close-ok', async (s) => {
    const ch = await s.channel()
    ch.peer.answersClose = false
    ch.send('queue.declare', { queue: 'missing', passive: true })
    ch.send('queue.declare', { queue: 'discarded' })
    await ch.closed()
    ch.send('queue.declare', { queue: 'discarded' })
    ch.ack(1)
    ch.send('channel.close-ok')
    await ch.call('channel.open')
    await ch.passive('discarded')
  }),
  scenario('content in flight after a channel error is discarded until close-ok', async (s) => {
    const ch = await s.channel()
    ch.peer.answersClose = false
    await ch.declare('q')
    ch.publish({ exchange: 'missing', body: '0' })
    await ch.closed()
    ch.publishTo('q', '1', '2')
    ch.send('channel.close-ok')
    await ch.call('channel.open')
    await ch.get('q')
  }),
  scenario('a publish cut short by close-ok closes the connection', async (s) => {
    const ch = await s.channel()
    ch.peer.answersClose = false
    await ch.passive('missing')
    ch.peer.answersClose = true
    ch.peer.write(methodFrame(1, 'basic.publish', { routingKey: 'q' }), 'a publish, cut short')
    ch.send('channel.close-ok')
    await ch.peer.end()
  }),
  scenario(
    'a publish whose header comes after close-ok was sent closes the connection',
    async (s) => {
      const ch = await s.channel()
      await ch.passive('missing')
      ch.peer.write(frameBytes(2, 1, headerPayload(1)), 'a content header')
      await ch.peer.end()
    },
  ),
  scenario('two channel closes that cross are both answered', async (s) => {
    const ch = await s.channel()
    ch.peer.answersClose = false
    ch.send('queue.declare', { queue: 'missing', passive: true })
    await ch.closed()
    ch.send('channel.close', { replyCode: 200 })
    await s.pass(50)
    ch.send('channel.close-ok')
    await s.channel(ch.peer, 2)
  }),
  scenario('a channel closed by the client while its error is on the way', async (s) => {
    const ch = await s.channel()
    ch.send('queue.declare', { queue: 'missing', passive: true })
    ch.send('channel.close', { replyCode: 200 })
    await ch.closed()
    await s.channel(ch.peer, 2)
  }),
  scenario('a channel closed by the broker can be opened again at once', async (s) => {
    const ch = await s.channel()
    await ch.passive('missing')
    await ch.call('channel.open')
    await ch.declare('q')
  }),
  scenario(
    'an ack that arrives for a channel just closed leaves the connection alone',
    async (s) => {
      const ch = await s.channel()
      await ch.declare('q')
      ch.publishTo('q', '1')
      await ch.get('q')
      ch.peer.answersClose = false
      await ch.passive('missing')
      ch.ack(1)
      ch.send('channel.close-ok')
      await ch.call('channel.open')
      await ch.get('q')
    },
  ),
  scenario(
    'methods are handled in the order in which they were sent, without waiting',
    async (s) => {
      const ch = await s.channel()
      ch.send('queue.declare', { queue: 'q' })
      ch.send('exchange.declare', { exchange: 'x', type: 'direct' })
      ch.send('queue.bind', { queue: 'q', exchange: 'x', routingKey: 'k' })
      ch.send('basic.consume', { queue: 'q', consumerTag: 'c' })
      ch.publish({ exchange: 'x', routingKey: 'k', body: 'hello' })
      await ch.take('basic.deliver')
    },
  ),
  scenario('methods with nowait are not answered', async (s) => {
    const ch = await s.channel()
    ch.send('queue.declare', { queue: 'q', nowait: true })
    ch.send('exchange.declare', { exchange: 'x', type: 'fanout', nowait: true })
    ch.send('exchange.declare', { exchange: 'y', type: 'fanout', nowait: true })
    ch.send('exchange.bind', { source: 'x', destination: 'y', nowait: true })
    ch.send('queue.bind', { queue: 'q', exchange: 'y', nowait: true })
    ch.publish({ exchange: 'x', body: 'through both' })
    ch.send('basic.consume', { queue: 'q', consumerTag: 'c', nowait: true })
    await ch.take('basic.deliver')
    ch.send('basic.cancel', { consumerTag: 'c', nowait: true })
    ch.send('exchange.unbind', { source: 'x', destination: 'y', nowait: true })
    ch.send('queue.purge', { queue: 'q', nowait: true })
    ch.send('queue.delete', { queue: 'q', nowait: true })
    ch.send('exchange.delete', { exchange: 'x', nowait: true })
    ch.send('confirm.select', { nowait: true })
    await ch.passive('q')
  }),
  scenario('an error of a method with nowait closes the channel', async (s) => {
    const ch = await s.channel()
    ch.send('queue.bind', { queue: 'missing', exchange: 'amq.direct', nowait: true })
    await ch.closed()
  }),
  scenario('a passive declaration of nothing with nowait closes the channel', async (s) => {
    const ch = await s.channel()
    ch.send('queue.declare', { queue: 'missing', passive: true, nowait: true })
    await ch.closed()
  }),
  scenario('a user with a limit of channels is refused one more', async (s) => {
    const login = { user: 'flat', password: 'secret' }
    const peer = await s.connect(login)
    await s.channel(peer, 1)
    await s.channel(peer, 2)
    await s.full(login)
    peer.send(3, 'channel.open')
    await peer.until(() => peer.isOver(3) || undefined)
  }),
]
