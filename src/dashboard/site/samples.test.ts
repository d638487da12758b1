import assert from 'node:assert/strict'
import { test } from 'node:test'
import { columnsOf, joined } from './samples.ts'

const at = (...times: number[]) => times.map((atMs) => ({ atMs, ready: atMs * 2 }))

test('live samples follow those that were read, none twice, and the oldest go', () => {
  assert.deepEqual(joined(at(1, 2, 3), at(2, 3, 4)), at(1, 2, 3, 4))
  assert.deepEqual(joined([], at(1)), at(1))
  const many = Array.from({ length: 400 }, (_, index) => index + 1)
  assert.deepEqual(joined(at(...many), at(401)).length, 300)
  assert.equal(joined(at(...many), at(401)).at(-1)?.atMs, 401)
})

test('charts take the times and a row for each line', () => {
  assert.deepEqual(columnsOf(at(1, 2), [({ ready }) => ready]), [
    [1, 2],
    [2, 4],
  ])
})
