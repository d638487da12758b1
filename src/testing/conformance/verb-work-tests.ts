/* Consumers, nested sends and shutting down, as a user of the five verbs sees them. */

import assert from 'node:assert/strict'
import { queue } from '../../contract/queue.ts'
import { HomingError } from '../../errors.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { aborted, failed, work } from './verb-pieces.ts'

export const verbWorkTests: readonly ConformanceTest[] = [
  {
    title: 'no more handlers run at once than the consumer says',
    async run(trial) {
      const home = trial.home()
      const busy = work(trial)
      let running = 0
      let most = 0
      const release: (() => void)[] = []
      home.consume(
        busy,
        async ({ input }) => {
          most = Math.max(most, ++running)
          await new Promise<void>((resolve) => release.push(resolve))
          running--
          return input
        },
        { concurrency: 2 },
      )
      const all = home.callAll(busy, ['1', '2', '3', '4', '5'])
      for (let done = 0; done < 5; done++) {
        await trial.until(() => release.length > 0, 'a handler')
        await trial.quiet()
        release.shift()?.()
      }
      const outcomes = await trial.during(all)
      assert.ok(outcomes.every((outcome) => outcome.ok))
      assert.equal(most, 2)
    },
  },
  {
    title: 'messages worked on in batches each have an outcome of their own',
    async run(trial) {
      const home = trial.home()
      const row = work(trial)
      const sizes: number[] = []
      const inputs = ['1', '2', 'bad', '3', '4', 'again']
      const sent = await trial.during(home.sendMany(row, inputs))
      home.consumeMany(
        row,
        (batch) => {
          sizes.push(batch.length)
          for (const one of batch) {
            if (one.input === 'bad') one.fail('NotAnImage', 1)
            else if (one.input === 'again' && one.attempt === 1) one.retryIn(trial.ms(10))
            else one.done(`row ${one.input}`)
          }
        },
        { batch: 6, maxWait: trial.ms(100) },
      )
      const outcomes = await trial.during(Promise.all(sent.map((receipt) => receipt.outcome())))
      assert.deepEqual(
        outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code)),
        ['row 1', 'row 2', 'NotAnImage', 'row 3', 'row 4', 'row again'],
      )
      assert.ok(
        sizes.some((size) => size > 1),
        `batches of ${sizes}`,
      )
    },
  },
  {
    title: 'whoever holds the receipt reads the progress that the handler reports',
    shows: 'progress',
    async run(trial) {
      const home = trial.home()
      const long = work(trial)
      const receipt = await trial.during(home.send(long, 'x'))
      const values: number[] = []
      const reading = (async () => {
        for await (const value of receipt.progress()) values.push(value)
      })()
      home.consume(long, async ({ progress }) => {
        for (const value of [50, 100]) {
          // Who begins to read a moment later has missed what came before.
          await trial.until(() => {
            void progress(value)
            return values.includes(value)
          }, 'the reader')
        }
        return 'done'
      })
      await trial.during(reading, 'the end of the progress')
      assert.deepEqual([...new Set(values)], [50, 100])
      assert.equal(await trial.during(receipt.result()), 'done')
    },
  },
  {
    title: 'what a handler sends has no later deadline than its own message, and names it',
    shows: 'expiry',
    async run(trial) {
      const home = trial.home()
      const parent = work(trial)
      const child = queue('child')
      const seen: { deadline: number | undefined; parentId: string | undefined }[] = []
      home.consume(child, ({ deadline, parentId }) => {
        seen.push({ deadline: deadline?.getTime(), parentId })
        return 'worked'
      })
      home.consume(parent, async () => {
        await home.call(child, 'within', { within: '30m' })
        await home.call(child, 'long', { within: '30d' })
        await home.call(child, 'own', { within: '30d', detached: true })
        return 'done'
      })
      const receipt = await trial.during(home.send(parent, 'x', { within: '1h' }))
      await trial.during(receipt.outcome())
      const deadlineMs = seen[1]?.deadline ?? 0
      const [within, long, own] = seen
      assert.ok((within?.deadline ?? 0) < deadlineMs)
      assert.equal(long?.parentId, receipt.id)
      assert.ok(Math.abs(deadlineMs - trial.engine.nowMs() - 3_600_000) < 60_000)
      assert.equal(own?.parentId, undefined)
      assert.ok((own?.deadline ?? 0) > deadlineMs)
    },
  },
  {
    title: 'canceling a message cancels what its handler has sent, and what that has sent',
    shows: 'cancel',
    async run(trial) {
      const home = trial.home()
      const names = ['first', 'second', 'third'] as const
      const [first, second, third] = names.map((name) => queue(name))
      assert.ok(first && second && third)
      const ids: string[] = []
      let deepest = false
      const passOn = (to: typeof first) => async (delivery: { signal: AbortSignal }) => {
        const receipt = await home.send(to, 'x')
        ids.push(receipt.id)
        await aborted(delivery.signal)
        return 'too late'
      }
      home.consume(first, passOn(second))
      home.consume(second, passOn(third))
      home.consume(third, async ({ signal }) => {
        deepest = true
        await aborted(signal)
        return 'too late'
      })
      const receipt = await trial.during(home.send(first, 'x'))
      await trial.until(() => deepest && ids.length === 2, 'the innermost handler')
      assert.equal(await trial.during(receipt.cancel()), true)
      assert.equal((await failed(trial, receipt)).code, 'canceled')
      for (const id of ids) assert.equal((await trial.outcome(id)).code, 'canceled')
    },
  },
  {
    title: 'an attempt that was taken away can send nothing more on behalf of its message',
    shows: 'fencing',
    async run(trial) {
      const home = trial.home()
      const parent = queue('parent', { timeout: trial.ms(60), retry: { attempts: 1 } })
      const child = queue('child')
      let late: unknown
      home.consume(parent, async ({ signal }) => {
        await aborted(signal)
        late = await home.send(child, 'x').then(
          () => 'it was sent',
          (error: unknown) => error,
        )
      })
      const receipt = await trial.during(home.send(parent, 'x'))
      assert.equal((await failed(trial, receipt)).code, 'lost')
      await trial.until(() => late !== undefined, 'the late send')
      assert.ok(late instanceof HomingError && late.code === 'fenced', String(late))
    },
  },
  {
    title: 'closing lets running handlers finish, and their outcomes are there',
    async run(trial) {
      const home = trial.home()
      const slow = work(trial)
      let running = false
      let finish = (): void => {}
      home.consume(slow, async () => {
        running = true
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        return 'finished'
      })
      const receipt = await trial.during(home.send(slow, 'x'))
      let told: unknown
      receipt.outcome().then(
        (outcome) => {
          told = outcome
        },
        () => {},
      )
      await trial.until(() => running, 'the handler')
      const closing = home.close({ grace: '1h' })
      await trial.quiet()
      assert.equal(told, undefined)
      finish()
      await trial.during(closing, 'the home to close')
      assert.equal(Reflect.get(Object(told), 'value'), 'finished')
      await trial.refused(home.send(slow, 'late'), 'closed')
    },
  },
  {
    title: 'what is still running when the grace time is over is given back, and worked on again',
    shows: 'durability',
    needs: ['reopen'],
    async run(trial) {
      const stuck = work(trial)
      let stopped = false
      const home = trial.home()
      home.consume(stuck, async ({ signal }) => {
        await aborted(signal)
        stopped = true
        return 'too late'
      })
      const { id } = await trial.during(home.send(stuck, 'x'))
      await trial.quiet()
      await trial.reopen()
      assert.ok(stopped, 'the handler saw its signal')
      const next = trial.home()
      next.consume(stuck, ({ input, redelivered }) => `${input} ${redelivered}`)
      assert.equal(await trial.during(next.receipt(stuck, id).result()), 'x true')
    },
  },
]
