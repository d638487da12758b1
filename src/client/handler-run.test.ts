import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { queue } from '../contract/queue.ts'
import { HomingError } from '../errors.ts'
import { homing } from '../homing.ts'
import type { Late } from './intake.ts'

const withCode =
  (code: string, words = /./) =>
  (error: unknown) =>
    error instanceof HomingError && error.code === code && words.test(error.message)

const job = queue('job', { retry: { attempts: 3, backoff: 1 } })

test('what a handler throws is retried with backoff, then comes home as thrown', async () => {
  await using home = await homing('memory:')
  const attempts: [number, boolean][] = []
  home.consume(job, async ({ attempt, redelivered }) => {
    attempts.push([attempt, redelivered])
    throw Object.assign(new TypeError('boom', { cause: 'why' }), { code: 'E_BOOM' })
  })
  const outcome = await (await home.send(job, 1)).outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'thrown')
  const { data, retryable } = outcome.error
  assert.deepEqual([data.name, data.message, data.code], ['TypeError', 'boom', 'E_BOOM'])
  assert.deepEqual(data.cause, { name: 'NonError', message: 'why' })
  assert.match(data.stack ?? '', /handler-run\.test/)
  assert.equal(outcome.error.attempts, 3)
  assert.equal(retryable, true)
  assert.deepEqual(attempts, [
    [1, false],
    [2, true],
    [3, true],
  ])
})

test('a handler that succeeds after a failure gives its result', async () => {
  await using home = await homing('memory:')
  home.consume(job, ({ attempt }) => {
    if (attempt < 3) throw new Error('not yet')
    return attempt
  })
  const outcome = await (await home.send(job, 1)).outcome()
  assert.ok(outcome.ok)
  assert.deepEqual([outcome.value, outcome.attempts], [3, 3])
})

test('a declared error is final, typed and parsed by its schema', async () => {
  await using home = await homing('memory:')
  const dated = queue('dated', {
    errors: { Late: z.object({ since: z.coerce.date() }), Gone: z.undefined() },
  })
  home.consume(dated, ({ input, fail }) => {
    throw input === 'late' ? fail('Late', { since: new Date(5) }) : fail('Gone')
  })
  const late = await (await home.send(dated, 'late')).outcome()
  assert.ok(!late.ok && late.error.code === 'Late')
  assert.deepEqual(late.error.data, { since: new Date(5) })
  assert.deepEqual([late.error.attempts, late.error.retryable], [1, false])
  const gone = await (await home.send(dated, 'gone')).outcome()
  assert.ok(!gone.ok && gone.error.code === 'Gone')
  assert.equal(gone.error.data, undefined)
})

test('data that does not fit its declared error is invalid; an undeclared error is a mistake', async () => {
  await using home = await homing('memory:')
  const picky = queue('picky', { errors: { Odd: z.number() }, retry: { attempts: 1 } })
  home.consume(picky, ({ input, fail }) => {
    throw input === 'data' ? fail('Odd', 'three' as never) : fail('Even' as never, 1 as never)
  })
  const wrong = await (await home.send(picky, 'data')).outcome()
  assert.ok(!wrong.ok && wrong.error.code === 'invalid')
  assert.equal(wrong.error.data.side, 'output')
  const undeclared = await (await home.send(picky, 'name')).outcome()
  assert.ok(!undeclared.ok && undeclared.error.code === 'thrown')
  assert.match(undeclared.error.data.message, /declares no error "Even"; declared are: Odd/)
})

test('reject ends a message as rejected with its reason, and keeps it as a dead letter', async () => {
  await using home = await homing('memory:')
  home.consume(job, ({ reject }) => {
    throw reject('no longer wanted')
  })
  const outcome = await (await home.send(job, 'x', { id: 'x' })).outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'rejected')
  assert.deepEqual(outcome.error.data, { by: 'consumer', reason: 'no longer wanted' })
  const [dead] = await home.deadLetters.list()
  assert.deepEqual([dead?.id, dead?.reason, dead?.input], ['x', 'rejected', 'x'])
})

test('retryIn tries again after its delay, and the attempt counts', async () => {
  await using home = await homing('memory:')
  const times: number[] = []
  home.consume(job, ({ retryIn }) => {
    times.push(performance.now())
    throw retryIn('30ms', new Error('busy'))
  })
  const outcome = await (await home.send(job, 1, { attempts: 2 })).outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'thrown')
  assert.equal(outcome.error.data.message, 'busy')
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 28)
})

test('an input that no longer fits is invalid, without running the handler', async () => {
  await using home = await homing('memory:')
  await home.send(queue('strict'), { n: 'five' }, { id: 'x' })
  const strict = queue('strict', { input: z.object({ n: z.number() }) })
  let ran = false
  home.consume(strict, () => {
    ran = true
  })
  const outcome = await home.receipt(strict, 'x').outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'invalid')
  assert.equal(outcome.error.data.side, 'input')
  assert.deepEqual(outcome.error.data.issues[0]?.path, ['n'])
  assert.equal(ran, false)
})

test('a result that does not fit or cannot be written is invalid, and is not retried', async () => {
  await using home = await homing('memory:')
  const strict = queue('strict', { output: z.object({ n: z.number() }) })
  home.consume(strict, () => ({ n: 'five' }) as never)
  const misfit = await (await home.send(strict, 1)).outcome()
  assert.ok(!misfit.ok && misfit.error.code === 'invalid')
  assert.deepEqual([misfit.error.data.side, misfit.error.attempts], ['output', 1])
  home.consume(job, ({ input }) => (input === 'big' ? 5n : { at: new Date() }))
  for (const input of ['big', 'date']) {
    const unwritable = await (await home.send(job, input)).outcome()
    assert.ok(!unwritable.ok && unwritable.error.code === 'invalid')
  }
})

test("the consumer's own backoff goes before the contract's", async () => {
  await using home = await homing('memory:')
  const slow = queue('slow', { retry: { attempts: 2, backoff: '1h' } })
  const seen: [number, unknown][] = []
  home.consume(
    slow,
    () => {
      throw 'oops'
    },
    {
      backoff: (attempt, error) => {
        seen.push([attempt, error])
        return 1
      },
    },
  )
  await (await home.send(slow, 1)).outcome()
  assert.deepEqual(seen[0], [1, 'oops'])
})

test('a backoff that throws is told to the log, and the default is used', async () => {
  const logged = Promise.withResolvers<string>()
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_: object, text: string) => logged.resolve(text),
  }
  await using home = await homing('memory:', { log })
  const fails = () => {
    throw new Error('boom')
  }
  home.consume(job, fails, { backoff: fails })
  await home.send(job, 1)
  assert.match(await logged.promise, /backoff function threw; the default backoff is used/)
})

test('a handler that never returns is timed out, fenced, and the others go on', async () => {
  await using home = await homing('memory:')
  const late = Promise.withResolvers<Late>()
  const reasons: unknown[] = []
  const held = Promise.withResolvers<void>()
  home.consume(
    job,
    async ({ input, attempt, signal }) => {
      if (input !== 'hangs' || attempt > 1) return `attempt ${attempt}`
      signal.addEventListener('abort', () => reasons.push((signal.reason as Error).name))
      await held.promise
      return 'too late'
    },
    { onLate: late.resolve },
  )
  const [hangs, quick] = await home.sendMany(job, ['hangs', 'quick'], { timeout: '40ms' })
  assert.match(String(await quick?.result()), /attempt/)
  assert.equal(await hangs?.result(), 'attempt 2')
  assert.deepEqual(reasons, ['TimeoutError'])
  held.resolve()
  const { id, attempt, by } = await late.promise
  assert.deepEqual([id, attempt, by], [hangs?.id, 1, 'timeout'])
  assert.equal(await hangs?.result(), 'attempt 2')
})

test('a message whose every attempt times out is lost', async () => {
  await using home = await homing('memory:')
  home.consume(job, () => new Promise(() => {}), { concurrency: 3, grace: 0 })
  const outcome = await (await home.send(job, 1, { timeout: '10ms' })).outcome()
  assert.ok(!outcome.ok && outcome.error.code === 'lost')
  assert.equal(outcome.error.data.attempts, 3)
})

test("a consumer's own timeout gives the message back sooner", async () => {
  await using home = await homing('memory:')
  home.consume(job, ({ attempt }) => (attempt === 1 ? new Promise(() => {}) : 'second'), {
    timeout: '15ms',
    grace: 0,
  })
  assert.equal(await home.call(job, 1), 'second')
})

test('the signal is aborted when the message expires or is canceled', async () => {
  await using home = await homing('memory:')
  const aborted: unknown[] = []
  const begun = Promise.withResolvers<void>()
  home.consume(
    job,
    async ({ signal, input }) => {
      begun.resolve()
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
      aborted.push([input, (signal.reason as Error).message])
    },
    { concurrency: 2 },
  )
  const canceled = await home.send(job, 'canceled')
  await begun.promise
  assert.equal(await canceled.cancel('changed my mind'), true)
  const expired = await (await home.send(job, 'expired', { within: '20ms' })).outcome()
  assert.equal(!expired.ok && expired.error.code, 'expired')
  assert.deepEqual(aborted, [
    ['canceled', 'the message was canceled'],
    ['expired', 'the deadline of the message has passed'],
  ])
})

test('as many handlers run at once as the concurrency says', async () => {
  await using home = await homing('memory:')
  let running = 0
  let most = 0
  home.consume(
    job,
    async () => {
      most = Math.max(most, ++running)
      await new Promise((resolve) => setImmediate(resolve))
      running--
    },
    { concurrency: 4 },
  )
  await home.callAll(job, new Array(40).fill(1))
  assert.equal(most, 4)
})

test('absurd options of a consumer are refused', async () => {
  await using home = await homing('memory:')
  const consume = (options: object) => () => home.consume(job, () => 1, options)
  assert.throws(consume({ concurency: 2 }), withCode('unknown-option', /"concurrency"/))
  assert.throws(consume({ concurrency: 0 }), withCode('bad-argument'))
  assert.throws(consume({ prefetch: 70_000 }), withCode('bad-argument', /65535/))
  assert.throws(consume({ timeout: 0 }), withCode('bad-duration'))
  assert.throws(consume({ grace: '-1s' }), withCode('bad-duration'))
  assert.throws(consume({ name: '' }), withCode('bad-name'))
  assert.throws(consume({ onLate: 5 }), withCode('bad-argument', /give a function/))
  assert.throws(() => home.consume(job, 'work' as never), withCode('bad-argument', /handler/))
})
