import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteReader, ByteWriter, readContentType, writeContentType } from './bytes.ts'

const fields = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant('u8' as const), value: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant('u16' as const), value: fc.integer({ min: 0, max: 65_535 }) }),
    fc.record({
      kind: fc.constant('u32' as const),
      value: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    }),
    fc.record({ kind: fc.constant('f64' as const), value: fc.double({ noNaN: true }) }),
    fc.record({
      kind: fc.constantFrom('text8' as const, 'text16' as const, 'text32' as const),
      value: fc
        .string({ unit: 'grapheme', maxLength: 20 })
        .filter((s) => Buffer.byteLength(s) < 256),
    }),
    fc.record({
      kind: fc.constant('text' as const),
      value: fc.string({ unit: 'grapheme', maxLength: 400 }),
    }),
    fc.record({ kind: fc.constant('bytes32' as const), value: fc.uint8Array({ maxLength: 300 }) }),
  ),
  { maxLength: 40 },
)

type Field = typeof fields extends fc.Arbitrary<(infer F)[]> ? F : never

function write(writer: ByteWriter, field: Field): void {
  switch (field.kind) {
    case 'bytes32':
      writer.bytes32(field.value)
      break
    case 'text':
    case 'text8':
    case 'text16':
    case 'text32':
      writer[field.kind](field.value)
      break
    default:
      writer[field.kind](field.value)
  }
}

test('whatever is written is read back, however often the buffer had to grow', () => {
  fc.assert(
    fc.property(fields, fc.integer({ min: 0, max: 64 }), (written, capacity) => {
      const writer = new ByteWriter(capacity)
      for (const field of written) write(writer, field)
      const reader = new ByteReader(writer.taken())
      for (const { kind, value } of written) {
        const read = reader[kind]()
        if (kind === 'bytes32') assert.deepEqual([...(read as Buffer)], [...value])
        else assert.equal(read, value)
      }
      assert.equal(reader.at, reader.end)
    }),
  )
})

test('reading past the end is refused, wherever the bytes were cut', () => {
  const writer = new ByteWriter(16)
  writer.u32(7)
  writer.text16('a text of some length')
  writer.f64(1.5)
  writer.bytes32(new Uint8Array(9))
  const whole = writer.taken()
  for (let cut = 0; cut < whole.length; cut++) {
    const reader = new ByteReader(whole.subarray(0, cut))
    assert.throws(
      () => {
        reader.u32()
        reader.text16()
        reader.f64()
        reader.bytes32()
      },
      RangeError,
      `cut at ${cut}`,
    )
  }
})

test('a reader stays within its bounds though the buffer goes on behind them', () => {
  const reader = new ByteReader(Buffer.from([1, 2, 3, 4, 5]), 1, 3)
  assert.equal(reader.u16(), 0x0302)
  assert.throws(() => reader.u8(), RangeError)
})

test('a text of the most bytes of three-byte letters fits its one-byte length', () => {
  const writer = new ByteWriter(1)
  writer.text8('€'.repeat(85))
  assert.equal(new ByteReader(writer.taken()).text8(), '€'.repeat(85))
})

test('a text of any length has one byte of length, or five', () => {
  for (const [length, bytes] of [
    [0, 1],
    [84, 85],
    [254, 255],
    [255, 260],
    [70_000, 70_005],
  ] as const) {
    const writer = new ByteWriter(1)
    writer.text('x'.repeat(length))
    assert.equal(writer.length, bytes)
    assert.equal(new ByteReader(writer.taken()).text(), 'x'.repeat(length))
  }
})

test('known content types take one byte, others are spelled out, and all come back', () => {
  for (const [contentType, bytes] of [
    ['application/json', 1],
    ['', 1],
    ['text/plain; charset=utf-8', 1],
    ['image/png', 11],
  ] as const) {
    const writer = new ByteWriter(4)
    writeContentType(writer, contentType)
    assert.equal(writer.length, bytes, contentType)
    assert.equal(readContentType(new ByteReader(writer.taken())), contentType)
  }
})

test('a content type of a number that nobody wrote is refused', () => {
  assert.throws(() => readContentType(new ByteReader(Buffer.from([77]))), /content type 77/)
})
