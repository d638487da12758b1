import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { anyTable } from '../../../test/amqp/arbitraries.ts'
import { AmqpError } from './amqp-error.ts'
import { ByteWriter } from './byte-writer.ts'
import { FieldScan } from './field-scan.ts'
import { decodeTable, encodeTable, readTable } from './field-table.ts'
import { WireReader } from './wire-reader.ts'

const bytesOf = (...parts: readonly (string | number | Uint8Array)[]): Buffer =>
  Buffer.concat(
    parts.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part as string))),
  )
/** A table of one field named k. */
const field = (type: string, ...value: readonly (string | number | Uint8Array)[]): Buffer =>
  bytesOf(1, 'k', type, ...value)
const valueIn = (table: Buffer) => decodeTable(table).get('k')
const hex = (text: string) => Buffer.from(text, 'hex')

/** Both ways of going over a table: reading it, and walking its fields. */
function refused(table: Buffer, what = /./): void {
  const walk = (): void => {
    const scan = new FieldScan(table)
    while (scan.next());
  }
  for (const go of [() => decodeTable(table), walk])
    assert.throws(go, (error) => {
      assert.ok(error instanceof AmqpError)
      assert.equal(error.replyCode, 501)
      assert.equal(error.scope, 'connection')
      return what.test(error.message)
    })
}

const nested = (depth: number, type: 'F' | 'A'): Buffer => {
  let bytes: Buffer = Buffer.alloc(0)
  for (let n = 1; n < depth; n++) {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    bytes = bytesOf(...(type === 'F' || n === depth - 1 ? [1, 'k'] : []), type, length, bytes)
  }
  return bytes
}

test('each type of RabbitMQ tables is read', () => {
  assert.equal(valueIn(field('t', 1)), true)
  assert.equal(valueIn(field('t', 2)), true)
  assert.equal(valueIn(field('t', 0)), false)
  assert.equal(valueIn(field('b', 0xff)), -1)
  assert.equal(valueIn(field('B', 0xff)), 255)
  assert.equal(valueIn(field('s', 0xff, 0xfe)), -2)
  assert.equal(valueIn(field('u', 0xff, 0xfe)), 65534)
  assert.equal(valueIn(field('I', hex('fffffffe'))), -2)
  assert.equal(valueIn(field('i', hex('fffffffe'))), 4294967294)
  assert.equal(valueIn(field('l', hex('fffffffffffffffe'))), -2)
  assert.equal(valueIn(field('L', hex('fffffffffffffffe'))), -2)
  assert.equal(valueIn(field('l', hex('7fffffffffffffff'))), 2n ** 63n - 1n)
  assert.equal(valueIn(field('f', hex('3fc00000'))), 1.5)
  assert.equal(valueIn(field('d', hex('3ff8000000000000'))), 1.5)
  assert.equal(valueIn(field('D', 2, hex('0000007b'))), 1.23)
  assert.equal(valueIn(field('S', hex('00000002'), 'hi')), 'hi')
  assert.deepEqual(valueIn(field('x', hex('00000002'), 'hi')), Buffer.from('hi'))
  assert.deepEqual(valueIn(field('A', hex('00000003'), 'b', 5, 'V')), [5, null])
  assert.equal(valueIn(field('T', hex('0000000000000009'))), 9)
  assert.equal(valueIn(field('T', hex('ffffffffffffffff'))), 2n ** 64n - 1n)
  assert.deepEqual(valueIn(field('F', hex('00000003'), 1, 'a', 'V')), new Map([['a', null]]))
  assert.equal(valueIn(field('V')), null)
})

test('a long string that is no UTF-8 stays bytes', () => {
  assert.deepEqual(valueIn(field('S', hex('00000002'), hex('fffe'))), hex('fffe'))
})

test('any table that is written is read back the same', () => {
  const property = fc.property(anyTable, (table) => {
    const bytes = encodeTable(table)
    assert.deepEqual(decodeTable(bytes), table)
    assert.deepEqual(encodeTable(decodeTable(bytes)), bytes)
  })
  fc.assert(property, { numRuns: 500 })
})

test('numbers are written as the narrowest of I, l and d that holds them', () => {
  const typeOf = (value: number | bigint) =>
    String.fromCharCode(encodeTable(new Map([['k', value]]))[2] as number)
  for (const value of [0, -1, 2 ** 31 - 1, -(2 ** 31)]) assert.equal(typeOf(value), 'I')
  for (const value of [2 ** 31, -(2 ** 31) - 1, 2n ** 62n, 5n]) assert.equal(typeOf(value), 'l')
  for (const value of [1.5, -0, 2 ** 53, Number.NaN, 2n ** 64n]) assert.equal(typeOf(value), 'd')
})

test('of two fields of one name the first counts', () => {
  assert.equal(valueIn(bytesOf(field('b', 1), field('b', 2))), 1)
})

test('names from the wire are no properties of objects', () => {
  const table = decodeTable(bytesOf(9, '__proto__', 'V'))
  assert.deepEqual([...table.keys()], ['__proto__'])
})

test('an unknown type is refused with 501', () => {
  for (const type of ['y', 'G', '\0']) refused(field(type, hex('0000000000000000')), /not known/)
})

test('a table cut anywhere within a field is refused with 501', () => {
  const whole = bytesOf(
    field('S', hex('00000002'), 'hi'),
    field('A', hex('0000000a'), 'l', hex('0000000000000001'), 'V'),
    field('F', hex('00000003'), 1, 'a', 'V'),
    field('D', 1, hex('00000001')),
  )
  const ends = [0]
  const scan = new FieldScan(whole)
  while (scan.next()) ends.push(scan.end)
  for (let end = 0; end < whole.length; end++)
    if (!ends.includes(end)) refused(whole.subarray(0, end), /runs over/)
})

test('what is nested may not run over the end of what it stands in', () => {
  refused(field('F', hex('00000002'), 1, 'a', 'V'), /runs over/)
  refused(field('A', hex('00000001'), 'I', hex('00000001')), /runs over/)
})

test('a declared length of 4 GiB is refused and nothing is allocated for it', () => {
  for (const type of ['S', 'x', 'A', 'F']) refused(field(type, hex('ffffffff')), /runs over/)
  const reader = new WireReader(hex('ffffffff'))
  assert.throws(() => readTable(reader), /runs over/)
})

test('tables and arrays are nested 32 deep and no deeper', () => {
  for (const type of ['F', 'A'] as const) {
    assert.equal(decodeTable(nested(32, type)).size, 1)
    refused(nested(33, type), /nested deeper than 32/)
  }
})

test('a whole frame of the smallest fields is read without harm', () => {
  const writer = new ByteWriter()
  for (let n = 0; n < 43_000; n++) writer.raw(bytesOf(1, n % 256, 'V'))
  assert.equal(decodeTable(writer.take()).size, 256)
  const array = field('A', hex('0001fff0'), Buffer.alloc(0x1fff0, 'V'))
  assert.equal((valueIn(array) as readonly unknown[]).length, 0x1fff0)
})
