import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SimulatedClock } from '../../../testing/simulated-clock.ts'
import { Wakes } from './wakes.ts'

function wakes() {
  const clock = new SimulatedClock()
  const woken: string[] = []
  const all = new Wakes<string>({
    clock,
    nowMs: () => clock.wallMs(),
    wake: (one) => {
      woken.push(one)
      if (one === 'ends b') all.delete('b')
    },
  })
  return { clock, woken, all, inMs: (ms: number) => clock.wallMs() + ms }
}

test('each is woken at its time, and none that was taken out before', async () => {
  const { clock, woken, all, inMs } = wakes()
  all.add('late', inMs(300))
  all.add('early', inMs(100))
  all.add('gone', inMs(50))
  all.add('never', Number.POSITIVE_INFINITY)
  all.delete('gone')
  await clock.advance(99)
  assert.deepEqual(woken, [])
  await clock.advance(1)
  assert.deepEqual(woken, ['early'])
  await clock.advance(1_000)
  assert.deepEqual(woken, ['early', 'late'])
})

test('who is given another time is woken then, and once', async () => {
  const { clock, woken, all, inMs } = wakes()
  all.add('a', inMs(100))
  await clock.advance(60)
  all.add('a', inMs(100))
  await clock.advance(99)
  assert.deepEqual(woken, [])
  await clock.advance(1)
  all.add('b', inMs(10))
  all.add('b', Number.POSITIVE_INFINITY)
  await clock.advance(1_000)
  assert.deepEqual(woken, ['a'])
})

test('a time that has passed is now, and a time that no timer reaches comes all the same', async () => {
  const { clock, woken, all, inMs } = wakes()
  const month = 31 * 24 * 3_600_000
  all.add('past', inMs(-5))
  all.add('far', inMs(month))
  await clock.advance(0)
  assert.deepEqual(woken, ['past'])
  await clock.advance(month - 1)
  assert.deepEqual(woken, ['past'])
  await clock.advance(1)
  assert.deepEqual(woken, ['past', 'far'])
})

test('who was ended by another one that was woken is not woken any more', async () => {
  const { clock, woken, all, inMs } = wakes()
  all.add('ends b', inMs(10))
  all.add('b', inMs(10))
  await clock.advance(10)
  assert.deepEqual(woken, ['ends b'])
})

test('once it has ended nobody is woken', async () => {
  const { clock, woken, all, inMs } = wakes()
  all.add('a', inMs(10))
  all.end()
  await clock.advance(1_000)
  assert.deepEqual(woken, [])
})
