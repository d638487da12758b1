import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  anyAccepted,
  anyOnward,
  anyOutcome,
  anyPosition,
  anyQueueNumber,
} from '../../../test/embedded/arbitraries.ts'
import { ByteReader, ByteWriter } from '../../bytes.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { type AcceptRecord, writeAccept } from './accept-record.ts'
import { attemptEnds } from './attempt-record.ts'
import { type FinalExtras, type FinalStory, readFinal, writeFinal } from './final-record.ts'

const plain = (outcome: StoredOutcome) => ({ ...outcome, body: [...outcome.body] })

function acceptPayload({ message, acceptedAtMs }: AcceptRecord): Uint8Array {
  const writer = new ByteWriter(64)
  writeAccept(writer, message, acceptedAtMs, [])
  return writer.taken()
}

const anyStory: fc.Arbitrary<FinalStory | undefined> = fc.option(
  fc.record({
    attempt: fc.option(
      fc.record({
        end: fc.constantFrom(...attemptEnds),
        deliveredAtMs: fc.double({ min: 0, max: 1e15, noNaN: true }),
        consumer: fc.uint8Array({ maxLength: 40 }),
      }),
      { nil: undefined },
    ),
    parentId: fc.option(fc.string(), { nil: undefined }),
    replayOf: fc.option(fc.string(), { nil: undefined }),
  }),
  { nil: undefined },
)

const plainStory = (story: FinalStory | undefined) =>
  story && {
    ...story,
    attempt: story.attempt && { ...story.attempt, consumer: [...story.attempt.consumer] },
  }

function writtenAndRead(outcome: StoredOutcome, extras: FinalExtras | undefined) {
  const writer = new ByteWriter(64)
  writeFinal(writer, 3, 9, outcome, extras)
  const reader = new ByteReader(writer.taken())
  const read = readFinal(reader)
  assert.equal(reader.at, reader.end)
  return read
}

test('an outcome comes back as it was written, with the place that its message had', () => {
  fc.assert(
    fc.property(anyQueueNumber, anyPosition, anyOutcome, (queueNumber, position, outcome) => {
      const writer = new ByteWriter(64)
      writeFinal(writer, queueNumber, position, outcome, undefined)
      const read = readFinal(new ByteReader(writer.taken()))
      assert.deepEqual(plain(read.outcome), plain(outcome))
      assert.equal(read.queueNumber, queueNumber)
      assert.equal(read.position, position)
      assert.equal(read.accepted, undefined)
      assert.equal(read.deadLetter, false)
      assert.deepEqual(read.onward, [])
    }),
  )
})

test('a dead letter and what goes onward come back with the message, byte for byte', () => {
  fc.assert(
    fc.property(
      anyOutcome,
      anyAccepted,
      fc.boolean(),
      fc.array(anyOnward, { maxLength: 4 }),
      anyStory,
      (outcome, accepted, deadLetter, onward, story) => {
        const extras = {
          acceptPayload: acceptPayload(accepted),
          deadLetter,
          onward,
          story,
        }
        const read = writtenAndRead(outcome, extras)
        assert.deepEqual(plain(read.outcome), plain(outcome))
        assert.equal(read.deadLetter, deadLetter)
        assert.deepEqual(read.onward, onward)
        assert.deepEqual(plainStory(read.story), plainStory(story))
        assert.ok(read.accepted)
        assert.deepEqual(acceptPayload(read.accepted), extras.acceptPayload)
      },
    ),
  )
})

test('attempts beyond what two bytes hold are kept as the most they hold, never as few', () => {
  const [outcome] = fc.sample(anyOutcome, { numRuns: 1, seed: 1 })
  assert.ok(outcome)
  assert.equal(writtenAndRead({ ...outcome, attempts: 65_536 }, undefined).outcome.attempts, 65_535)
})

test('an outcome code of a number that nobody wrote is refused', () => {
  const [outcome] = fc.sample(anyOutcome, { numRuns: 1, seed: 1 })
  assert.ok(outcome)
  const writer = new ByteWriter(64)
  writeFinal(writer, 1, 1, { ...outcome, id: '', queue: '', code: 'ok' }, undefined)
  const codeAt = 1 + 4 + 8 + 2 + 8 + 8 + 2 + 1
  writer.buffer[codeAt] = 99
  assert.throws(() => readFinal(new ByteReader(writer.taken())), /outcome code 99/)
})
