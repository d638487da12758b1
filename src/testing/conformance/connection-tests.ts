/* A connection that is cut in the middle of things, and comes back. */

import assert from 'node:assert/strict'
import { queue } from '../../contract/queue.ts'
import type { Delivery } from '../../message/delivery.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { answerOf, textOf, texts } from './pieces.ts'
import { Tally } from './tally.ts'

export const connectionTests: readonly ConformanceTest[] = [
  {
    title:
      'what a consumer held when its connection was cut comes again; the old attempt is fenced',
    needs: ['cut'],
    async run(trial) {
      const name = await trial.queue('work')
      await trial.sendAll(name, '1', '2', '3')
      const inbox = trial.consume(name, 2)
      const [first] = await trial.received(inbox, 2)
      await trial.cut()
      await trial.until(() => inbox.revoked.length === 2, 'both to be taken away')
      assert.ok(inbox.revoked.every(({ reason }) => reason === 'closed'))
      const late = await trial.answer(first as Delivery, 'late')
      assert.deepEqual(late, { accepted: false, by: 'closed' })
      // In whatever order they come: all that is held now is answered.
      const answered: Delivery[] = []
      while (answered.length < 3) {
        const { length } = answered
        await trial.until(() => inbox.deliveries.length > length + 2, 'the next delivery')
        const delivery = inbox.deliveries[length + 2] as Delivery
        assert.deepEqual(await trial.answer(delivery, 'in time'), { accepted: true })
        answered.push(delivery)
      }
      assert.deepEqual(texts(answered).toSorted(), ['1R', '2R', '3'])
      assert.equal(new Set(inbox.deliveries.map(({ tag }) => tag)).size, 5)
      for (const { message } of answered) {
        assert.equal(textOf((await trial.outcome(message.id)).body), 'in time')
      }
    },
  },
  {
    title: 'messages on their way when the connection is cut are each taken once',
    needs: ['cut'],
    async run(trial) {
      const name = await trial.queue('work')
      const messages = Array.from({ length: 300 }, (_, n) => trial.message(name, `${n}`))
      const sends = []
      for (const [n, message] of messages.entries()) {
        sends.push(trial.engine.publish(message))
        if (n % 100 !== 50) continue
        await trial.pass(1)
        await trial.cut()
      }
      const accepted = await trial.during(Promise.all(sends))
      assert.deepEqual(
        accepted.map(({ id, duplicate }) => [id, duplicate]),
        messages.map(({ id }) => [id, false]),
      )
      const inbox = trial.consume(name, 1_000)
      const all = new Set(messages.map(({ id }) => id))
      const came = (): Set<string> => new Set(inbox.deliveries.map(({ message }) => message.id))
      await trial.until(() => came().size === all.size, 'every message')
      await trial.quiet()
      assert.deepEqual(came(), all)
      // Emulated, a copy may lie in the queue, too: whose outcome is known is not worked on again.
      if (!trial.emulates('deduplication')) assert.equal(inbox.deliveries.length, all.size)
    },
  },
  {
    title: 'answers on their way when the connection is cut count once, and say truly whether',
    needs: ['cut'],
    async run(trial) {
      const name = await trial.queue('work')
      const tally = new Tally()
      const messages = Array.from({ length: 150 }, (_, n) =>
        trial.message(name, `${n}`, { attemptsMax: 100 }),
      )
      await trial.during(trial.engine.publishMany(messages))
      for (const { id } of messages) tally.watch(trial.engine, id)
      trial.consume(name, 40, (delivery) => tally.settle(trial.engine, delivery))
      for (const share of [0.2, 0.5, 0.8]) {
        await trial.until(() => tally.told >= messages.length * share, 'outcomes')
        await trial.cut()
      }
      await trial.until(() => tally.told === messages.length, 'every outcome')
      await trial.until(() => tally.open === 0, 'every settle to be answered')
      await trial.quiet()
      tally.check()
    },
  },
  {
    title: 'who waits is told of an outcome that came while the connection was cut',
    needs: ['cut', 'another'],
    async run(trial) {
      const other = await trial.another()
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x')
      let told = 0
      trial.engine.whenFinal(id, () => told++)
      const delivery = await trial.heldBy(name, other)
      const settling = trial.settle(delivery, answerOf('meanwhile'), other)
      await trial.cut()
      await settling
      await trial.until(() => told > 0, 'the waiter')
      await trial.quiet()
      assert.equal(told, 1)
      assert.equal(textOf((await trial.outcome(id)).body), 'meanwhile')
    },
  },
  {
    title: 'questions asked while the connection is cut are answered when it is back',
    needs: ['cut'],
    uses: ['ledger'],
    async run(trial) {
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x')
      const asked = [trial.engine.answer(id), trial.engine.answer('never-sent')] as const
      const cutting = trial.cut()
      const more = [trial.engine.outcomes({}), trial.engine.deadLetters({})] as const
      const declared = trial.engine.declareQueue('another', {})
      await cutting
      const [pending, unknown] = await trial.during(Promise.all(asked))
      assert.deepEqual([pending.state, unknown.state], ['pending', 'unknown'])
      assert.deepEqual(await trial.during(Promise.all(more)), [[], []])
      await trial.during(declared)
      await trial.send('another', 'x')
    },
  },
  {
    title: 'progress is seen after the connection was cut, too',
    needs: ['cut'],
    uses: ['progress'],
    async run(trial) {
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x')
      const seen: string[] = []
      trial.engine.watchProgress(id, (body) => seen.push(textOf(body)))
      await trial.cut()
      const delivery = await trial.heldBy(name)
      const report = new TextEncoder().encode('50')
      await trial.until(() => {
        trial.engine.reportProgress(delivery, report, 'application/json')
        return seen.length > 0
      }, 'the progress')
    },
  },
  {
    title: 'calls go out and come home while the connection is cut again and again',
    needs: ['cut'],
    async run(trial) {
      const home = trial.home()
      const double = queue('double', { retry: { attempts: 20, backoff: 0 } })
      home.consume(double, ({ input }) => Number(input) * 2, { concurrency: 8 })
      let cameHome = 0
      const calls = Array.from({ length: 100 }, async (_, n) => {
        await trial.pass(n)
        const value = await home.call(double, n)
        cameHome++
        return value
      })
      for (const count of [10, 30, 60]) {
        await trial.until(() => cameHome >= count, 'calls to come home')
        await trial.cut()
      }
      const values = await trial.during(Promise.all(calls))
      assert.deepEqual(
        values,
        calls.map((_, n) => n * 2),
      )
    },
  },
  {
    title: 'closing while the connection is away ends at once, and all that waited with it',
    needs: ['cut'],
    async run(trial) {
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x')
      trial.engine.whenFinal(id, () => assert.fail('told of an outcome that is none'))
      await trial.cut()
      const asked = trial.engine.answer(id).then(
        () => 'answered',
        (error: unknown) => Reflect.get(Object(error), 'code'),
      )
      await trial.during(trial.engine.close())
      assert.ok(['answered', 'closed'].includes(await trial.during(asked)))
      await trial.refused(trial.engine.answer(id), 'closed')
    },
  },
]
