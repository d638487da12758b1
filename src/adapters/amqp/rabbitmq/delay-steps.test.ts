import assert from 'node:assert/strict'
import { test } from 'node:test'
import { delayStep, waitedOutMs } from './delay-steps.ts'

test('a delay is waited out in few steps, never longer than asked', () => {
  for (const delayMs of [101, 1_000, 3_333, 60_000, 3_600_000, 86_400_000, 10 * 365 * 86_400_000]) {
    let leftMs = delayMs
    let hops = 0
    while (delayStep(leftMs) > 0) {
      assert.ok(delayStep(leftMs) <= leftMs)
      leftMs -= delayStep(leftMs)
      hops++
    }
    assert.ok(leftMs >= 0 && leftMs <= waitedOutMs)
    assert.ok(hops <= (delayMs > 2 ** 32 ? 200 : 12), `${delayMs} ms took ${hops} hops`)
  }
})

test('all delays up to a day share some dozens of queues', () => {
  const steps = new Set<number>()
  for (let ms = 1; ms < 86_400_000; ms += 37) steps.add(delayStep(ms))
  assert.ok(steps.size < 100, `${steps.size}`)
})

test('a short rest and no delay at all need no queue', () => {
  for (const ms of [-5, 0, 1, waitedOutMs, Number.NaN]) assert.equal(delayStep(ms), 0)
})
