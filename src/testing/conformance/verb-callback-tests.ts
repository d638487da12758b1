/* Callbacks and gathers, also after a restart, as a user of the five verbs sees them. */

import assert from 'node:assert/strict'
import { queue } from '../../contract/queue.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { number, work } from './verb-pieces.ts'

export const verbCallbackTests: readonly ConformanceTest[] = [
  {
    title:
      'a callback is told the outcome, its context and its input, until it returns, under one id',
    shows: 'callbacks',
    async run(trial) {
      const home = trial.home()
      const resize = work(trial)
      const told: unknown[] = []
      const ids = new Set<string>()
      const onResized = home.callback(
        'photo.resized',
        resize,
        (outcome, { context, input, attempt, id }) => {
          ids.add(id)
          told.push([outcome.ok && outcome.value, context, input, attempt])
          if (attempt < 3) throw new Error('the database is away')
        },
        { context: number, backoff: trial.ms(10) },
      )
      home.consume(resize, ({ input }) => `${input}.small`)
      await trial.during(home.send(resize, 'a.jpg', { callback: onResized.with(42) }))
      await trial.until(() => told.length === 3, 'the third try')
      await trial.quiet()
      assert.deepEqual(
        told,
        [1, 2, 3].map((attempt) => ['a.jpg.small', 42, 'a.jpg', attempt]),
      )
      assert.equal(ids.size, 1)
    },
  },
  {
    title: 'a callback is told of messages that failed, too',
    shows: 'callbacks',
    async run(trial) {
      const home = trial.home()
      const resize = work(trial, { within: trial.ms(60) })
      const codes: string[] = []
      const onResized = home.callback('done', resize, (outcome) => {
        codes.push(outcome.ok ? 'ok' : outcome.error.code)
      })
      await trial.during(home.send(resize, 'x', { callback: onResized }))
      await trial.until(() => codes.length === 1, 'the callback')
      assert.deepEqual(codes, ['expired'])
    },
  },
  {
    title: 'a callback is told after its producer was restarted, before or after the work was done',
    shows: 'callbacks',
    needs: ['reopen'],
    async run(trial) {
      const resize = work(trial)
      const told: string[] = []
      const register = () =>
        trial.home().callback('resized', resize, (outcome, { context }) => {
          told.push(`${context} ${outcome.ok && outcome.value}`)
        })
      const onResized = register()
      await trial.during(onResized.close())
      await trial.during(trial.home().send(resize, 'a', { callback: onResized.with('early') }))
      const worker = trial.home().consume(resize, ({ input }) => input.toUpperCase())
      const [first] = await worked(1)
      assert.ok(first)
      await trial.during(worker.close())
      await trial.during(trial.home().send(resize, 'b', { callback: onResized.with('late') }))
      await trial.reopen()
      register()
      trial.home().consume(resize, ({ input }) => input.toUpperCase())
      await trial.until(() => told.length === 2, 'both callbacks')
      await trial.quiet()
      assert.deepEqual(told.toSorted(), ['early A', 'late B'])

      async function worked(count: number) {
        for (;;) {
          const found = await trial.during(trial.engine.outcomes({ queue: resize.name }))
          if (found.length >= count) return found
          await trial.quiet()
        }
      }
    },
    uses: ['ledger'],
  },
  {
    title: 'what was sent before a restart can be asked for, and waited for, after it',
    shows: 'durability',
    needs: ['reopen'],
    async run(trial) {
      const resize = work(trial)
      const before = trial.home()
      const worker = before.consume(resize, ({ input }) => input.toUpperCase())
      const finished = await trial.during(before.send(resize, 'a'))
      assert.equal(await trial.during(finished.result()), 'A')
      await trial.during(worker.close())
      const waiting = await trial.during(before.send(resize, 'b'))
      await trial.reopen()
      const home = trial.home()
      assert.equal(await trial.during(home.receipt(resize, finished.id).result()), 'A')
      const state = await trial.during(home.receipt(resize, waiting.id).answer())
      assert.equal(state.state, 'pending')
      const result = home.receipt(resize, waiting.id).result()
      home.consume(resize, ({ input }) => input.toUpperCase())
      assert.equal(await trial.during(result), 'B')
      await trial.refused(home.receipt(resize, 'never-sent').outcome(), 'unknown')
    },
  },
  {
    title: 'a gather tells its callback once, with all outcomes in order',
    shows: 'gather',
    async run(trial) {
      const home = trial.home()
      const count = queue('count', { retry: { attempts: 1 } })
      const told: unknown[] = []
      const onCounted = home.callbackAll('counted', count, (outcomes, { context }) => {
        told.push([context, outcomes.map((one) => (one.ok ? one.value : one.error.code))])
      })
      const receipts = await trial.during(home.sendMany(count, [3, 2, 'no', 1]))
      const id = await trial.during(home.gather(receipts, onCounted.with('run 7'), { id: 'run7' }))
      assert.equal(id, 'run7')
      home.consume(count, ({ input }) => {
        if (input === 'no') throw new Error('no')
        return Number(input) * 10
      })
      await trial.until(() => told.length === 1, 'the gather')
      await trial.during(home.gather(receipts, onCounted.with('run 7'), { id: 'run7' }))
      await trial.quiet()
      assert.deepEqual(told, [['run 7', [30, 20, 'thrown', 10]]])
    },
  },
  {
    title: 'a gather that was begun before a restart comes home after it',
    shows: 'gather',
    needs: ['reopen'],
    async run(trial) {
      const count = queue('count')
      const told: unknown[] = []
      const register = () =>
        trial.home().callbackAll('counted', count, (outcomes) => {
          told.push(outcomes.map((one) => one.ok && one.value))
        })
      const onCounted = register()
      const receipts = await trial.during(trial.home().sendMany(count, [1, 2]))
      await trial.during(trial.home().gather(receipts, onCounted))
      await trial.reopen()
      register()
      trial.home().consume(count, ({ input }) => Number(input) + 1)
      await trial.until(() => told.length === 1, 'the gather')
      await trial.quiet()
      assert.deepEqual(told, [[2, 3]])
    },
  },
]
