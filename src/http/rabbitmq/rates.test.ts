import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Counts, Rates } from './rates.ts'

function trial() {
  let nowMs = 0
  const clock = {
    wallMs: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => ({ cancel: () => undefined }),
    soon: (run: () => void) => run(),
  }
  const rates = new Rates(clock)
  return (atMs: number, counts: Counts) => {
    nowMs = atMs
    const rate = rates.look(new Map([['q', counts]]))
    return (counter: string) => rate('q', counter).rate
  }
}

test('a rate is what came since some seconds ago, by second', () => {
  const look = trial()
  assert.equal(look(0, { published: 100 })('published'), 0)
  assert.equal(look(1_000, { published: 150 })('published'), 50)
  assert.equal(look(4_000, { published: 200 })('published'), 25)
  look(6_000, { published: 200 })
  look(8_000, { published: 200 })
  assert.equal(look(10_000, { published: 200 })('published'), 0)
})

test('who looks seldom is told the rate since the last look', () => {
  const look = trial()
  look(0, { published: 0 })
  assert.equal(look(30_000, { published: 3_000 })('published'), 100)
})

test('a queue that was made again has no rate below zero, what waits in it may fall', () => {
  const look = trial()
  look(0, { published: 500, ready: 50 })
  const rate = look(5_000, { published: 10, ready: 0 })
  assert.deepEqual([rate('published'), rate('ready'), rate('none')], [0, -10, 0])
})
