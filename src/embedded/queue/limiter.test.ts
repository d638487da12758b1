import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Limiter } from './limiter.ts'

const twoASecond = { rate: { count: 2, perMs: 1_000 } }

test('without limits nothing ever waits', () => {
  const limiter = new Limiter({}, 0)
  for (let n = 0; n < 100; n++) {
    assert.equal(limiter.waitMs(n), 0)
    limiter.start()
  }
})

test('no more than so many are under way at once, however long one waits', () => {
  const limiter = new Limiter({ concurrencyMax: 2 }, 0)
  limiter.start()
  assert.equal(limiter.waitMs(0), 0)
  limiter.start()
  assert.equal(limiter.waitMs(1e9), Number.POSITIVE_INFINITY)
  limiter.end()
  assert.equal(limiter.waitMs(0), 0)
})

test('after a quiet time as many start as one period allows, then one at a time', () => {
  const limiter = new Limiter(twoASecond, 0)
  limiter.start()
  assert.equal(limiter.waitMs(0), 0)
  limiter.start()
  assert.equal(limiter.waitMs(0), 500)
  assert.equal(limiter.waitMs(200), 300)
  assert.equal(limiter.waitMs(500), 0)
  limiter.start()
  assert.equal(limiter.waitMs(500), 500)
})

test('a quiet time of any length saves up no more than one period allows', () => {
  const limiter = new Limiter(twoASecond, 0)
  assert.equal(limiter.waitMs(1e9), 0)
  limiter.start()
  limiter.start()
  assert.equal(limiter.waitMs(1e9), 500)
})

test('in no period do more start than the rate and one burst allow', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 10, max: 2_000 }),
      fc.array(fc.nat(400), { maxLength: 60 }),
      (count, perMs, pauses) => {
        const limiter = new Limiter({ rate: { count, perMs } }, 0)
        const starts: number[] = []
        let nowMs = 0
        for (const pause of pauses) {
          nowMs += pause
          if (limiter.waitMs(nowMs) > 0) continue
          limiter.start()
          starts.push(nowMs)
        }
        for (const [n, first] of starts.entries()) {
          const within = starts.slice(n).filter((start) => start - first < perMs).length
          assert.ok(within <= 2 * count, `${within} starts within ${perMs} ms at rate ${count}`)
        }
      },
    ),
  )
})

test('the wait that is told is enough, to the millisecond', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 5_000 }),
      (count, perMs) => {
        const limiter = new Limiter({ rate: { count, perMs } }, 0)
        for (let n = 0; n < count; n++) limiter.start()
        const waitMs = limiter.waitMs(0)
        assert.ok(limiter.waitMs(Math.ceil(waitMs)) <= 1e-6, `after ${waitMs} ms`)
      },
    ),
  )
})

test('a limit that changes counts from what was saved up, and no higher than it allows', () => {
  const limiter = new Limiter({ rate: { count: 10, perMs: 1_000 } }, 0)
  limiter.change(twoASecond)
  limiter.start()
  limiter.start()
  assert.ok(limiter.waitMs(0) > 0)
  limiter.change({})
  assert.equal(limiter.waitMs(0), 0)
})

test('a rate that is set on a queue without one lets its first burst start', () => {
  const limiter = new Limiter({}, 0)
  limiter.change(twoASecond)
  assert.equal(limiter.waitMs(1_000), 0)
})

test('a limiter is idle when forgetting it changes nothing', () => {
  const limiter = new Limiter(twoASecond, 0)
  assert.ok(limiter.idle(0))
  limiter.start()
  assert.equal(limiter.idle(0), false)
  limiter.end()
  assert.equal(limiter.idle(499), false)
  assert.ok(limiter.idle(500))
})
