import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from './simulated-clock.ts'

test('timers run in the order in which they fall due, ties in the order in which they were set', async () => {
  const clock = new SimulatedClock({ monotonicMs: 0 })
  const ran: string[] = []
  const note = (name: string) => () => {
    ran.push(`${name}@${clock.monotonicMs()}`)
  }
  clock.after(20, note('late'))
  clock.after(10, note('first'))
  clock.after(10, note('second'))
  clock.after(11, note('never')).cancel()
  await clock.advance(15)
  assert.deepEqual(ran, ['first@10', 'second@10'])
  assert.equal(clock.monotonicMs(), 15)
  await clock.advance(10)
  assert.deepEqual(ran.slice(2), ['late@20'])
  assert.equal(clock.pending, 0)
})

test('promises and soon callbacks come to rest before the next timer runs', async () => {
  const clock = new SimulatedClock()
  const ran: string[] = []
  clock.after(1, () => {
    clock.soon(() => ran.push('soon'))
    void Promise.resolve()
      .then(() => null)
      .then(() => ran.push('promise'))
  })
  clock.after(1, () => ran.push('timer'))
  await clock.advance(1)
  assert.deepEqual(ran, ['promise', 'soon', 'timer'])
})

test('a timer set by a timer runs within the same advance when it falls due in it', async () => {
  const clock = new SimulatedClock({ monotonicMs: 0 })
  let ticks = 0
  const tick = () => {
    ticks++
    clock.after(10, tick)
  }
  clock.after(10, tick)
  await clock.advance(100)
  assert.equal(ticks, 10)
})

test('a jump of the wall clock moves no timer and no monotonic time', async () => {
  const clock = new SimulatedClock({ wallMs: 5_000, monotonicMs: 0 })
  let ran = false
  clock.after(100, () => {
    ran = true
  })
  clock.jumpWall(-86_400_000)
  assert.equal(clock.wallMs(), 5_000 - 86_400_000)
  await clock.advance(99)
  assert.equal(ran, false)
  await clock.advance(1)
  assert.equal(ran, true)
})

test('after a restart nothing of the former life runs, and wall time has moved on', async () => {
  const clock = new SimulatedClock({ wallMs: 1_000, monotonicMs: 0 })
  clock.after(1, () => assert.fail('a timer outlived the restart'))
  clock.soon(() => assert.fail('a callback outlived the restart'))
  clock.restart(500, 77)
  await clock.advance(10)
  assert.equal(clock.wallMs(), 1_510)
  assert.equal(clock.monotonicMs(), 87)
})

test('until() lets just enough time pass, and gives up at its limit', async () => {
  const clock = new SimulatedClock({ monotonicMs: 0 })
  const answer = new Promise<string>((resolve) => {
    clock.after(250, () => resolve('home'))
  })
  assert.equal(await clock.until(answer), 'home')
  assert.equal(clock.monotonicMs(), 250)
  await assert.rejects(clock.until(new Promise(() => {}), 10), /not settled after 10/)
})
