/* Several processes on one carrier: two engines that know each other only by it. */

import assert from 'node:assert/strict'
import { queue } from '../../contract/queue.ts'
import type { Delivery } from '../../message/delivery.ts'
import { decodeHomecoming } from '../../message/homecoming.ts'
import { callbackQueue } from '../../message/message.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { answerOf, textOf, texts, withMeta } from './pieces.ts'
import { aborted, failed } from './verb-pieces.ts'

export const elsewhereTests: readonly ConformanceTest[] = [
  {
    title: 'what one process sends another one works on, and its outcome comes home',
    shows: 'elsewhere',
    needs: ['another'],
    async run(trial) {
      const other = await trial.another()
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x')
      const home = trial.outcome(id)
      const delivery = await trial.heldBy(name, other)
      assert.equal(textOf(delivery.message.body), 'x')
      assert.deepEqual(await trial.settle(delivery, answerOf('done there'), other), {
        accepted: true,
      })
      assert.equal(textOf((await home).body), 'done there')
    },
  },
  {
    title: 'any process can ask for any outcome, wait for it, and list it',
    shows: 'elsewhere',
    uses: ['ledger'],
    needs: ['another'],
    async run(trial) {
      const other = await trial.another()
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x')
      assert.equal(await trial.state(id, other), 'pending')
      const waiting = trial.outcome(id, other)
      await trial.answer(await trial.heldBy(name), 'home')
      assert.equal(textOf((await waiting).body), 'home')
      assert.equal(await trial.state(id, other), 'final')
      const listed = await trial.during(other.outcomes({ queue: name }))
      assert.deepEqual(
        listed.map((one) => one.id),
        [id],
      )
    },
  },
  {
    title: 'canceling from elsewhere takes a running message from its consumer, and fences it',
    shows: 'elsewhere',
    uses: ['cancel'],
    needs: ['another'],
    async run(trial) {
      const other = await trial.another()
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x')
      const inbox = trial.consume(name)
      const [delivery] = await trial.received(inbox, 1)
      assert.equal(await trial.during(other.cancel(id, 'from elsewhere')), true)
      await trial.until(() => inbox.revoked.length === 1, 'the consumer to be told')
      assert.equal(inbox.revoked[0]?.reason, 'canceled')
      const late = await trial.answer(delivery as Delivery)
      assert.deepEqual(late, { accepted: false, by: 'canceled' })
      for (const engine of [trial.engine, other]) {
        assert.equal((await trial.outcome(id, engine)).code, 'canceled')
      }
    },
  },
  {
    title: 'progress of what is worked on elsewhere is seen',
    shows: 'elsewhere',
    uses: ['progress'],
    needs: ['another'],
    async run(trial) {
      const other = await trial.another()
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x')
      const seen: string[] = []
      trial.engine.watchProgress(id, (body) => seen.push(textOf(body)))
      const delivery = await trial.heldBy(name, other)
      const report = new TextEncoder().encode('50')
      await trial.until(() => {
        other.reportProgress(delivery, report, 'application/json')
        return seen.length > 0
      }, 'the progress')
      assert.deepEqual(new Set(seen), new Set(['50']))
    },
  },
  {
    title: 'one id sent by two processes at once is one message with one outcome for both',
    shows: 'elsewhere',
    uses: ['deduplication'],
    needs: ['another'],
    async run(trial) {
      const other = await trial.another()
      const name = await trial.queue('work')
      const ids = Array.from({ length: 20 }, () => trial.newId())
      const accepted = await trial.during(
        Promise.all(
          ids.flatMap((id) =>
            [trial.engine, other].map((engine) => engine.publish(trial.message(name, 'x', { id }))),
          ),
        ),
      )
      for (const id of ids) {
        const both = accepted.filter((one) => one.id === id).map((one) => one.duplicate)
        assert.deepEqual(both.toSorted(), [false, true])
      }
      const inbox = trial.consume(name, 100, (delivery) => {
        void trial.engine.settle(delivery, answerOf(`by ${delivery.tag}`))
      })
      for (const id of ids) {
        const here = await trial.outcome(id)
        const there = await trial.outcome(id, other)
        assert.equal(textOf(here.body), textOf(there.body))
      }
      await trial.quiet()
      assert.equal(inbox.deliveries.length, ids.length)
    },
  },
  {
    title: 'what a process holds when it closes goes to another one',
    shows: 'elsewhere',
    needs: ['another'],
    async run(trial) {
      const other = await trial.another()
      const name = await trial.queue('work')
      await trial.sendAll(name, '1', '2', '3')
      const there = trial.consume(name, 2, undefined, other)
      await trial.received(there, 2)
      const here = trial.consume(name)
      await trial.received(here, 1)
      await trial.during(other.close())
      await trial.received(here, 3)
      assert.deepEqual(texts(here.deliveries).toSorted(), ['1R', '2R', '3'])
    },
  },
  {
    title: 'a callback is told in the process that reads its queue, wherever the work was done',
    shows: 'elsewhere',
    uses: ['callbacks'],
    needs: ['another'],
    async run(trial) {
      const other = await trial.another()
      const name = await trial.queue('work')
      const { id } = await trial.send(name, 'x', withMeta({ callbacks: [{ name: 'done' }] }))
      await trial.during(other.declareQueue(callbackQueue('done'), {}))
      const inbox = trial.consume(callbackQueue('done'), 1, undefined, other)
      await trial.answer(await trial.heldBy(name), 'home')
      const [delivery] = await trial.received(inbox, 1)
      assert.equal(decodeHomecoming((delivery as Delivery).message.body).outcome.id, id)
      const settled = await trial.settle(delivery as Delivery, { kind: 'acknowledge' }, other)
      assert.deepEqual(settled, { accepted: true })
    },
  },
  {
    title: 'deadline and cancellation travel with nested sends through several processes',
    shows: 'elsewhere',
    uses: ['cancel'],
    needs: ['another'],
    async run(trial) {
      const here = trial.home()
      const there = trial.home(await trial.another())
      const parent = queue('parent')
      const child = queue('child')
      let stopped = 0
      let deadlineMs = 0
      let childId = ''
      there.consume(parent, async ({ signal }) => {
        childId = (await there.send(child, 'x', { within: '30d' })).id
        await aborted(signal)
        stopped++
      })
      here.consume(child, async ({ signal, deadline }) => {
        deadlineMs = deadline?.getTime() ?? 0
        await aborted(signal)
        stopped++
      })
      const receipt = await trial.during(here.send(parent, 'x', { within: '1h' }))
      const inAnHourMs = trial.engine.nowMs() + 3_600_000
      await trial.until(
        () => deadlineMs > 0 && childId !== '',
        'the child to be sent and worked on',
      )
      assert.ok(deadlineMs <= inAnHourMs + 1_000)
      assert.equal(await trial.during(receipt.cancel()), true)
      assert.equal((await failed(trial, receipt)).code, 'canceled')
      assert.equal((await trial.outcome(childId)).code, 'canceled')
      await trial.until(() => stopped === 2, 'both handlers to see their signals')
    },
  },
]
