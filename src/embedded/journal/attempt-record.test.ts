import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader, ByteWriter } from '../../bytes.ts'
import { type AttemptRecord, attemptEnds, readAttempt, writeAttempt } from './attempt-record.ts'

const anyTime = fc.double({ min: 0, max: 1e15, noNaN: true })
const anyText = fc.string({ unit: 'grapheme', maxLength: 60 })

const anyAttempt: fc.Arbitrary<AttemptRecord> = fc.record({
  id: anyText,
  callback: anyText,
  number: fc.integer({ min: 1, max: 65_535 }),
  end: fc.constantFrom(...attemptEnds),
  deliveredAtMs: anyTime,
  endedAtMs: anyTime,
  retryAtMs: anyTime,
  consumer: anyText,
  code: fc.string({ maxLength: 60 }),
  error: fc.uint8Array({ maxLength: 300 }),
})

const written = (attempt: AttemptRecord): Buffer => {
  const writer = new ByteWriter(16)
  writeAttempt(writer, attempt)
  return writer.taken()
}

const plain = (attempt: AttemptRecord) => ({ ...attempt, error: [...attempt.error] })

test('an attempt comes back as it was written', () => {
  fc.assert(
    fc.property(anyAttempt, (attempt) => {
      const reader = new ByteReader(written(attempt))
      assert.deepEqual(plain(readAttempt(reader)), plain(attempt))
      assert.equal(reader.at, reader.end)
    }),
  )
})

test('an attempt that is cut short, or ends in a way that nobody wrote, is refused', () => {
  const [attempt] = fc.sample(anyAttempt, { numRuns: 1, seed: 7 })
  assert.ok(attempt)
  const bytes = written({ ...attempt, id: '', callback: '' })
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readAttempt(new ByteReader(bytes.subarray(0, length))), RangeError)
  }
  bytes[2 + 2 + 2] = 99
  assert.throws(() => readAttempt(new ByteReader(bytes)), /end 99/)
})

test('an attempt of a higher number than two bytes hold is kept under the highest', () => {
  const [attempt] = fc.sample(anyAttempt, { numRuns: 1, seed: 7 })
  assert.ok(attempt)
  const read = readAttempt(new ByteReader(written({ ...attempt, number: 70_000 })))
  assert.equal(read.number, 65_535)
})
