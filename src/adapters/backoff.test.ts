import assert from 'node:assert/strict'
import { test } from 'node:test'
import { backoffMs } from './backoff.ts'

test('the first try is made at once, the others after waits that double up to the longest', () => {
  const full = (maxMs?: number) =>
    [0, 1, 2, 3, 4, 9, 1_000].map((n) => backoffMs(n, () => 0, maxMs))
  assert.deepEqual(full(), [0, 50, 100, 200, 400, 5_000, 5_000])
  assert.deepEqual(full(100), [0, 50, 100, 100, 100, 100, 100])
  assert.equal(
    backoffMs(1, () => 0.5),
    37.5,
  )
})
