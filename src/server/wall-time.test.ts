import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wallTime } from './wall-time.ts'

/** The machine's clock shows whole milliseconds of `trueMs`, the monotonic one `since` its start. */
function twoClocks() {
  const times = { trueMs: 1_000.75, monotonicMs: 5 }
  const now = wallTime({
    wallMs: () => Math.floor(times.trueMs),
    monotonicMs: () => times.monotonicMs,
  })
  return {
    now,
    passes(ms: number): number {
      times.trueMs += ms
      times.monotonicMs += ms
      return now()
    },
    setTo(ms: number): number {
      times.trueMs = ms
      return now()
    },
  }
}

test('wall time comes nearer to the true time at each new millisecond, and never goes back', () => {
  const { now, passes } = twoClocks()
  assert.equal(now(), 1_000)
  assert.equal(passes(0.125), 1_000.125)
  // The machine's clock shows 1001 now: until here at least that much was missing.
  assert.equal(passes(0.125), 1_001)
  let before = 1_001
  for (let n = 0; n < 1_000; n++) {
    const told = passes(0.099)
    assert.ok(told > before, `${told} after ${before}`)
    before = told
  }
  const missing = 1_000.75 + 0.25 + 99 - before
  assert.ok(Math.abs(missing) < 0.01, `${missing} ms away from the true time`)
})

test('wall time follows a clock that is set, forward and back', () => {
  const { now, passes, setTo } = twoClocks()
  now()
  assert.equal(Math.floor(setTo(90_000.5)), 90_000)
  assert.equal(Math.floor(passes(2)), 90_002)
  assert.equal(Math.floor(setTo(10.5)), 10)
  assert.equal(Math.floor(passes(2)), 12)
})
