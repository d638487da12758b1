import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteWriter } from './byte-writer.ts'
import { looseText } from './wire-reader.ts'

test('bytes that were handed over never change, whatever is written later', () => {
  const takes = fc.array(fc.array(fc.uint8Array({ maxLength: 3000 }), { maxLength: 5 }))
  const property = fc.property(takes, (batches) => {
    const writer = new ByteWriter()
    const taken = batches.map((pieces) => {
      for (const piece of pieces) writer.raw(piece)
      assert.equal(writer.length, Buffer.concat(pieces).length)
      return writer.take()
    })
    for (const [n, pieces] of batches.entries()) assert.deepEqual(taken[n], Buffer.concat(pieces))
    assert.equal(writer.length, 0)
  })
  fc.assert(property, { numRuns: 200 })
})

test('small takes share a buffer; after a burst a small take lets the large one go', () => {
  const writer = new ByteWriter()
  const small = (): ArrayBufferLike => {
    writer.long(7)
    return writer.take().buffer
  }
  small()
  assert.equal(small(), small())
  writer.raw(new Uint8Array(300_000))
  writer.take()
  small()
  assert.ok(writer.bytes.length <= 4096)
})

test('a length is filled in after its contents, also when the buffer grew meanwhile', () => {
  const writer = new ByteWriter()
  writer.octet(1)
  writer.take()
  writer.octet(2)
  const begun = writer.beginLength()
  writer.raw(new Uint8Array(5000))
  writer.endLength(begun)
  const taken = writer.take()
  assert.equal(taken.readUInt32BE(1), 5000)
  assert.equal(taken.length, 5005)
})

test('a long string is written as text or bytes, with its length in bytes', () => {
  const writer = new ByteWriter()
  writer.longstr('é')
  writer.longstr(Uint8Array.of(1, 2))
  assert.deepEqual([...writer.take()], [0, 0, 0, 2, 0xc3, 0xa9, 0, 0, 0, 2, 1, 2])
})

test('a short string of any bytes is read and written back the same', () => {
  const property = fc.property(fc.uint8Array({ maxLength: 255 }), (bytes) => {
    const writer = new ByteWriter()
    writer.shortstr(looseText(Buffer.from(bytes), 0, bytes.length))
    assert.deepEqual([...writer.take()], [bytes.length, ...bytes])
  })
  fc.assert(property, { numRuns: 500 })
})

test('our own short strings of more than 255 bytes are a wrong state', () => {
  const writer = new ByteWriter()
  assert.throws(() => writer.shortstr('x'.repeat(256)), /wrong state/)
  assert.throws(() => writer.shortstr('é'.repeat(128)), /wrong state/)
})
