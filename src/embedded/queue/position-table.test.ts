import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Entry, messageKind } from './entry.ts'
import { PositionTable } from './position-table.ts'

const entryAt = (position: number): Entry =>
  new Entry(position, 0, messageKind, 0, Number.POSITIVE_INFINITY, 1, 0, 0)

const positionsIn = (table: PositionTable): number[] =>
  [...table.values()].map(({ position }) => position).sort((a, b) => a - b)

test('a table of positions is a map of them, whatever comes and goes', () => {
  const position = fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 2 ** 50 }))
  const step = fc.record({ put: fc.boolean(), position })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const table = new PositionTable()
      const model = new Map<number, Entry>()
      for (const { put, position } of steps) {
        const entry = entryAt(position)
        if (put) {
          table.set(entry)
          model.set(position, entry)
        } else {
          table.delete(position)
          model.delete(position)
        }
        assert.equal(table.get(position), model.get(position))
        assert.equal(table.size, model.size)
      }
      assert.deepEqual(
        positionsIn(table),
        [...model.keys()].sort((a, b) => a - b),
      )
    }),
  )
})

test('a table that was large gives its room back and forgets nothing', () => {
  const table = new PositionTable()
  for (let position = 1; position <= 50_000; position++) table.set(entryAt(position))
  for (let position = 1; position <= 49_990; position++) table.delete(position)
  assert.deepEqual(
    positionsIn(table),
    Array.from({ length: 10 }, (_, n) => 49_991 + n),
  )
  for (let position = 49_991; position <= 50_000; position++) assert.ok(table.get(position))
})
