import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyMessage, anyPosition, anyQueueNumber } from '../../../test/embedded/arbitraries.ts'
import { ByteReader, ByteWriter } from '../../bytes.ts'
import { storedId } from '../stored-message.ts'
import { writeAccept } from './accept-record.ts'
import { readMove, writeMoveHead } from './move-record.ts'
import { frameBytes, recordTypes, sealFrame } from './record.ts'

const anyHead = fc.record(
  {
    queueNumber: anyQueueNumber,
    position: anyPosition,
    attempts: fc.integer({ min: 0, max: 65_535 }),
    excused: fc.integer({ min: 0, max: 65_535 }),
    availableAtMs: fc.integer({ min: 0, max: 2 ** 45 }),
  },
  { noNullPrototype: true },
)

test('a message moved by compaction keeps its place, its attempts and its bytes', () => {
  fc.assert(
    fc.property(anyHead, anyMessage, fc.nat(), (head, message, acceptedAtMs) => {
      const writer = new ByteWriter(64)
      writeMoveHead(writer, head)
      writeAccept(writer, message, acceptedAtMs, [])
      const { accepted, ...read } = readMove(new ByteReader(writer.taken()))
      assert.deepEqual(read, head)
      assert.equal(accepted.acceptedAtMs, acceptedAtMs)
      assert.deepEqual([...accepted.message.body], [...message.body])
      assert.deepEqual({ ...accepted.message, body: 0 }, { ...message, body: 0 })
    }),
  )
})

test('the id of a moved message is read alone', () => {
  fc.assert(
    fc.property(anyHead, anyMessage, (head, message) => {
      const writer = new ByteWriter(64)
      writer.length = frameBytes
      writeMoveHead(writer, head)
      writeAccept(writer, message, 1, [])
      sealFrame(writer.buffer, writer.view, 0, writer.length, recordTypes.move, 1, 0)
      assert.equal(storedId(writer.taken()), message.id)
    }),
  )
})

test('more attempts than two bytes hold leave as many that count against the limit', () => {
  const writer = new ByteWriter(64)
  const head = { queueNumber: 1, position: 1, availableAtMs: 0 }
  writeMoveHead(writer, { ...head, attempts: 70_000, excused: 69_998 })
  const [message] = fc.sample(anyMessage, { numRuns: 1, seed: 1 })
  assert.ok(message)
  writeAccept(writer, message, 1, [])
  const { attempts, excused } = readMove(new ByteReader(writer.taken()))
  assert.deepEqual({ attempts, excused }, { attempts: 65_535, excused: 65_533 })
})
