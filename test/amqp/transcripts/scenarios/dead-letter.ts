import type { Publish } from '../frame.ts'
import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'
import type { Stage } from '../stage.ts'
import type { ValueTable } from '../typed-value.ts'

/** A queue whose dead letters go to `grave`. */
const lettered = (
  name: string,
  args: ValueTable,
  act: (ch: PeerChannel, s: Stage) => Promise<unknown>,
) =>
  scenario(name, async (s) => {
    const ch = await s.confirming()
    await ch.declare('grave')
    await ch.declare('q', {
      ...{ 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'grave' },
      ...args,
    })
    await act(ch, s)
  })

/** Polls, since dead letters come in their own time. */
async function dug(ch: PeerChannel, s: Stage, count = 1, queue = 'grave'): Promise<void> {
  await s.eventually(ch, queue, (counts) => Number(counts.messageCount) >= count)
  for (let n = 0; n < count; n++) await ch.get(queue, { noAck: true })
}

async function rejected(ch: PeerChannel, publish: Publish = {}, queue = 'q'): Promise<void> {
  ch.publish({ routingKey: queue, body: 'dead', ...publish })
  const got = await ch.get(queue)
  ch.reject(Number(got?.fields.deliveryTag ?? 0), false)
}

export const deadLetterScenarios = [
  lettered(
    'a rejected message goes to the dead-letter exchange with its history',
    {},
    async (ch, s) => {
      await rejected(ch, { properties: { contentType: 'text/plain', headers: { mine: 1 } } })
      await dug(ch, s)
    },
  ),
  lettered('a negative acknowledgement without requeue is a rejection', {}, async (ch, s) => {
    ch.publishTo('q', '1', '2', '3')
    for (let n = 0; n < 3; n++) await ch.get('q')
    ch.nack(2, { multiple: true })
    await dug(ch, s, 2)
  }),
  lettered(
    'a message that expires by its queue is a dead letter',
    { 'x-message-ttl': 50 },
    async (ch, s) => {
      ch.publishTo('q', '1')
      await dug(ch, s)
    },
  ),
  lettered('a message that expires by itself loses its expiration', {}, async (ch, s) => {
    ch.publish({ routingKey: 'q', body: '1', properties: { expiration: '50', deliveryMode: 2 } })
    await dug(ch, s)
  }),
  lettered('the expiration of a rejected message is kept in its history', {}, async (ch, s) => {
    await rejected(ch, { properties: { expiration: '60000' } })
    await dug(ch, s)
  }),
  lettered(
    'a message pushed out of a full queue is a dead letter',
    { 'x-max-length': 1 },
    async (ch, s) => {
      ch.publishTo('q', '1', '2')
      await dug(ch, s)
      await ch.get('q')
    },
  ),
  lettered('without headers the history is the only header', {}, async (ch, s) => {
    await rejected(ch)
    await dug(ch, s)
  }),
  lettered(
    'a message without a dead-letter routing key keeps its own',
    { 'x-dead-letter-exchange': 'dlx', 'x-dead-letter-routing-key': 'chosen' },
    async (ch, s) => {
      await ch.exchange('dlx', 'topic')
      await ch.bind('grave', 'dlx', '#')
      await rejected(ch)
      await dug(ch, s)
    },
  ),
  scenario('a dead letter keeps its routing key when none is given', async (s) => {
    const ch = await s.confirming()
    await ch.exchange('dlx', 'topic')
    await ch.declare('grave')
    await ch.declare('q', { 'x-dead-letter-exchange': 'dlx' })
    await ch.bind('grave', 'dlx', 'a.b')
    await ch.bind('q', 'amq.topic', 'a.*')
    ch.publish({ exchange: 'amq.topic', routingKey: 'a.b', body: '1' })
    const got = await ch.get('q')
    ch.reject(Number(got?.fields.deliveryTag), false)
    await dug(ch, s)
  }),
  scenario('a dead letter of a dead-letter exchange that is not there is dropped', async (s) => {
    const ch = await s.confirming()
    await ch.declare('q', { 'x-dead-letter-exchange': 'missing' })
    await rejected(ch)
    await ch.get('q')
  }),
  scenario('a dead letter that no queue takes is dropped', async (s) => {
    const ch = await s.confirming()
    await ch.declare('q', { 'x-dead-letter-exchange': 'amq.direct' })
    await rejected(ch)
    await ch.get('q')
  }),
  scenario(
    'a dead letter through two queues has an entry for each, the latest first',
    async (s) => {
      const ch = await s.confirming()
      await ch.declare('last')
      await ch.declare('second', {
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': 'last',
        'x-message-ttl': 20,
      })
      await ch.declare('first', {
        'x-dead-letter-exchange': '',
        'x-dead-letter-routing-key': 'second',
      })
      await rejected(ch, {}, 'first')
      await dug(ch, s, 1, 'last')
    },
  ),
  scenario('a message rejected again and again is counted', async (s) => {
    const ch = await s.confirming()
    await ch.declare('wait', {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'q',
      'x-message-ttl': 20,
    })
    await ch.declare('q', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'wait' })
    ch.publishTo('q', 'round')
    for (let n = 0; n < 3; n++) {
      await s.eventually(ch, 'q', (counts) => counts.messageCount === 1)
      const got = await ch.get('q')
      ch.reject(Number(got?.fields.deliveryTag), false)
    }
    await dug(ch, s, 1, 'q')
  }),
  scenario('a circle of dead letters without a rejection ends', async (s) => {
    const ch = await s.confirming()
    await ch.declare('a', {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'b',
      'x-message-ttl': 20,
    })
    await ch.declare('b', {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'a',
      'x-message-ttl': 20,
    })
    ch.publishTo('a', '1')
    await ch.confirmed()
    await s.pass(400)
    await ch.passive('a')
    await ch.passive('b')
  }),
  scenario('a message that a queue dead-letters to itself ends without a rejection', async (s) => {
    const ch = await s.confirming()
    await ch.declare('a', {
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': 'a',
      'x-message-ttl': 20,
    })
    ch.publishTo('a', '1')
    await ch.confirmed()
    await s.pass(300)
    await ch.passive('a')
  }),
  scenario('a rejected message may come back to its own queue', async (s) => {
    const ch = await s.confirming()
    await ch.declare('a', { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'a' })
    await rejected(ch, {}, 'a')
    await dug(ch, s, 1, 'a')
  }),
  lettered('CC is dropped when the dead letter gets another routing key', {}, async (ch, s) => {
    await ch.declare('cc')
    await rejected(ch, { properties: { headers: { CC: ['cc'], other: 1 } } })
    await dug(ch, s)
    await ch.passive('cc')
  }),
  scenario('CC is kept when the dead letter keeps its routing key', async (s) => {
    const ch = await s.confirming()
    await ch.exchange('dlx', 'direct')
    await ch.declare('grave')
    await ch.declare('q', { 'x-dead-letter-exchange': 'dlx' })
    await ch.bind('grave', 'dlx', 'q')
    await rejected(ch, { properties: { headers: { CC: ['cc'] } } })
    await dug(ch, s)
  }),
  lettered('BCC stays unseen in the history', {}, async (ch, s) => {
    await rejected(ch, { properties: { headers: { BCC: ['hidden'] } } })
    await dug(ch, s)
  }),
  lettered('a history that a publisher makes up is replaced or extended', {}, async (ch, s) => {
    await rejected(ch, {
      properties: { headers: { 'x-death': 'nonsense', 'x-first-death-queue': 'forged' } },
    })
    await dug(ch, s)
  }),
  lettered('a dead letter comes without the user id being checked again', {}, async (ch, s) => {
    await rejected(ch, { properties: { userId: 'guest' } })
    await dug(ch, s)
  }),
  lettered('purging and deleting make no dead letters', {}, async (ch) => {
    ch.publishTo('q', '1')
    await ch.confirmed()
    await ch.call('queue.purge', { queue: 'q' })
    ch.publishTo('q', '2')
    await ch.confirmed()
    await ch.call('queue.delete', { queue: 'q' })
    await ch.get('grave')
  }),
  scenario('a policy gives queues their dead-letter exchange', async (s) => {
    const ch = await s.confirming()
    await ch.declare('policy-grave')
    await ch.declare('policy-letters')
    await rejected(ch, {}, 'policy-letters')
    await dug(ch, s, 1, 'policy-grave')
  }),
]
