import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

const name = 'amq.rabbitmq.reply-to'

const once = (title: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(title, async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await act(ch)
  })

const asking = (title: string, act: (ch: PeerChannel, replyTo: string) => Promise<unknown>) =>
  once(title, async (ch) => {
    await ch.consume(name, { consumerTag: 'replies', noAck: true })
    ch.publish({
      routingKey: 'q',
      body: 'question',
      properties: { replyTo: name, correlationId: 'c' },
    })
    const question = await ch.get('q', { noAck: true })
    await act(ch, String(question?.header?.properties.replyTo))
  })

export const directReplyScenarios = [
  asking('a reply goes straight to who asked', async (ch, replyTo) => {
    ch.publish({ routingKey: replyTo, body: 'answer', properties: { correlationId: 'c' } })
    await ch.take('basic.deliver')
    ch.publish({ routingKey: replyTo, body: 'another' })
    await ch.take('basic.deliver')
  }),
  scenario('a reply comes from another connection', async (s) => {
    const asker = await s.channel()
    const server = await s.channel()
    await server.declare('q')
    await server.consume('q', { noAck: true })
    await asker.consume(name, { consumerTag: 'replies', noAck: true })
    for (const body of ['1', '2']) {
      asker.publish({ routingKey: 'q', body, properties: { replyTo: name } })
      const question = await server.takeOne('basic.deliver')
      server.publish({
        routingKey: String(question?.header?.properties.replyTo),
        body: `re ${body}`,
      })
      await asker.take('basic.deliver')
    }
  }),
  once('a consumer of replies must not acknowledge', (ch) => ch.consume(name)),
  once('a second consumer of replies on a channel is refused', async (ch) => {
    await ch.consume(name, { consumerTag: 'a', noAck: true })
    await ch.consume(name, { consumerTag: 'b', noAck: true })
  }),
  scenario('each channel may have a consumer of replies', async (s) => {
    const one = await s.channel()
    const two = await s.channel(one.peer, 2)
    await one.consume(name, { noAck: true })
    await two.consume(name, { noAck: true })
  }),
  once('asking without a consumer of replies is refused', async (ch) => {
    ch.publish({ routingKey: 'q', body: '1', properties: { replyTo: name } })
    await ch.closed()
  }),
  asking('a cancelled consumer of replies may come again', async (ch) => {
    await ch.call('basic.cancel', { consumerTag: 'replies' })
    await ch.consume(name, { consumerTag: 'again', noAck: true })
    ch.publish({ routingKey: 'q', body: '2', properties: { replyTo: name } })
    const question = await ch.get('q', { noAck: true })
    ch.publish({ routingKey: String(question?.header?.properties.replyTo), body: 'answer' })
    await ch.take('basic.deliver')
  }),
  asking('after its consumer is cancelled asking is refused again', async (ch) => {
    await ch.call('basic.cancel', { consumerTag: 'replies' })
    ch.publish({ routingKey: 'q', body: '2', properties: { replyTo: name } })
    await ch.closed()
  }),
  asking('a reply after the consumer is cancelled', async (ch, replyTo) => {
    await ch.call('basic.cancel', { consumerTag: 'replies' })
    ch.publish({ routingKey: replyTo, body: 'late', mandatory: true })
    await ch.fence()
  }),
  asking('a reply to a channel that is closed is returned if mandatory', async (ch, replyTo) => {
    await ch.call('channel.close', { replyCode: 200 })
    await ch.call('channel.open')
    ch.publish({ routingKey: replyTo, body: 'late', mandatory: true })
    await ch.take('basic.return')
    ch.publish({ routingKey: replyTo, body: 'late' })
    await ch.fence()
  }),
  asking('the name of a waiting requester is declared passively', async (ch, replyTo) => {
    await ch.passive(replyTo)
    await ch.declare(replyTo)
  }),
  asking('the name of a requester that is gone is not found', async (ch, replyTo) => {
    await ch.call('channel.close', { replyCode: 200 })
    await ch.call('channel.open')
    await ch.passive(replyTo)
  }),
  once('the pseudo queue declared passively', (ch) => ch.passive(name)),
  once('the pseudo queue declared', (ch) => ch.declare(name)),
  once('a made-up name of a requester is not found', (ch) => ch.passive(`${name}.nonsense`)),
  once('publishing to a made-up name of a requester', async (ch) => {
    ch.publish({ routingKey: `${name}.nonsense`, body: '1', mandatory: true })
    await ch.fence()
  }),
  once('binding the pseudo queue', (ch) => ch.bind(name, 'amq.direct', 'k')),
  once('getting from the pseudo queue', (ch) => ch.get(name, { noAck: true })),
  once('purging the pseudo queue', (ch) => ch.call('queue.purge', { queue: name })),
  once('deleting the pseudo queue', (ch) => ch.call('queue.delete', { queue: name })),
  asking(
    'a mandatory reply that arrives is not returned, and is confirmed',
    async (ch, replyTo) => {
      await ch.call('confirm.select')
      ch.publish({ routingKey: replyTo, body: 'answer', mandatory: true })
      await ch.take('basic.deliver')
      await ch.confirmed()
    },
  ),
  asking('a reply through another exchange does not find its way', async (ch, replyTo) => {
    ch.publish({ exchange: 'amq.direct', routingKey: replyTo, body: 'astray', mandatory: true })
    await ch.take('basic.return')
  }),
  asking('other properties of a question are left as they are', async (ch) => {
    ch.publish({
      ...{ routingKey: 'q', body: '2' },
      properties: { replyTo: name, headers: { a: 1 }, messageId: 'm', deliveryMode: 1 },
    })
    await ch.get('q', { noAck: true })
  }),
  once('a reply_to that only begins like it is left as it is', async (ch) => {
    ch.publish({ routingKey: 'q', body: '1', properties: { replyTo: `${name}.mine` } })
    await ch.get('q')
  }),
  scenario('a user without any permission may consume replies', async (s) => {
    const ch = await s.channel(await s.connect({ user: 'limited', password: 'secret' }))
    await ch.consume(name, { noAck: true })
  }),
]
