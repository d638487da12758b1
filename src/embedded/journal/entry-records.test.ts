import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyPosition, anyQueueNumber } from '../../../test/embedded/arbitraries.ts'
import { ByteReader, ByteWriter } from '../../bytes.ts'
import { readPositions, readRequeue, writePositions, writeRequeue } from './entry-records.ts'

function positionsRead(queueNumber: number, positions: readonly number[]) {
  const writer = new ByteWriter(8)
  writePositions(writer, queueNumber, positions)
  const bytes = writer.taken()
  const record = readPositions(new ByteReader(bytes))
  const read = record.runs.flatMap(({ first, count }) =>
    Array.from({ length: count }, (_, n) => first + n),
  )
  return { bytes: bytes.length, queueNumber: record.queueNumber, read }
}

test('positions come back in their order, whether they follow each other or not', () => {
  const anyPositions = fc.uniqueArray(fc.oneof(fc.integer({ min: 1, max: 60 }), anyPosition))
  fc.assert(
    fc.property(anyQueueNumber, anyPositions, (queueNumber, positions) => {
      const found = positionsRead(queueNumber, positions)
      assert.deepEqual(found.read, positions)
      assert.equal(found.queueNumber, queueNumber)
    }),
  )
})

test('positions that follow each other take one run, however many', () => {
  const positions = Array.from({ length: 1_000 }, (_, n) => 5_000 + n)
  const found = positionsRead(1, positions)
  assert.deepEqual(found.read, positions)
  assert.equal(found.bytes, 8 + 12)
})

test('what goes back to its queue keeps its position, its time and whether it counts', () => {
  fc.assert(
    fc.property(anyQueueNumber, anyPosition, fc.nat(), fc.boolean(), (queue, at, ms, excused) => {
      const writer = new ByteWriter(8)
      writeRequeue(writer, queue, at, ms, excused)
      assert.deepEqual(readRequeue(new ByteReader(writer.taken())), {
        queueNumber: queue,
        position: at,
        availableAtMs: ms,
        excused,
      })
    }),
  )
})
