import type { Fields } from '../method.ts'
import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'

const redeclared = (name: string, first: Fields, second: Fields) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.call('queue.declare', { queue: 'q', ...first })
    await ch.call('queue.declare', { queue: 'q', ...second })
  })

const once = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await act(ch)
  })

/** What another connection may do with an exclusive queue. */
const locked = (name: string, method: string, fields: Fields = {}) =>
  scenario(`an exclusive queue of another connection: ${name}`, async (s) => {
    const owner = await s.channel()
    await owner.declare('q', {}, { exclusive: true })
    const other = await s.channel()
    await other.call(method, { queue: 'q', ...fields })
    await owner.passive('q')
  })

export const queueScenarios = [
  scenario('a declared queue is answered with its name and counts', async (s) => {
    const ch = await s.confirming()
    await ch.declare('q')
    ch.publishTo('q', 'one', 'two')
    await ch.confirmed()
    await ch.passive('q')
    await ch.get('q')
    await ch.declare('q')
    await ch.consume('q')
    await ch.take('basic.deliver')
    await ch.declare('q')
  }),
  once('a queue without a name gets one from the broker', async (ch) => {
    const first = await ch.declare('')
    await ch.passive(String(first?.fields.queue))
    await ch.declare('')
  }),
  once('an empty queue name means the queue last declared on the channel', async (ch) => {
    await ch.declare('first')
    await ch.declare('second')
    ch.publishTo('second', '1', '2', '3')
    await ch.get('')
    await ch.passive('first')
    await ch.call('queue.bind', { exchange: 'amq.direct', routingKey: 'k' })
    await ch.call('queue.unbind', { exchange: 'amq.direct', routingKey: 'k' })
    await ch.call('queue.purge')
    await ch.call('basic.consume', { consumerTag: 'c' })
    await ch.call('queue.delete')
  }),
  once('a passive declaration makes a queue the last one, too', async (ch) => {
    await ch.declare('first')
    await ch.declare('second')
    await ch.passive('first')
    ch.publishTo('first', 'in the first')
    await ch.get('')
  }),
  once('binding with neither queue nor routing key takes the last queue for both', async (ch) => {
    await ch.declare('q')
    await ch.call('queue.bind', { exchange: 'amq.direct' })
    ch.publish({ exchange: 'amq.direct', routingKey: 'q', body: '1' })
    await ch.get('q')
    await ch.call('queue.bind', { queue: 'q', exchange: 'amq.direct', routingKey: '' })
    ch.publish({ exchange: 'amq.direct', routingKey: '', body: '2' })
    await ch.get('q')
  }),
  ...[
    'queue.bind',
    'queue.unbind',
    'queue.purge',
    'queue.delete',
    'basic.get',
    'basic.consume',
  ].map((method) =>
    once(`${method} of the last queue on a channel that declared none`, (ch) =>
      ch.call(method, method.endsWith('bind') ? { exchange: 'amq.direct' } : {}),
    ),
  ),
  scenario('the last queue is a matter of each channel', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    const other = await s.channel(ch.peer, 2)
    await other.get('')
  }),
  once('the last queue, deleted, is last no more', async (ch) => {
    await ch.declare('q')
    await ch.call('queue.delete', { queue: 'q' })
    await ch.call('queue.purge')
  }),
  once('a passive declaration without a name', async (ch) => {
    await ch.declare('q')
    await ch.passive('')
  }),
  once('a passive declaration without a name on a new channel', (ch) => ch.passive('')),
  once('a queue that is not there is not found by a passive declaration', (ch) =>
    ch.passive('missing'),
  ),
  once('a passive declaration ignores all settings', async (ch) => {
    await ch.declare('q')
    await ch.call('queue.declare', { queue: 'q', passive: true, durable: true, autoDelete: true })
    await ch.call('queue.declare', {
      ...{ queue: 'q', passive: true, arguments: { 'x-message-ttl': -1 } },
    })
  }),
  redeclared(
    'a queue declared again with the same settings is the same',
    { durable: true },
    { durable: true },
  ),
  redeclared('a queue declared again with durable is refused', {}, { durable: true }),
  redeclared('a durable queue declared again without is refused', { durable: true }, {}),
  redeclared('a queue declared again with auto-delete is refused', {}, { autoDelete: true }),
  redeclared('a queue declared again with exclusive is refused', {}, { exclusive: true }),
  redeclared('an exclusive queue declared again without is refused', { exclusive: true }, {}),
  redeclared(
    'an exclusive and durable queue declared again is the same',
    { exclusive: true, durable: true },
    { exclusive: true, durable: true },
  ),
  redeclared(
    'an exclusive and durable queue declared again without durable',
    { exclusive: true, durable: true },
    { exclusive: true },
  ),
  once('a queue name that begins with amq. is reserved', (ch) => ch.declare('amq.mine')),
  once('a name that the broker has made up cannot be declared again by that name', async (ch) => {
    const made = await ch.declare('', {}, { exclusive: true })
    await ch.declare(String(made?.fields.queue), {}, { exclusive: true })
  }),
  once('line ends in a queue name are left out', async (ch) => {
    await ch.declare('line\r\nend')
    ch.publishTo('lineend', '1')
    await ch.get('line\nend')
    await ch.call('queue.purge', { queue: '\rlineend' })
    await ch.call('queue.delete', { queue: 'lineend\n' })
  }),
  once('a queue name of 255 octets is as good as any', async (ch) => {
    await ch.declare('n'.repeat(255))
    await ch.call('queue.delete', { queue: 'n'.repeat(255) })
  }),
  once('a queue name that is not UTF-8', async (ch) => {
    await ch.declare('bad \xff\xfe')
    await ch.passive('bad \xff\xfe')
  }),
  once('deleting tells how many ready messages went with the queue', async (ch) => {
    await ch.declare('q')
    ch.publishTo('q', '1', '2', '3')
    await ch.get('q')
    await ch.call('queue.delete', { queue: 'q' })
  }),
  once('a queue that is not there is deleted', (ch) =>
    ch.call('queue.delete', { queue: 'missing' }),
  ),
  once('a queue that is not there is deleted if unused and if empty', (ch) =>
    ch.call('queue.delete', { queue: 'missing', ifUnused: true, ifEmpty: true }),
  ),
  once('a queue with a consumer is not deleted if unused', async (ch) => {
    await ch.declare('q')
    await ch.consume('q')
    await ch.call('queue.delete', { queue: 'q', ifUnused: true })
  }),
  once('a queue with a message is not deleted if empty', async (ch) => {
    await ch.declare('q')
    ch.publishTo('q', '1')
    await ch.call('queue.delete', { queue: 'q', ifEmpty: true })
  }),
  once('a queue whose messages are all held counts as empty', async (ch) => {
    await ch.declare('q')
    ch.publishTo('q', '1')
    await ch.get('q')
    await ch.call('queue.delete', { queue: 'q', ifEmpty: true, ifUnused: true })
  }),
  once('purging removes ready messages, not those that are held', async (ch) => {
    await ch.declare('q')
    ch.publishTo('q', '1', '2', '3')
    await ch.get('q')
    await ch.call('queue.purge', { queue: 'q' })
    await ch.get('q')
    ch.nack(1, { requeue: true })
    await ch.get('q')
  }),
  once('purging a queue that is not there', (ch) => ch.call('queue.purge', { queue: 'missing' })),
  once('messages held of a deleted queue may be settled without harm', async (ch) => {
    await ch.declare('q')
    ch.publishTo('q', '1', '2', '3')
    for (let n = 0; n < 3; n++) await ch.get('q')
    await ch.call('queue.delete', { queue: 'q' })
    ch.ack(1)
    ch.nack(2, { requeue: true })
    ch.reject(3, false)
    await ch.fence()
    ch.ack(1)
    await ch.closed()
  }),
  locked('declared', 'queue.declare'),
  locked('declared as exclusive', 'queue.declare', { exclusive: true }),
  locked('declared passively', 'queue.declare', { passive: true }),
  locked('consumed', 'basic.consume'),
  locked('got', 'basic.get'),
  locked('purged', 'queue.purge'),
  locked('deleted', 'queue.delete'),
  locked('bound', 'queue.bind', { exchange: 'amq.direct', routingKey: 'k' }),
  locked('unbound', 'queue.unbind', { exchange: 'amq.direct', routingKey: 'k' }),
  scenario('anyone may publish to an exclusive queue', async (s) => {
    const owner = await s.channel()
    await owner.declare('q', {}, { exclusive: true })
    const other = await s.confirming()
    other.publishTo('q', 'from outside')
    await other.confirmed()
    await owner.get('q')
  }),
  scenario('an exclusive queue belongs to the connection, not to the channel', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', {}, { exclusive: true })
    const other = await s.channel(ch.peer, 2)
    await ch.call('channel.close', { replyCode: 200 })
    await other.passive('q')
  }),
  scenario('exclusive queues are gone when close-ok is sent', async (s) => {
    const ch = await s.channel()
    for (let n = 0; n < 20; n++) await ch.declare(`q${n}`, {}, { exclusive: true })
    ch.peer.send(0, 'connection.close', { replyCode: 200 })
    await ch.peer.take(0, ['connection.close-ok'])
    const other = await s.channel()
    for (const n of [0, 10, 19]) await other.declare(`q${n}`)
  }),
]
