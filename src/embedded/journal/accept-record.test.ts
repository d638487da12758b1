import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyMessage, anyPosition, anyQueueNumber } from '../../../test/embedded/arbitraries.ts'
import { ByteReader, ByteWriter } from '../../bytes.ts'
import { acceptedId, readAccept, writeAccept } from './accept-record.ts'

const anyEntry = fc.record(
  { queueNumber: anyQueueNumber, position: anyPosition, delivered: fc.boolean() },
  { noNullPrototype: true },
)
const anyEntries = fc.array(anyEntry, { maxLength: 5 })

test('a message and its places in queues come back as they were written', () => {
  fc.assert(
    fc.property(anyMessage, fc.nat(), anyEntries, (message, acceptedAtMs, entries) => {
      const writer = new ByteWriter(64)
      writeAccept(writer, message, acceptedAtMs, entries)
      const reader = new ByteReader(writer.taken())
      const read = readAccept(reader)
      assert.equal(reader.at, reader.end)
      assert.deepEqual(
        { ...read, message: { ...read.message, body: new Uint8Array(read.message.body) } },
        { message: { ...message, body: new Uint8Array(message.body) }, acceptedAtMs, entries },
      )
    }),
  )
})

test('the id is read alone, wherever the record stands and whatever comes before the id', () => {
  fc.assert(
    fc.property(anyMessage, anyEntries, fc.nat(40), (message, entries, before) => {
      const writer = new ByteWriter(64)
      writer.raw(new Uint8Array(before))
      writeAccept(writer, message, 1, entries)
      assert.equal(acceptedId(writer.taken(), before), message.id)
    }),
  )
})

test('a message for 255 queues keeps them all', () => {
  const entries = Array.from({ length: 255 }, (_, n) => ({
    queueNumber: n + 1,
    position: n * 1_000,
    delivered: n % 2 === 0,
  }))
  const [message] = fc.sample(anyMessage, { numRuns: 1, seed: 1 })
  assert.ok(message)
  const writer = new ByteWriter(64)
  writeAccept(writer, message, 1, entries)
  assert.deepEqual(readAccept(new ByteReader(writer.taken())).entries, entries)
})
