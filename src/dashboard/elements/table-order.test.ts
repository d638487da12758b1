import assert from 'node:assert/strict'
import { test } from 'node:test'
import { movedTo, sorted } from './table-order.ts'

const rows = [
  { name: 'q10', ready: 1 },
  { name: 'q2', ready: 30 },
  { name: 'Q1', ready: 30 },
]
const columns = [
  { key: 'name', by: (row: (typeof rows)[number]) => row.name },
  { key: 'ready', by: (row: (typeof rows)[number]) => row.ready },
  { key: 'plain' },
]
const names = (key: string, isFalling = false): readonly string[] =>
  sorted(rows, columns, { key, isFalling }).map(({ name }) => name)

test('rows are sorted by names as people count, and by numbers; equal ones keep their order', () => {
  assert.deepEqual(names('name'), ['Q1', 'q2', 'q10'])
  assert.deepEqual(names('ready'), ['q10', 'q2', 'Q1'])
  assert.deepEqual(names('ready', true), ['q2', 'Q1', 'q10'])
})

test('a column that cannot be sorted by changes no order', () => {
  assert.deepEqual(names('plain'), ['q10', 'q2', 'Q1'])
  assert.equal(sorted(rows, columns, undefined), rows)
})

test('keys move within the table and not beyond it', () => {
  const moves = ['ArrowDown', 'ArrowUp', 'PageDown', 'PageUp', 'Home', 'End', 'x', 'constructor']
  assert.deepEqual(
    moves.map((key) => movedTo(key, 5, 12)),
    [6, 4, 11, 0, 0, 11, undefined, undefined],
  )
  assert.equal(movedTo('ArrowDown', 11, 12), 11)
  assert.equal(movedTo('ArrowUp', 0, 12), 0)
})
