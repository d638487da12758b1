import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TimeHistogram } from './time-histogram.ts'

test('a percentile is at most a sixteenth above what was measured, and never below it', () => {
  const took = fc.array(fc.double({ min: 0, max: 1_000_000, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(took, (times) => {
      const histogram = new TimeHistogram()
      for (const ms of times) histogram.add(ms, 5)
      const sorted = times.map((ms) => Math.floor(ms * 1_000) / 1_000).sort((a, b) => a - b)
      const figures = histogram.figures(5)
      assert.equal(figures.count, times.length)
      assert.equal(figures.maxMs, sorted.at(-1))
      for (const [share, is] of [
        [0.5, figures.p50Ms],
        [0.99, figures.p99Ms],
      ] as const) {
        const exact = sorted[Math.ceil(times.length * share) - 1] as number
        assert.ok(is >= exact - 1e-9, `${is} is below ${exact}`)
        assert.ok(is <= exact * (1 + 1 / 16) + 0.001, `${is} is far above ${exact}`)
      }
    }),
  )
})

test('what is older than a minute no longer counts', () => {
  const histogram = new TimeHistogram()
  histogram.add(1_000, 0)
  histogram.add(10, 30_000)
  assert.equal(histogram.figures(59_000).count, 2)
  assert.equal(histogram.figures(65_000).count, 1)
  assert.equal(histogram.figures(65_000).maxMs, 10)
  assert.equal(histogram.figures(1_000_000).count, 0)
  assert.equal(histogram.figures(1_000_000).p99Ms, 0)
})

test('what took longer than can be counted, or less than nothing, is counted at the end', () => {
  const histogram = new TimeHistogram()
  histogram.add(86_400_000, 0)
  histogram.add(-5, 0)
  const { count, p99Ms, p50Ms } = histogram.figures(0)
  assert.equal(count, 2)
  assert.equal(p50Ms, 0)
  assert.ok(p99Ms > 2_000_000)
})

test('what took up to a time is counted since the start, however long ago it was', () => {
  const histogram = new TimeHistogram()
  for (const ms of [1, 4, 4, 40, 4_000]) histogram.add(ms, 0)
  histogram.add(2, 1_000_000)
  const { upTo, count, sumMs } = histogram.totals([3, 10, 100])
  assert.deepEqual([upTo, count], [[2, 4, 5], 6])
  assert.ok(Math.abs(sumMs - 4_051) < 0.01)
  assert.deepEqual(histogram.totals([]).upTo, [])
})
