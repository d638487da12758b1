import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Heap } from './heap.ts'

test('whatever is pushed comes out in order', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((a, b) => a < b)
      for (const number of numbers) heap.push(number)
      assert.equal(heap.size, numbers.length)
      const out = numbers.map(() => heap.pop())
      assert.deepEqual(
        out,
        numbers.toSorted((a, b) => a - b),
      )
      assert.equal(heap.pop(), undefined)
    }),
  )
})

test('pushing and taking in any turn gives the least that is there, each time', () => {
  const steps = fc.array(fc.option(fc.integer({ min: 0, max: 20 }), { freq: 3 }))
  fc.assert(
    fc.property(steps, (pushes) => {
      const heap = new Heap<number>((a, b) => a < b)
      let sorted: number[] = []
      for (const push of pushes) {
        if (push === null) assert.equal(heap.pop(), sorted.shift())
        else {
          heap.push(push)
          sorted = [...sorted, push].sort((a, b) => a - b)
        }
        assert.equal(heap.peek(), sorted[0])
        assert.equal(heap.size, sorted.length)
      }
    }),
  )
})

test('an empty heap has nothing to look at and nothing to take', () => {
  const heap = new Heap<string>((a, b) => a < b)
  assert.equal(heap.peek(), undefined)
  assert.equal(heap.pop(), undefined)
  assert.equal(heap.size, 0)
})
