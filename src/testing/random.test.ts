import assert from 'node:assert/strict'
import { test } from 'node:test'
import { randomSource } from './random.ts'

test('one seed gives the same numbers again, another seed gives others', () => {
  const draw = (seed: number) => {
    const random = randomSource(seed)
    return Array.from({ length: 20 }, () => random.below(1_000_000))
  }
  assert.deepEqual(draw(7), draw(7))
  assert.notDeepEqual(draw(7), draw(8))
  assert.notDeepEqual(draw(7), draw(7 + 2 ** 32))
})

test('numbers are spread evenly over the range asked for', () => {
  const random = randomSource(1)
  const counts = new Array<number>(10).fill(0)
  for (let n = 0; n < 10_000; n++) {
    const drawn = random.between(0, 9)
    counts[drawn] = (counts[drawn] ?? 0) + 1
  }
  for (const count of counts) assert.ok(count > 850 && count < 1150, `${counts}`)
})

test('a fork draws numbers of its own', () => {
  const one = randomSource(3)
  const fork = one.fork()
  const next = one.below(1000)
  const other = randomSource(3)
  other.fork()
  fork.below(10)
  assert.equal(other.below(1000), next)
})

test('weights of zero are never chosen', () => {
  const random = randomSource(5)
  const seen = new Set(Array.from({ length: 500 }, () => random.weighted({ a: 1, b: 0, c: 2 })))
  assert.deepEqual([...seen].sort(), ['a', 'c'])
})
