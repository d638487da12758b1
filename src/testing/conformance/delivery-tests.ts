import assert from 'node:assert/strict'
import type { Delivery } from '../../message/delivery.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { answerOf, failure, textOf, texts, withMeta } from './pieces.ts'

export const deliveryTests: readonly ConformanceTest[] = [
  {
    title: 'messages are delivered in the order in which they were sent',
    shows: 'order',
    async run(trial) {
      const queue = await trial.queue('work')
      for (const text of ['1', '2', '3']) await trial.send(queue, text)
      const inbox = trial.consume(queue)
      await trial.send(queue, '4')
      await trial.received(inbox, 4)
      trial.sameOrder(texts(inbox.deliveries), ['1', '2', '3', '4'])
    },
  },
  {
    title: 'a consumer holds no more than its prefetch, and gets the next one when it settles',
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.sendAll(queue, '1', '2', '3', '4', '5')
      const inbox = trial.consume(queue, 2)
      await trial.received(inbox, 2)
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 2)
      await trial.answer(inbox.deliveries[0] as Delivery)
      await trial.received(inbox, 3)
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 3)
    },
  },
  {
    title: 'two consumers share a queue, and no message goes to both',
    async run(trial) {
      const queue = await trial.queue('work')
      const inboxes = [trial.consume(queue, 3), trial.consume(queue, 3)] as const
      await trial.sendAll(queue, '1', '2', '3', '4', '5', '6')
      await trial.until(
        () => inboxes.every((inbox) => inbox.deliveries.length === 3),
        'both consumers to have three',
      )
      const seen = inboxes.flatMap((inbox) => texts(inbox.deliveries))
      assert.deepEqual(seen.sort(), ['1', '2', '3', '4', '5', '6'])
    },
  },
  {
    title: 'what is given back returns to its old place, marked redelivered',
    shows: 'order',
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.sendAll(queue, '1', '2', '3', '4', '5', '6')
      const first = trial.consume(queue, 4)
      const [one, two, three, four] = (await trial.received(first, 4)) as Delivery[]
      first.subscription.stop()
      await trial.settle(four as Delivery, { kind: 'return' })
      await trial.settle(one as Delivery, { kind: 'return' })
      await trial.answer(two as Delivery)
      await trial.settle(three as Delivery, { kind: 'return' })
      const second = trial.consume(queue)
      await trial.received(second, 5)
      trial.sameOrder(texts(second.deliveries), ['1R', '3R', '4R', '5', '6'])
      const attempts = second.deliveries.map(
        ({ attempt, message }) => textOf(message.body) + attempt,
      )
      assert.deepEqual(attempts.toSorted(), ['12', '32', '42', '51', '61'])
    },
  },
  {
    title: 'a consumer that stops gets nothing more and may settle what it holds',
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.sendAll(queue, '1', '2')
      const inbox = trial.consume(queue, 1)
      const [delivery] = await trial.received(inbox, 1)
      inbox.subscription.stop()
      assert.deepEqual(await trial.answer(delivery as Delivery), { accepted: true })
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 1)
    },
  },
  {
    title: 'a consumer that closes gives back what it holds; its late settle is refused',
    shows: 'fencing',
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.sendAll(queue, '1', '2', '3')
      const inbox = trial.consume(queue, 2)
      await trial.received(inbox, 2)
      await trial.during(inbox.subscription.close())
      const next = trial.consume(queue)
      await trial.received(next, 3)
      trial.sameOrder(texts(next.deliveries), ['1R', '2R', '3'])
      const late = await trial.answer(inbox.deliveries[0] as Delivery)
      assert.deepEqual(late, { accepted: false, by: 'closed' })
    },
  },
  {
    title: 'a retry comes back with the next attempt number, and after its delay',
    shows: 'reinsertion',
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.send(queue, 'x')
      const inbox = trial.consume(queue)
      const [first] = await trial.received(inbox, 1)
      const failedAtMs = trial.engine.nowMs()
      await trial.settle(first as Delivery, failure(trial.ms(120)))
      const deliveries = await trial.received(inbox, 2)
      assert.ok(trial.engine.nowMs() - failedAtMs >= trial.ms(120) - 1)
      assert.equal(deliveries[1]?.attempt, 2)
      assert.equal(deliveries[1]?.redelivered, true)
    },
  },
  {
    title: 'a delivery not settled in time is taken back, delivered again, and fenced',
    shows: 'fencing',
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.send(queue, 'x', { timeoutMs: trial.ms(400) })
      const inbox = trial.consume(queue, 1)
      const [first] = await trial.received(inbox, 1)
      await trial.received(inbox, 2)
      assert.deepEqual(
        inbox.revoked.map(({ reason }) => reason),
        ['timeout'],
      )
      assert.equal(inbox.revoked[0]?.delivery.tag, first?.tag)
      const late = await trial.answer(first as Delivery, 'late')
      assert.deepEqual(late, { accepted: false, by: 'timeout' })
      assert.deepEqual(await trial.answer(inbox.deliveries[1] as Delivery, 'in time'), {
        accepted: true,
      })
    },
  },
  {
    title: 'higher priority is delivered first, equal priority in order',
    shows: 'priority',
    async run(trial) {
      const queue = await trial.queue('work')
      for (const [text, priority] of [
        ['low', 0],
        ['high', 9],
        ['low too', 0],
        ['top', 255],
      ] as const) {
        await trial.send(queue, text, { priority })
      }
      const inbox = trial.consume(queue)
      await trial.received(inbox, 4)
      assert.deepEqual(texts(inbox.deliveries), ['top', 'high', 'low', 'low too'])
    },
  },
  {
    title: 'a delayed message is not delivered before its time, and others pass it',
    shows: 'delay',
    async run(trial) {
      const queue = await trial.queue('work')
      const availableAtMs = trial.engine.nowMs() + trial.ms(400)
      await trial.send(queue, 'later', { availableAtMs })
      const seenAtMs: number[] = []
      const inbox = trial.consume(queue, 10, () => seenAtMs.push(trial.engine.nowMs()))
      await trial.send(queue, 'now')
      await trial.received(inbox, 2)
      assert.deepEqual(texts(inbox.deliveries), ['now', 'later'])
      assert.ok((seenAtMs[1] ?? 0) >= availableAtMs - 1)
    },
  },
  {
    title: 'a concurrency limit holds over all consumers of a queue',
    shows: 'limits',
    async run(trial) {
      const queue = await trial.queue('narrow', { concurrencyMax: 2 })
      await trial.sendAll(queue, '1', '2', '3', '4')
      const held: Delivery[] = []
      for (let n = 0; n < 2; n++) trial.consume(queue, 10, (delivery) => held.push(delivery))
      await trial.until(() => held.length === 2, 'two deliveries')
      await trial.quiet()
      assert.equal(held.length, 2)
      await trial.answer(held[0] as Delivery)
      await trial.until(() => held.length === 3, 'the third delivery')
    },
  },
  {
    title: 'a rate limit spreads deliveries over time',
    shows: 'limits',
    async run(trial) {
      const queue = await trial.queue('slow', { rate: { count: 2, perMs: trial.ms(200) } })
      const startedAtMs = trial.engine.nowMs()
      await trial.sendAll(queue, '1', '2', '3', '4')
      const inbox = trial.consume(queue)
      await trial.received(inbox, 4)
      assert.ok(trial.engine.nowMs() - startedAtMs >= trial.ms(200) - 5)
    },
  },
  {
    title: 'messages of a busy key wait, those of other keys pass',
    shows: 'limits',
    async run(trial) {
      const queue = await trial.queue('keyed', { perKey: { concurrencyMax: 1 } })
      for (const [text, key] of [
        ['a1', 'a'],
        ['a2', 'a'],
        ['b1', 'b'],
        ['none', undefined],
      ] as const) {
        await trial.send(queue, text, key === undefined ? {} : withMeta({ key }))
      }
      const inbox = trial.consume(queue)
      await trial.received(inbox, 3)
      await trial.quiet()
      assert.deepEqual(texts(inbox.deliveries).sort(), ['a1', 'b1', 'none'])
      const first = inbox.deliveries.find((delivery) => delivery.message.meta?.key === 'a')
      await trial.settle(first as Delivery, answerOf('done'))
      await trial.received(inbox, 4)
      assert.equal(texts(inbox.deliveries)[3], 'a2')
    },
  },
  {
    title:
      'what waited and what was held is delivered after a restart, in order, what was held marked',
    shows: 'durability',
    needs: ['reopen'],
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.sendAll(queue, '1', '2', '3', '4')
      const inbox = trial.consume(queue, 2)
      const [first] = await trial.received(inbox, 2)
      await trial.answer(first as Delivery)
      await trial.received(inbox, 3)
      await trial.reopen()
      const next = trial.consume(queue)
      await trial.received(next, 3)
      trial.sameOrder(texts(next.deliveries), ['2R', '3R', '4'])
      assert.ok(next.deliveries.every(({ attempt, redelivered }) => redelivered === attempt > 1))
    },
  },
  {
    title: 'progress reaches those who watch, while they watch',
    shows: 'progress',
    async run(trial) {
      const queue = await trial.queue('work')
      const { id } = await trial.send(queue, 'x')
      const seen: string[] = []
      const stop = trial.engine.watchProgress(id, (body) =>
        seen.push(new TextDecoder().decode(body)),
      )
      const [delivery] = await trial.received(trial.consume(queue), 1)
      const report = (text: string) =>
        trial.engine.reportProgress(
          delivery as Delivery,
          new TextEncoder().encode(text),
          'application/json',
        )
      await trial.until(() => {
        report('10')
        return seen.length > 0
      }, 'the progress')
      stop()
      report('20')
      await trial.quiet()
      assert.deepEqual(new Set(seen), new Set(['10']))
    },
  },
  {
    title: 'a queue counts what waits, what is held, what is delayed and what it has done',
    shows: 'counts',
    async run(trial) {
      const queue = await trial.queue('work')
      await trial.sendAll(queue, '1', '2', '3')
      await trial.send(queue, 'later', { availableAtMs: trial.engine.nowMs() + 60_000 })
      const inbox = trial.consume(queue, 2)
      const [first] = await trial.received(inbox, 2)
      await trial.answer(first as Delivery)
      await trial.received(inbox, 3)
      const stats = (await trial.during(trial.engine.queues())).find((one) => one.name === queue)
      const exact = {
        name: queue,
        ready: 0,
        unsettled: 2,
        delayed: 1,
        dead: 0,
        consumers: 1,
        accepted: 4,
        delivered: 3,
        settled: 1,
      }
      assert.ok(stats)
      if (trial.emulates('counts')) assert.deepEqual(Object.keys(stats), Object.keys(exact))
      else assert.deepEqual({ ...stats }, exact)
    },
  },
]
