/*
 * The small workloads whose every disk operation is made to fail, once each.
 */

import type { RunPlan } from '../simulation/run-plan.ts'
import { answer, type Bench, failure, type Work } from './bench.ts'

export interface Workload {
  readonly name: string
  readonly plan?: Partial<RunPlan>
  /** Runs without faults. */
  prepare?(bench: Bench): Promise<void>
  /** Each disk operation of this meets a fault, one a run. */
  act(bench: Bench): Promise<void>
}

const answering: Work = (delivery, observed) => {
  const done = delivery.queue.startsWith('callback:')
    ? ({ kind: 'acknowledge' } as const)
    : answer(`done ${delivery.message.id}`)
  void observed.settle(delivery, done)
}

const opened = (bench: Bench): Promise<void> => bench.open()

export const workloads: readonly Workload[] = [
  {
    name: 'start',
    async act(bench) {
      await bench.open()
      await bench.send('first')
      await bench.close()
      await bench.open()
    },
  },
  {
    name: 'enqueue',
    prepare: opened,
    async act(bench) {
      await bench.send('one')
      await bench.send('two', { priority: 9 })
      await bench.sendMany(5, 'batch')
      await bench.send('later', { availableAtMs: bench.observed.engine.nowMs() + 40 })
    },
  },
  {
    name: 'deliver',
    async prepare(bench) {
      await bench.open()
      await bench.sendMany(6, 'waits')
    },
    async act(bench) {
      bench.consume('work', 2, answering)
      await bench.pass(30)
      await bench.send('comes when a consumer waits')
      await bench.pass(10)
    },
  },
  {
    name: 'settle',
    async prepare(bench) {
      await bench.open()
      await bench.sendMany(5, 'work')
    },
    async act(bench) {
      const codes = ['ok', 'NotAnImage', 'rejected', 'ok', 'invalid']
      let n = 0
      bench.consume('work', 5, (delivery, observed) => {
        void observed.settle(delivery, answer(`${n}`, codes[n++]))
        void observed.settle(delivery, answer('again'))
      })
      await bench.pass(30)
    },
  },
  {
    name: 'requeue',
    async prepare(bench) {
      await bench.open()
      await bench.sendMany(4, 'work', { timeoutMs: 60 })
    },
    async act(bench) {
      const seen = new Set<string>()
      const consumer = bench.consume('work', 4, (delivery, observed) => {
        const { id } = delivery.message
        const first = !seen.has(id)
        seen.add(id)
        if (first && seen.size === 1) void observed.settle(delivery, { kind: 'return' })
        else if (first && seen.size === 2) void observed.settle(delivery, failure())
        else if (first && seen.size === 3) void observed.settle(delivery, failure(20))
        else if (!first) void observed.settle(delivery, answer(`done ${id}`))
      })
      await bench.pass(30)
      await bench.pass(80)
      await bench.leave(consumer)
    },
  },
  {
    name: 'expire',
    prepare: opened,
    async act(bench) {
      const deadlineAtMs = bench.observed.engine.nowMs() + 40
      await bench.sendMany(3, 'brief', { deadlineAtMs })
      await bench.send('brief too', { meta: { ttlMs: 30 } })
      await bench.pass(400)
    },
  },
  {
    name: 'dead letters',
    async prepare(bench) {
      await bench.open()
      await bench.sendMany(3, 'work')
      const consumer = bench.consume('work', 3, (delivery, observed) => {
        void observed.settle(delivery, answer('no', 'rejected'))
      })
      await bench.pass(30)
      await bench.leave(consumer)
    },
    async act(bench) {
      let dead: readonly string[] = []
      await bench.step(
        bench.observed.dead(10).then((ids) => {
          dead = ids
        }),
      )
      await bench.step(bench.observed.replay(dead.slice(0, 2)))
      await bench.step(bench.observed.drop(dead.slice(2)))
      await bench.pass(30)
    },
  },
  {
    name: 'rotate',
    prepare: opened,
    async act(bench) {
      for (let n = 0; n < 12; n++) await bench.sendMany(3, 'x'.repeat(150))
    },
  },
  {
    name: 'compact',
    plan: { checkpointBytes: 4_096 },
    async prepare(bench) {
      await bench.open()
      await bench.sendMany(2, 'stays', { routingKey: 'mail' })
      await bench.sendMany(24, 'x'.repeat(150))
      bench.consume('work', 5, answering)
      await bench.pass(40)
    },
    async act(bench) {
      for (let n = 0; n < 6; n++) {
        await bench.sendMany(6, 'y'.repeat(150))
        await bench.pass(20)
      }
    },
  },
  {
    name: 'checkpoint',
    async prepare(bench) {
      await bench.open()
      await bench.sendMany(8, 'waits')
      bench.consume('work', 2, () => {})
      await bench.pass(20)
    },
    async act(bench) {
      await bench.close()
      await bench.open()
      await bench.send('after')
    },
  },
  {
    name: 'callback',
    async prepare(bench) {
      await bench.open()
      const meta = { callbacks: [{ name: 'home', context: '{"n":1}' }] }
      await bench.sendMany(3, 'work', { meta })
    },
    async act(bench) {
      let tries = 0
      bench.consume('callback:home', 1, (delivery, observed) => {
        void observed.settle(delivery, tries++ === 0 ? failure() : { kind: 'acknowledge' })
      })
      bench.consume('work', 3, answering)
      await bench.pass(60)
    },
  },
  {
    name: 'gather',
    async prepare(bench) {
      await bench.open()
    },
    async act(bench) {
      const ids = await bench.sendMany(3, 'member')
      await bench.step(bench.observed.gather('all', ids, 'home'))
      bench.consume('work', 1, answering)
      bench.consume('callback:home', 1, answering)
      await bench.pass(60)
    },
  },
  {
    name: 'send again',
    async prepare(bench) {
      await bench.open()
      await bench.send('known', { id: 'known' })
      await bench.close()
      await bench.open()
    },
    async act(bench) {
      await bench.send('known', { id: 'known' })
      const both = [bench.message('a', { id: 'twice' }), bench.message('b', { id: 'twice' })]
      await bench.step(Promise.all(both.map((message) => bench.observed.publish([message]))))
      bench.consume('work', 5, answering)
      await bench.pass(30)
      await bench.send('known', { id: 'known' })
    },
  },
  {
    name: 'cancel and purge',
    async prepare(bench) {
      await bench.open()
      await bench.sendMany(5, 'work', { meta: { callbacks: [{ name: 'home' }] } })
      bench.consume('work', 1, () => {})
      await bench.pass(20)
    },
    async act(bench) {
      const ids = [...bench.observed.numbers.ids]
      await bench.step(bench.observed.cancel(ids[0] as string))
      await bench.step(bench.observed.cancel(ids[2] as string))
      await bench.step(bench.observed.purge('work'))
    },
  },
]
