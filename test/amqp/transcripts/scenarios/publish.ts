import type { Publish } from '../frame.ts'
import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'
import { typed } from '../typed-value.ts'

const once = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    await act(ch)
  })

/** A publish to q, and what becomes of channel and message. */
const judged = (name: string, publish: Publish) =>
  once(name, async (ch) => {
    ch.publish({ routingKey: 'q', body: 'body', ...publish })
    await ch.fence()
    await ch.get('q')
  })

const confirming = (name: string, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.confirming()
    await act(ch)
    await ch.confirmed()
  })

export const publishScenarios = [
  once('publishing to an exchange that is not there closes the channel', async (ch) => {
    ch.publish({ exchange: 'missing', body: '1' })
    await ch.closed()
  }),
  once(
    'publishing to an exchange that is not there loses what is not confirmed yet',
    async (ch) => {
      await ch.call('confirm.select')
      ch.publish({ exchange: 'missing', body: '1' })
      ch.publishTo('q', 'after it')
      await ch.closed()
      await ch.call('channel.open')
      await ch.get('q')
    },
  ),
  judged('a message that goes nowhere is dropped in silence', { routingKey: 'nowhere' }),
  judged('a mandatory message that arrives is not returned', { mandatory: true }),
  once('a mandatory message that goes nowhere is returned whole', async (ch) => {
    ch.publish({
      ...{ exchange: 'amq.topic', routingKey: 'no.where', mandatory: true, body: 'come back' },
      properties: { contentType: 'text/plain', messageId: 'm1', headers: { a: 1 } },
    })
    await ch.take('basic.return')
  }),
  once('a large mandatory message is returned in frames', async (ch) => {
    ch.publish({ routingKey: 'nowhere', mandatory: true, body: 'x'.repeat(140_000) })
    await ch.take('basic.return')
  }),
  once('an empty mandatory message is returned without a body frame', async (ch) => {
    ch.publish({ routingKey: 'nowhere', mandatory: true })
    await ch.take('basic.return')
  }),
  once('immediate closes the connection', async (ch) => {
    ch.publish({ routingKey: 'q', immediate: true, body: '1' })
    await ch.peer.end()
  }),
  judged('an expiration that is no number is refused', { properties: { expiration: 'soon' } }),
  judged('an expiration below zero is refused', { properties: { expiration: '-1' } }),
  judged('an empty expiration is refused', { properties: { expiration: '' } }),
  judged('an expiration with a blank is refused', { properties: { expiration: ' 5000' } }),
  judged('an expiration with a fraction is refused', { properties: { expiration: '5000.5' } }),
  judged('an expiration beyond the largest is refused', {
    properties: { expiration: '315360000001' },
  }),
  judged('an expiration with leading zeros', { properties: { expiration: '0060000' } }),
  judged('an expiration with a plus', { properties: { expiration: '+60000' } }),
  judged('the largest expiration is accepted', { properties: { expiration: '315360000000' } }),
  judged('a user id that is the login is accepted', { properties: { userId: 'guest' } }),
  judged('a user id that is another is refused', { properties: { userId: 'somebody' } }),
  judged('an empty user id is refused', { properties: { userId: '' } }),
  judged('a delivery mode that does not exist', { properties: { deliveryMode: 7 } }),
  judged('a priority on a queue without priorities', { properties: { priority: 200 } }),
  scenario('an impersonator may give any user id', async (s) => {
    const ch = await s.channel(await s.connect({ user: 'mimic', password: 'secret' }))
    await ch.declare('q')
    ch.publish({ routingKey: 'q', body: '1', properties: { userId: 'somebody' } })
    await ch.get('q')
  }),
  once('CC and BCC name further routing keys; BCC is not delivered', async (ch) => {
    for (const queue of ['cc', 'bcc']) await ch.declare(queue)
    const headers = { CC: ['cc', 'nowhere'], BCC: ['bcc', 'q'], other: 1 }
    ch.publish({ routingKey: 'q', body: '1', properties: { headers } })
    for (const queue of ['q', 'cc', 'bcc', 'q']) await ch.get(queue)
  }),
  judged('a CC that is no array is refused', { properties: { headers: { CC: 'cc' } } }),
  judged('a CC of numbers', { properties: { headers: { CC: [5] } } }),
  judged('a BCC that is no array is refused', { properties: { headers: { BCC: 5 } } }),
  judged('an empty CC is accepted', { properties: { headers: { CC: [] } } }),
  once('a mandatory message that only its CC routes is not returned', async (ch) => {
    ch.publish({
      ...{ routingKey: 'nowhere', mandatory: true, body: '1' },
      properties: { headers: { CC: ['q'] } },
    })
    await ch.fence()
    await ch.get('q')
  }),
  once('a mandatory message with BCC that goes nowhere is returned', async (ch) => {
    const headers = { BCC: ['nowhere'], CC: ['no'] }
    ch.publish({ routingKey: 'nowhere', mandatory: true, body: '1', properties: { headers } })
    await ch.take('basic.return')
  }),
  judged('CC in other letters is a header like another', { properties: { headers: { cc: 'x' } } }),

  once('confirm.select is answered, also when it is sent again', async (ch) => {
    await ch.call('confirm.select')
    await ch.call('confirm.select')
  }),
  confirming('publishes are confirmed, each', async (ch) => {
    await ch.declare('q', {}, { durable: true })
    for (let n = 0; n < 20; n++)
      ch.publish({ routingKey: 'q', body: `${n}`, properties: { deliveryMode: 1 + (n % 2) } })
  }),
  scenario('confirms count from one at confirm.select', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    ch.publishTo('q', '1', '2', '3')
    await ch.call('confirm.select')
    ch.publishTo('q', '4')
    await ch.confirmed()
  }),
  confirming('what goes nowhere is confirmed', async (ch) => {
    ch.publish({ routingKey: 'nowhere', body: '1' })
    ch.publish({ exchange: 'amq.fanout', body: '2' })
  }),
  scenario('a mandatory message is returned before it is confirmed', async (s) => {
    const ch = await s.channel()
    await ch.declare('q')
    // Around the channel, so that the confirm stands where it came and not among the confirms.
    ch.peer.send(1, 'confirm.select')
    await ch.take('confirm.select-ok')
    ch.publish({ routingKey: 'nowhere', mandatory: true, body: '1' })
    await ch.take('basic.ack')
  }),
  confirming('a message that expires at once is confirmed', async (ch) => {
    await ch.declare('q')
    ch.publish({ routingKey: 'q', body: '1', properties: { expiration: '0' } })
  }),
  confirming('a message delivered at once is confirmed', async (ch) => {
    await ch.declare('q')
    await ch.consume('q', { noAck: true })
    ch.publishTo('q', '1')
    await ch.take('basic.deliver')
  }),
  confirming('a message for several queues is confirmed once', async (ch) => {
    for (const queue of ['a', 'b', 'c']) {
      await ch.declare(queue, {}, { durable: true })
      await ch.bind(queue, 'amq.fanout')
    }
    ch.publish({ exchange: 'amq.fanout', body: '1', properties: { deliveryMode: 2 } })
    await ch.confirmed()
    await ch.call('queue.delete', { queue: 'a' })
  }),
  confirming('a message of a queue that is deleted is confirmed', async (ch) => {
    await ch.declare('q', {}, { durable: true })
    ch.publish({ routingKey: 'q', body: '1', properties: { deliveryMode: 2 } })
    ch.send('queue.delete', { queue: 'q' })
    ch.peer.unrecorded.add('queue.delete-ok')
    await ch.take('queue.delete-ok')
  }),
  scenario('confirms of one channel do not reach another', async (s) => {
    const one = await s.confirming()
    const two = await s.confirming(one.peer, 2)
    await one.declare('q')
    one.publishTo('q', '1')
    two.publishTo('q', '2', '3')
    await one.confirmed()
    await two.confirmed()
  }),
  judged('headers named like properties of objects', {
    properties: { headers: { constructor: 'c', toString: 't', __proto__x: 'p', '': 'empty' } },
  }),
  judged('a message with every property', {
    properties: {
      ...{ contentType: 'application/json', contentEncoding: 'gzip', deliveryMode: 2, priority: 9 },
      ...{ correlationId: 'c', replyTo: 'r', expiration: '60000', messageId: 'm', type: 't' },
      ...{ timestamp: 1_234_567_890, userId: 'guest', appId: 'a', clusterId: 'k', headers: {} },
    },
  }),
  judged('headers of every type survive', {
    properties: {
      headers: {
        ...{ t: true, f: false, b: typed('b', -1), B: typed('B', 200), s: typed('s', -2) },
        ...{ u: typed('u', 65_535), I: -3, i: typed('i', 4_294_967_295), l: 2n ** 62n },
        ...{ L: typed('L', -5), float: typed('f', 0.5), d: 0.1, D: typed('D', (2n << 32n) | 314n) },
        ...{ S: 'text', x: Buffer.from([0, 255]), A: [1, [2, ['3']], { four: 4 }], V: null },
        ...{ T: typed('T', 1_000_000_000), F: { deep: { deeper: { deepest: [] } } } },
      },
    },
  }),
  once('property bytes are delivered as they were sent', async (ch) => {
    ch.publish({
      ...{ routingKey: 'q', body: '1' },
      properties: {
        headers: {
          z: 1,
          a: typed('L', 2),
          m: typed('s', 3),
          '': null,
          S: '\xff\0',
          n: { y: 1, b: 2 },
        },
        deliveryMode: 1,
        correlationId: '\xff not UTF-8',
      },
    })
    const got = await ch.get('q')
    ch.peer.note(1, `property bytes ${got?.header?.propertyBytes.toString('hex')}`)
  }),
]
