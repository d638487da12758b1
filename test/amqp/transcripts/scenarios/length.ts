import type { PeerChannel } from '../peer-channel.ts'
import { scenario } from '../scenario.ts'
import type { ValueTable } from '../typed-value.ts'

const full = (name: string, args: ValueTable, act: (ch: PeerChannel) => Promise<unknown>) =>
  scenario(name, async (s) => {
    const ch = await s.confirming()
    await ch.declare('grave')
    await ch.declare('q', args)
    await act(ch)
  })

async function filled(ch: PeerChannel, ...bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    ch.publishTo('q', body)
    await ch.confirmed()
  }
  await ch.passive('q')
}

async function drained(ch: PeerChannel, count: number, queue = 'q'): Promise<void> {
  for (let n = 0; n < count; n++) await ch.get(queue, { noAck: true })
}

const toGrave: ValueTable = { 'x-dead-letter-exchange': '', 'x-dead-letter-routing-key': 'grave' }
const reject: ValueTable = { 'x-max-length': 2, 'x-overflow': 'reject-publish' }

export const lengthScenarios = [
  full('a full queue drops its oldest message', { 'x-max-length': 2 }, async (ch) => {
    await filled(ch, '1', '2', '3', '4')
    await drained(ch, 3)
  }),
  full('a queue of no length keeps nothing', { 'x-max-length': 0 }, async (ch) => {
    await filled(ch, '1')
    await drained(ch, 1)
  }),
  full(
    'a queue of no length delivers to a consumer that waits',
    { 'x-max-length': 0 },
    async (ch) => {
      await ch.consume('q')
      ch.publishTo('q', '1')
      await ch.confirmed()
      await ch.take('basic.deliver')
    },
  ),
  full('a queue is measured in octets of bodies', { 'x-max-length-bytes': 10 }, async (ch) => {
    await filled(ch, '12345', '67890', 'a', 'bcdefghijklmnop')
    await drained(ch, 3)
  }),
  full('both limits hold together', { 'x-max-length': 3, 'x-max-length-bytes': 10 }, async (ch) => {
    await filled(ch, '1234', '5678', '9', '0', 'a')
    await drained(ch, 4)
  }),
  full('messages that are held do not count', { 'x-max-length': 2 }, async (ch) => {
    ch.publishTo('q', '1', '2')
    await ch.get('q')
    await ch.get('q')
    await filled(ch, '3', '4')
    await drained(ch, 3)
  }),
  full('messages given back to a full queue', { 'x-max-length': 2 }, async (ch) => {
    ch.publishTo('q', '1', '2')
    await ch.get('q')
    await ch.get('q')
    await filled(ch, '3', '4')
    ch.nack(2, { multiple: true, requeue: true })
    await drained(ch, 3)
  }),
  full('a full queue refuses publishes', reject, async (ch) => {
    await filled(ch, '1', '2', '3')
    await drained(ch, 1)
    await filled(ch, '4', '5')
    await drained(ch, 3)
  }),
  full('a full queue that refuses counts ready messages only', reject, async (ch) => {
    ch.publishTo('q', '1', '2')
    await ch.confirmed()
    await ch.get('q')
    await filled(ch, '3', '4')
  }),
  full('a full queue that refuses makes no dead letters', { ...reject, ...toGrave }, async (ch) => {
    await filled(ch, '1', '2', '3')
    await ch.passive('grave')
  }),
  full(
    'a full queue that refuses with dead letters makes them',
    { ...reject, ...toGrave, 'x-overflow': 'reject-publish-dlx' },
    async (ch) => {
      await filled(ch, '1', '2', '3')
      await drained(ch, 1, 'grave')
    },
  ),
  full(
    'a full queue that refuses in octets',
    { 'x-max-length-bytes': 5, 'x-overflow': 'reject-publish' },
    async (ch) => {
      await filled(ch, '123', '45', '6', '7890123')
    },
  ),
  full('a message refused by one of two queues', reject, async (ch) => {
    await ch.declare('r')
    for (const queue of ['q', 'r']) await ch.bind(queue, 'amq.fanout')
    await filled(ch, '1', '2')
    ch.publish({ exchange: 'amq.fanout', body: '3' })
    await ch.confirmed()
    await ch.passive('r')
  }),
  scenario('a refused message is dropped where nobody asked for confirms', async (s) => {
    const ch = await s.channel()
    await ch.declare('q', reject)
    ch.publishTo('q', '1', '2', '3')
    for (let n = 0; n < 3; n++) await ch.get('q')
  }),
  full('a mandatory message that is refused is not returned', reject, async (ch) => {
    await filled(ch, '1', '2')
    ch.publish({ routingKey: 'q', body: '3', mandatory: true })
    await ch.confirmed()
  }),
  scenario('of several policies the one of the highest priority holds', async (s) => {
    const ch = await s.confirming()
    await ch.declare('policy-length')
    ch.publishTo('policy-length', '1', '2', '3')
    await ch.confirmed()
    await drained(ch, 3, 'policy-length')
  }),
  scenario('of a policy and an argument the smaller length counts', async (s) => {
    const ch = await s.confirming()
    await ch.declare('policy-length', { 'x-max-length': 1 })
    ch.publishTo('policy-length', '1', '2', '3')
    await ch.confirmed()
    await drained(ch, 2, 'policy-length')
  }),
  full(
    'a queue with priorities delivers the highest first',
    { 'x-max-priority': 5 },
    async (ch) => {
      for (const priority of [1, 5, 0, 3, 5])
        ch.publish({ routingKey: 'q', body: `${priority}`, properties: { priority } })
      ch.publishTo('q', 'none')
      await ch.confirmed()
      await drained(ch, 6)
    },
  ),
  full('a priority above the largest is the largest', { 'x-max-priority': 5 }, async (ch) => {
    for (const priority of [5, 200, 5])
      ch.publish({ routingKey: 'q', body: `${priority}`, properties: { priority } })
    await ch.confirmed()
    await drained(ch, 3)
  }),
  full('messages given back keep their priority and place', { 'x-max-priority': 5 }, async (ch) => {
    for (const [body, priority] of [
      ['a', 1],
      ['b', 5],
      ['c', 1],
      ['d', 5],
    ] as const)
      ch.publish({ routingKey: 'q', body, properties: { priority } })
    await ch.confirmed()
    for (let n = 0; n < 3; n++) await ch.get('q')
    ch.nack(3, { multiple: true, requeue: true })
    await drained(ch, 4)
  }),
  full(
    'a full queue with priorities drops the lowest',
    { 'x-max-priority': 5, 'x-max-length': 2 },
    async (ch) => {
      for (const priority of [1, 5, 3])
        ch.publish({ routingKey: 'q', body: `${priority}`, properties: { priority } })
      await ch.confirmed()
      await drained(ch, 3)
    },
  ),
]
