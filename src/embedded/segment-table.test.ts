import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SegmentTable } from './segment-table.ts'

const live = (table: SegmentTable) =>
  table.all().map(({ segment, live, liveBytes }) => [segment, live, liveBytes])

test('a segment counts what is alive in it', () => {
  const table = new SegmentTable()
  table.hold(3, 100)
  table.hold(1, 10)
  table.hold(3, 50)
  assert.deepEqual(live(table), [
    [1, 1, 10],
    [3, 2, 150],
  ])
  table.release(3, 100)
  table.release(1, 10)
  assert.deepEqual(live(table), [
    [1, 0, 0],
    [3, 1, 50],
  ])
})

test('segments are listed oldest first', () => {
  const table = new SegmentTable()
  for (const segment of [7, 2, 100, 11]) table.use(segment)
  assert.deepEqual(
    table.all().map(({ segment }) => segment),
    [2, 7, 11, 100],
  )
})

test('the end of a segment is unknown until the next one was begun', () => {
  const table = new SegmentTable()
  assert.equal(table.use(1).lastLsn, Number.POSITIVE_INFINITY)
  table.use(1).lastLsn = 40
  assert.equal(table.use(1).lastLsn, 40)
})

test('a segment that was removed starts anew', () => {
  const table = new SegmentTable()
  table.hold(1, 10)
  table.delete(1)
  assert.deepEqual(live(table), [])
  table.hold(1, 5)
  assert.deepEqual(live(table), [[1, 1, 5]])
})
