/* The broker stops in the middle of things and starts again, while its clients stay. */

import assert from 'node:assert/strict'
import { queue } from '../../contract/queue.ts'
import type { Accepted } from '../../engine.ts'
import type { Delivery } from '../../message/delivery.ts'
import { decodeHomecoming } from '../../message/homecoming.ts'
import { callbackQueue } from '../../message/message.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { textOf, texts, withMeta } from './pieces.ts'
import { Tally } from './tally.ts'

export const restartTests: readonly ConformanceTest[] = [
  {
    title:
      'what was confirmed before the broker restarts is there after it, and no outcome changes',
    shows: 'durability',
    needs: ['restart'],
    async run(trial) {
      const name = await trial.queue('work')
      const messages = await trial.sendAll(name, '1', '2', '3', '4', '5', '6')
      const inbox = trial.consume(name, 2)
      const [one, two] = await trial.received(inbox, 2)
      await trial.answer(one as Delivery, 'first')
      await trial.answer(two as Delivery, 'second', 'rejected')
      await trial.received(inbox, 4)
      await trial.restart()
      await trial.until(() => inbox.revoked.length === 2, 'what was held to be taken away')
      const answered: Delivery[] = []
      while (answered.length < 4) {
        const { length } = answered
        await trial.until(() => inbox.deliveries.length > length + 4, 'the next delivery')
        const delivery = inbox.deliveries[length + 4] as Delivery
        await trial.answer(delivery, 'after')
        answered.push(delivery)
      }
      assert.deepEqual(texts(answered).toSorted(), ['3R', '4R', '5', '6'])
      const outcomes = []
      for (const { id } of messages) outcomes.push(textOf((await trial.outcome(id)).body))
      assert.deepEqual(outcomes, ['first', 'second', 'after', 'after', 'after', 'after'])
    },
  },
  {
    title: 'what is sent while the broker is away is taken, once, when it is back',
    shows: 'durability',
    needs: ['restart'],
    async run(trial) {
      const name = await trial.queue('work')
      const messages = Array.from({ length: 50 }, (_, n) => trial.message(name, `${n}`))
      let sends: Promise<readonly Accepted[]> | undefined
      await trial.restart(async () => {
        sends = Promise.all(messages.map((message) => trial.engine.publish(message)))
        sends.catch(() => undefined)
        await trial.quiet()
      })
      const accepted = await trial.during(sends as Promise<readonly Accepted[]>)
      assert.ok(accepted.every(({ duplicate }) => !duplicate))
      const inbox = trial.consume(name, 1_000)
      await trial.received(inbox, 50)
      await trial.quiet()
      assert.equal(inbox.deliveries.length, 50)
    },
  },
  {
    title: 'sends, consumers and waiters go through a restart: nothing is lost, nothing ends twice',
    shows: 'durability',
    needs: ['restart'],
    async run(trial) {
      const name = await trial.queue('work')
      const tally = new Tally()
      const sends: Promise<Accepted>[] = []
      const send = (): void => {
        const message = trial.message(name, `${sends.length}`, { attemptsMax: 100 })
        tally.watch(trial.engine, message.id)
        sends.push(trial.engine.publish(message))
      }
      trial.consume(name, 20, (delivery) => tally.settle(trial.engine, delivery))
      const pour = async (count: number): Promise<void> => {
        for (let n = 0; n < count; n++) {
          send()
          if (n % 10 === 0) await trial.pass(1)
        }
      }
      await pour(100)
      const pouring = pour(100)
      await trial.restart(() => pour(50))
      await pouring
      await pour(50)
      const accepted = await trial.during(Promise.all(sends), 'every send to be confirmed')
      assert.ok(accepted.every(({ duplicate }) => !duplicate))
      await trial.until(() => tally.told === sends.length, 'every outcome')
      await trial.until(() => tally.open === 0, 'every settle to be answered')
      await trial.quiet()
      tally.check()
    },
  },
  {
    title: 'calls over a broker that goes away and comes back all come home',
    shows: 'durability',
    needs: ['restart'],
    async run(trial) {
      const home = trial.home()
      const double = queue('double', { retry: { attempts: 20, backoff: 0 } })
      home.consume(double, ({ input }) => Number(input) * 2, { concurrency: 4 })
      const calls = Array.from({ length: 60 }, (_, n) => home.call(double, n))
      const later: Promise<unknown>[] = []
      await trial.restart(async () => {
        for (let n = 0; n < 20; n++) later.push(home.call(double, n))
        for (const call of later) call.catch(() => undefined)
      })
      const values = await trial.during(Promise.all([...calls, ...later]), 'every call')
      assert.deepEqual(
        values,
        [...calls.keys(), ...later.keys()].map((n) => n * 2),
      )
    },
  },
  {
    title: 'delays and callbacks go through a restart of the broker',
    shows: 'durability',
    uses: ['delay', 'callbacks'],
    needs: ['restart'],
    async run(trial) {
      const name = await trial.queue('work')
      const callbacks = [{ name: 'done', context: '"c"' }]
      const finished = await trial.send(name, 'now', withMeta({ callbacks }))
      const worker = trial.consume(name, 1)
      const [held] = await trial.received(worker, 1)
      await trial.answer(held as Delivery, 'home')
      await trial.during(worker.subscription.close())
      const availableAtMs = trial.engine.nowMs() + trial.ms(1_000)
      const delayed = await trial.send(name, 'later', { availableAtMs })
      await trial.restart()
      let cameAtMs = 0
      const inbox = trial.consume(name, 1, () => {
        cameAtMs = trial.engine.nowMs()
      })
      const [delivery] = await trial.received(inbox, 1)
      assert.equal(delivery?.message.id, delayed.id)
      assert.ok(cameAtMs >= availableAtMs - 1, `came ${availableAtMs - cameAtMs} ms too early`)
      const brought = trial.consume(await trial.queue(callbackQueue('done')))
      const [home] = await trial.received(brought, 1)
      assert.equal(decodeHomecoming((home as Delivery).message.body).outcome.id, finished.id)
      assert.deepEqual(await trial.settle(home as Delivery, { kind: 'acknowledge' }), {
        accepted: true,
      })
    },
  },
]
