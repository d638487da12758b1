/*
 * What goes wrong around a RabbitMQ: rights, arguments, what other programs do, a broker that loses a
 * message, processes that die between two steps.
 */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { deadQueue, replyQueue, unreadableQueue } from '../../src/adapters/amqp/rabbitmq/names.ts'
import type { QueueKind } from '../../src/adapters/amqp/rabbitmq/queue-arguments.ts'
import { lackingRabbitmq } from '../amqp/rabbitmq.ts'
import {
  answering,
  coded,
  encoder,
  messageOf,
  outcomeOf,
  Site,
  text,
  until,
} from './rabbitmq-site.ts'
import { type Carrier, cutOff, startCarrier } from './rabbitmq-under-test.ts'

interface Fault {
  readonly title: string
  run(site: Site, queues: QueueKind): Promise<void>
}

const faults: readonly Fault[] = [
  {
    title: 'a queue that is there with other arguments is named, with both values',
    run: async (site) => {
      const one = await site.engine()
      await one.engine.declareQueue('orders', { depthMax: 5 })
      await assert.rejects(
        one.engine.declareQueue('orders', { depthBytesMax: 9 }),
        coded('contract-conflict', /"orders"/, /x-max-length/, /delete it/),
      )
      // The others do not suffer, and who only uses it takes it as it is.
      const other = await site.engine()
      await other.engine.declareQueue('orders', {})
      await other.engine.publish(messageOf(other, 'orders'))
    },
  },
  {
    title: 'what the user may not do is named, and the rest goes on',
    run: async (site) => {
      const { virtualHost } = site
      const allowed = '^(homing[.].*|mine|amq[.]default|)$'
      await site.carrier.manage('PUT', `users/narrow-${virtualHost}`, {
        password: 'narrow',
        tags: '',
      })
      await site.carrier.manage('PUT', `permissions/${virtualHost}/narrow-${virtualHost}`, {
        ...{ configure: allowed, write: allowed, read: allowed },
      })
      const narrow = await site.engine({ user: `narrow-${virtualHost}`, password: 'narrow' })
      await assert.rejects(
        narrow.engine.declareQueue('theirs', {}),
        coded('access-refused', /"theirs"/, /set_permissions/),
      )
      await assert.rejects(
        narrow.engine.publish(messageOf(narrow, 'theirs')),
        coded('access-refused', /"theirs"/),
      )
      const { id } = await narrow.engine.publish(messageOf(narrow, 'mine'))
      answering(narrow, 'mine')
      assert.equal((await outcomeOf(narrow, id)).code, 'ok')
      await site.carrier.manage('DELETE', `users/narrow-${virtualHost}`)
    },
  },
  {
    title: 'a user without any rights is told so when the engine is opened',
    run: async (site) => {
      const name = `none-${site.virtualHost}`
      await site.carrier.manage('PUT', `users/${name}`, { password: 'none', tags: '' })
      await site.carrier.manage('PUT', `permissions/${site.virtualHost}/${name}`, {
        ...{ configure: '^$', write: '^$', read: '^$' },
      })
      await assert.rejects(
        site.engine({ user: name, password: 'none' }),
        coded('access-refused', /homing[.]delay/),
      )
      await site.carrier.manage('DELETE', `users/${name}`)
    },
  },
  {
    title: 'one name is one process’s: the second is refused, and has it when it is free',
    run: async (site) => {
      const first = await site.engine({ name: 'shop' })
      await assert.rejects(site.engine({ name: 'shop' }), coded('locked', /"shop"/))
      await first.close()
      await site.engine({ name: 'shop' })
    },
  },
  {
    title: 'what came home while its producer was away is there when it is back',
    run: async (site) => {
      const producer = await site.engine({ name: 'shop', shared: false })
      const { id } = await producer.engine.publish(messageOf(producer, 'work'))
      await producer.close()
      const worker = await site.engine({ shared: false })
      const seen = answering(worker, 'work')
      await until(() => seen.length === 1, 'the work')
      const again = await site.engine({ name: 'shop', shared: false })
      assert.equal(text((await outcomeOf(again, id)).body), 'done')
    },
  },
  {
    title: 'a reply queue of nobody goes when it was not used for an hour',
    run: async (site) => {
      const one = await site.engine()
      const queue = replyQueue(one.state.replyName)
      const found = (await site.carrier.manage(
        'GET',
        `queues/${site.virtualHost}/${encodeURIComponent(queue)}`,
      )) as { readonly arguments: object }
      assert.deepEqual(found.arguments, { 'x-expires': 3_600_000 })
    },
  },
]

/** With each kind of queue. */
const queueFaults: readonly Fault[] = [
  {
    title: 'a message that the broker has lost is sent again by its producer',
    run: async (site, queues) => {
      const producer = await site.engine({ queues, lostAfterMs: 300 })
      const { id } = await producer.engine.publish(messageOf(producer, 'work', { timeoutMs: 300 }))
      assert.equal((await site.channel.purgeQueue('work')).messageCount, 1)
      const seen = answering(producer, 'work')
      assert.equal((await outcomeOf(producer, id)).code, 'ok')
      assert.equal(seen.length, 1)
      assert.ok(producer.problems.some((one) => one.includes(id) && one.includes('again')))
    },
  },
  {
    title: 'a message that waits is not sent again, however long',
    run: async (site, queues) => {
      const producer = await site.engine({ queues, lostAfterMs: 100 })
      await producer.engine.publish(messageOf(producer, 'work', { timeoutMs: 100 }))
      await sleep(5_000)
      assert.equal((await site.channel.checkQueue('work')).messageCount, 1)
    },
  },
  {
    title: 'what cannot be read is set aside, and keeps nobody from working',
    run: async (site, queues) => {
      const worker = await site.engine({ queues })
      await worker.engine.declareQueue('work', {})
      for (const header of ['{', '{"v":2,"accepted":1,"tries":1}', '{"v":1}', 7]) {
        site.channel.publish('', 'work', Buffer.from('?'), {
          messageId: 'poison',
          headers: { homing: header },
        })
      }
      const seen = answering(worker, 'work')
      const { id } = await worker.engine.publish(messageOf(worker, 'work'))
      assert.equal((await outcomeOf(worker, id)).code, 'ok')
      assert.equal(seen.length, 1)
      await until(
        async () => (await site.channel.checkQueue(unreadableQueue)).messageCount === 4,
        'four messages set aside',
      )
      assert.equal(worker.problems.filter((one) => one.includes(unreadableQueue)).length, 4)
    },
  },
  {
    title: 'what another program sends is worked on, with or without an id',
    run: async (site, queues) => {
      const worker = await site.engine({ queues })
      await worker.engine.declareQueue('work', {})
      site.channel.sendToQueue('work', Buffer.from('hello'), { contentType: 'text/plain' })
      site.channel.sendToQueue('work', Buffer.from('named'), { messageId: 'foreign:1' })
      const seen = answering(worker, 'work')
      await until(() => seen.length === 2, 'both')
      assert.deepEqual(seen.map(({ message }) => text(message.body)).sort(), ['hello', 'named'])
      assert.equal((await outcomeOf(worker, 'foreign:1')).code, 'ok')
    },
  },
  {
    title: 'a queue that is deleted under its consumer is made again',
    run: async (site, queues) => {
      const worker = await site.engine({ queues })
      await worker.engine.declareQueue('work', {})
      const seen = answering(worker, 'work')
      await until(
        async () => (await site.channel.checkQueue('work')).consumerCount === 1,
        'the consumer',
      )
      await site.channel.deleteQueue('work')
      const { id } = await worker.engine.publish(messageOf(worker, 'work'))
      assert.equal((await outcomeOf(worker, id)).code, 'ok')
      assert.equal(seen.length, 1)
    },
  },
  {
    title: 'a channel that the server closes takes no other with it',
    run: async (site, queues) => {
      const worker = await site.engine({ queues })
      const seen = answering(worker, 'work')
      // Larger than the server takes: it closes the channel that it came on.
      const large = Array.from({ length: 20 }, (_, n) =>
        worker.engine.publish(messageOf(worker, n % 5 === 2 ? `q${'ü'.repeat(126)}` : 'work')),
      )
      const settled = await Promise.allSettled(large)
      for (const [n, one] of settled.entries()) {
        if (n % 5 !== 2) assert.equal(one.status, 'fulfilled', String(n))
      }
      await until(() => new Set(seen.map(({ message }) => message.id)).size >= 16, 'the others')
    },
  },
  {
    title: 'an outcome that is stored and was not sent is sent, and nobody works twice',
    run: async (site, queues) => {
      const producer = await site.engine({ queues })
      const callbacks = [{ name: 'done' }]
      const sent = messageOf(producer, 'work', { meta: { callbacks } })
      await producer.engine.publish(sent)
      // As a consumer leaves it that dies after the ledger has the outcome.
      const outcome = {
        ...{ id: sent.id, queue: 'work', code: 'ok', contentType: 'text/plain', attempts: 1 },
        ...{ body: encoder.encode('first'), acceptedAtMs: 1, finishedAtMs: 2 },
      }
      const callback = { id: `${sent.id}>done`, queue: 'callback:done', contentType: 'x/y' }
      await producer.state.ledger.end([
        { outcome, callbacks: [{ ...callback, body: encoder.encode('home') }] },
      ])
      const worker = await site.engine({ queues })
      const seen = answering(worker, 'work')
      assert.equal(text((await outcomeOf(producer, sent.id)).body), 'first')
      const told = answering(worker, 'callback:done')
      await until(() => told.length === 1, 'the callback')
      assert.equal(text(told[0]?.message.body), 'home')
      assert.deepEqual(seen, [])
      await until(
        async () => (await site.channel.checkQueue('work')).messageCount === 0,
        'the message to be acknowledged',
      )
    },
  },
  {
    title: 'a consumer that is cut off in its work loses it; the next attempt counts',
    run: async (site, queues) => {
      const producer = await site.engine({ queues })
      const { id } = await producer.engine.publish(messageOf(producer, 'work', { attemptsMax: 2 }))
      const worker = await site.engine({ queues })
      const attempts: number[] = []
      const revoked: string[] = []
      worker.engine.subscribe(
        'work',
        { prefetch: 1 },
        {
          deliver: ({ attempt }) => {
            attempts.push(attempt)
            cutOff(worker.connection())
          },
          revoke: (_, reason) => revoked.push(reason),
        },
      )
      const outcome = await outcomeOf(producer, id)
      assert.equal(outcome.code, 'lost')
      assert.deepEqual(attempts, [1, 2])
      assert.deepEqual(revoked, ['closed', 'closed'])
      assert.equal((await site.channel.checkQueue(deadQueue)).messageCount, 0)
    },
  },
]

describe('faults around RabbitMQ', { skip: lackingRabbitmq() }, () => {
  let carrier: Carrier
  before(async () => {
    carrier = await startCarrier()
  })
  after(() => carrier.rabbitmq.stop())

  const tryIt = async ({ run }: Fault, queues: QueueKind): Promise<void> => {
    const site = await Site.open(carrier)
    try {
      await run(site, queues)
    } finally {
      await site.close()
    }
  }
  for (const one of faults) test(one.title, () => tryIt(one, 'quorum'))
  for (const queues of ['quorum', 'classic'] as const) {
    for (const one of queueFaults) test(`${one.title} (${queues})`, () => tryIt(one, queues))
  }
})
