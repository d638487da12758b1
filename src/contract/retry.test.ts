import assert from 'node:assert/strict'
import { test } from 'node:test'
import { limits } from '../limits.ts'
import { backoffDelay, readBackoff, readRetry } from './retry.ts'

const delays = (delay: (attempt: number, error: unknown) => number, attempts: number) =>
  Array.from({ length: attempts }, (_, n) => delay(n + 1, undefined))

test('a fixed backoff waits the same after each attempt', () => {
  assert.deepEqual(delays(readBackoff('250ms', 'q').delay, 3), [250, 250, 250])
  assert.deepEqual(delays(readBackoff({ type: 'fixed', base: 40 }, 'q').delay, 2), [40, 40])
})

test('an exponential backoff grows by its factor up to its maximum', () => {
  const { delay } = readBackoff({ base: 100, factor: 3, max: '2s', jitter: false }, 'q')
  assert.deepEqual(delays(delay, 5), [100, 300, 900, 2000, 2000])
})

test('a huge attempt number still waits for the maximum only', () => {
  const { delay } = readBackoff({ jitter: false }, 'q')
  assert.equal(delay(limits.attemptsMax, undefined), limits.backoffMsMax)
})

test('jitter takes up to half of the wait away', () => {
  const backoff = { baseMs: 1000, factor: 2, maxMs: 10_000, jitter: true }
  assert.equal(backoffDelay(backoff, () => 0)(1, undefined), 500)
  assert.equal(backoffDelay(backoff, () => 0.5)(1, undefined), 750)
  assert.equal(backoffDelay(backoff, () => 0.999)(2, undefined), 1999)
})

test('a function of attempt and error says how long to wait', () => {
  const { delay } = readBackoff((attempt, error) => (error === 'busy' ? '1m' : attempt * 10), 'q')
  assert.equal(delay(3, 'busy'), 60_000)
  assert.equal(delay(3, 'other'), 30)
})

test('without a choice there are five attempts, from one second doubling', () => {
  const retry = readRetry(undefined, 'q')
  assert.equal(retry.attempts, 5)
  assert.equal(retry.backoff, undefined)
  const [first = 0] = delays(retry.delay, 1)
  assert.ok(first >= 500 && first <= 1000)
})
