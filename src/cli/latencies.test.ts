import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Latencies } from './latencies.ts'

test('a quantile is the duration that this part did not exceed', () => {
  const taken = new Latencies()
  for (let ms = 100; ms >= 1; ms--) taken.add(ms)
  taken.end()
  assert.deepEqual(
    [taken.count, taken.quantile(0.5), taken.quantile(0.99), taken.quantile(1)],
    [100, 51, 100, 100],
  )
})
