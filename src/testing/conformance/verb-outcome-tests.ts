/* Every way in which a message ends, as a user of the five verbs sees it. */

import assert from 'node:assert/strict'
import { queue } from '../../contract/queue.ts'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { ConformanceTest } from './conformance-test.ts'
import { aborted, failed, text, work } from './verb-pieces.ts'

export const verbOutcomeTests: readonly ConformanceTest[] = [
  {
    title: 'call() goes out and comes home with what the handler returned',
    async run(trial) {
      const home = trial.home()
      const greet = work(trial)
      home.consume(greet, ({ input }) => `Hello, ${input}!`)
      assert.equal(await trial.during(home.call(greet, 'Ada')), 'Hello, Ada!')
      const many = await trial.during(home.callAll(greet, ['a', 'b', 'c']))
      assert.deepEqual(
        many.map((outcome) => outcome.ok && outcome.value),
        ['Hello, a!', 'Hello, b!', 'Hello, c!'],
      )
    },
  },
  {
    title: 'an error that the contract declares comes home with its data, and is not tried again',
    async run(trial) {
      const home = trial.home()
      const resize = work(trial)
      let runs = 0
      home.consume(resize, ({ fail }) => {
        runs++
        throw fail('NotAnImage', 7)
      })
      const error = await failed(trial, await trial.during(home.send(resize, 'x')))
      assert.deepEqual([error.code, error.data, error.attempts], ['NotAnImage', 7, 1])
      await assert.rejects(
        trial.during(home.call(resize, 'y')),
        (thrown) => thrown instanceof HomingError && thrown.code === 'NotAnImage',
      )
      assert.equal(runs, 2)
    },
  },
  {
    title: 'what a handler throws is tried again after its backoff, and comes home in the end',
    shows: 'reinsertion',
    async run(trial) {
      const home = trial.home()
      const backoff = trial.ms(60)
      const flaky = queue('flaky', { output: text, retry: { attempts: 3, backoff } })
      const startsAtMs: number[] = []
      const attempts: number[] = []
      home.consume(flaky, ({ attempt, input }) => {
        startsAtMs.push(trial.engine.nowMs())
        attempts.push(attempt)
        if (input === 'once' && attempt === 2) return 'awake'
        throw new Error('not awake yet')
      })
      assert.equal(await trial.during(home.call(flaky, 'once')), 'awake')
      assert.deepEqual(attempts.splice(0), [1, 2])
      const [firstMs = 0, secondMs = 0] = startsAtMs
      assert.ok(secondMs - firstMs >= backoff - 1, `came after ${secondMs - firstMs} ms`)
      const error = await failed(trial, await trial.during(home.send(flaky, 'never')))
      assert.equal(error.code, 'thrown')
      assert.equal(Reflect.get(Object(error.data), 'message'), 'not awake yet')
      assert.deepEqual(attempts, [1, 2, 3])
    },
  },
  {
    title: 'a handler that never answers loses its message, attempt by attempt, until it is lost',
    shows: 'reinsertion',
    async run(trial) {
      const home = trial.home()
      const hang = queue('hang', { timeout: trial.ms(60), retry: { attempts: 2, backoff: 0 } })
      const attempts: number[] = []
      home.consume(hang, async ({ attempt, signal }) => {
        attempts.push(attempt)
        await aborted(signal)
        return 'too late'
      })
      const error = await failed(trial, await trial.during(home.send(hang, 1)))
      assert.deepEqual([error.code, error.attempts], ['lost', 2])
      assert.deepEqual(attempts, [1, 2])
    },
  },
  {
    title: 'a message that nobody works on within its time expires, and nobody works on it later',
    shows: 'expiry',
    async run(trial) {
      const home = trial.home()
      const brief = work(trial, { within: trial.ms(80) })
      const receipt = await trial.during(home.send(brief, 'x'))
      assert.equal((await failed(trial, receipt)).code, 'expired')
      let runs = 0
      home.consume(brief, () => {
        runs++
        return ''
      })
      await trial.quiet()
      assert.equal(runs, 0)
    },
  },
  {
    title: 'canceling what is being worked on aborts the handler and is its outcome',
    shows: 'cancel',
    async run(trial) {
      const home = trial.home()
      const long = work(trial)
      let running = false
      let stopped = false
      home.consume(long, async ({ signal }) => {
        running = true
        await aborted(signal)
        stopped = true
        return 'too late'
      })
      const receipt = await trial.during(home.send(long, 'x'))
      await trial.until(() => running, 'the handler')
      assert.equal(await trial.during(receipt.cancel('no longer wanted')), true)
      const error = await failed(trial, receipt)
      assert.equal(error.code, 'canceled')
      assert.deepEqual(error.data, { reason: 'no longer wanted' })
      await trial.until(() => stopped, 'the handler to see its signal')
      assert.equal(await trial.during(receipt.cancel()), false)
    },
  },
  {
    title: 'a consumer that refuses a message for good makes its outcome rejected',
    async run(trial) {
      const home = trial.home()
      const picky = work(trial)
      home.consume(picky, ({ reject }) => {
        throw reject('not for me')
      })
      const error = await failed(trial, await trial.during(home.send(picky, 'x')))
      assert.equal(error.code, 'rejected')
      assert.equal(Reflect.get(Object(error.data), 'reason'), 'not for me')
      assert.equal(error.attempts, 1)
    },
  },
  {
    title: 'what does not fit its contract is invalid: the input at its sender, the output at home',
    async run(trial) {
      const home = trial.home()
      const strict = work(trial)
      await trial.refused(home.send(strict, 7 as never), 'invalid')
      home.consume(strict, () => 7 as never)
      const error = await failed(trial, await trial.during(home.send(strict, 'x')))
      assert.equal(error.code, 'invalid')
      assert.equal(Reflect.get(Object(error.data), 'side'), 'output')
    },
  },
  {
    title: 'a poison message ends, is kept, and keeps no other message from being worked on',
    shows: 'deadLetters',
    async run(trial) {
      const home = trial.home()
      const strict = work(trial)
      const body = new TextEncoder().encode('{"no":')
      const contentType = 'application/json'
      const unreadable = await trial.send('work', '', { body, contentType })
      const misfit = await trial.send('work', '42', { contentType })
      home.consume(strict, ({ input }) => {
        if (input === 'poison') throw new Error('it kills whoever eats it')
        return input
      })
      const thrown = await trial.during(home.send(strict, 'poison'))
      assert.equal(await trial.during(home.call(strict, 'good')), 'good')
      assert.equal((await trial.outcome(unreadable.id)).code, 'invalid')
      assert.equal((await trial.outcome(misfit.id)).code, 'invalid')
      assert.equal((await failed(trial, thrown)).code, 'thrown')
      const dead = await trial.during(home.deadLetters.list({ queue: strict }))
      assert.deepEqual(
        dead.map(({ id }) => id).toSorted(),
        [unreadable.id, misfit.id, thrown.id].toSorted(),
      )
    },
  },
  {
    title: 'a dead letter that is replayed comes home under its new id',
    shows: 'deadLetters',
    async run(trial) {
      const home = trial.home()
      const resize = work(trial)
      let mended = false
      home.consume(resize, ({ input, reject }) => {
        if (!mended) throw reject('broken')
        return input
      })
      const receipt = await trial.during(home.send(resize, 'x'))
      assert.equal((await failed(trial, receipt)).code, 'rejected')
      mended = true
      const [newId] = await trial.during(home.deadLetters.replay({ ids: [receipt.id] }))
      const replayed = home.receipt(resize, newId as string)
      assert.equal(await trial.during(replayed.result()), 'x')
      assert.equal((await failed(trial, receipt)).code, 'rejected')
    },
  },
  {
    title: 'a message over the limit is refused at its sender, and leaves nothing behind',
    async run(trial) {
      const home = trial.home()
      const big = work(trial)
      const refused = home.send(big, 'x'.repeat(limits.bodyBytesMax), { id: 'big' })
      await trial.refused(refused, 'message-too-large')
      assert.equal(await trial.state('big'), 'unknown')
    },
  },
  {
    title: 'the same id sent twice is worked on once, and both senders get the one outcome',
    shows: 'deduplication',
    async run(trial) {
      const home = trial.home()
      const once = work(trial)
      let runs = 0
      home.consume(once, () => `run ${++runs}`)
      const first = await trial.during(home.send(once, 'x', { id: 'photo:42' }))
      const second = await trial.during(home.send(once, 'x', { id: 'photo:42' }))
      assert.deepEqual([first.duplicate, second.duplicate], [false, true])
      assert.equal(await trial.during(first.result()), 'run 1')
      assert.equal(await trial.during(second.result()), 'run 1')
      const third = await trial.during(home.send(once, 'x', { id: 'photo:42' }))
      assert.equal(third.duplicate, true)
      assert.equal(await trial.during(third.result()), 'run 1')
    },
  },
]
