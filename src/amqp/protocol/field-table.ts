/*
 * Field tables in RabbitMQ's dialect (AMQP 0-9-1 §4.2.5.5 and its errata).
 *
 *   table   length u32 │ (name shortstr │ value)*          value   type octet │ …
 *
 *   t bool   b i8   B u8   s i16   u u16   I i32   i u32   l, L i64   f float   d double
 *   D decimal: scale u8, digits u32   S long string   x bytes   A array   T seconds u64   F table   V void
 *
 * A decoded table is values without wire types: routing and arguments compare by value. Where a table
 * is rewritten and must keep its types, its bytes are spliced instead (table-splice.ts). "Table bytes"
 * are the fields without the length in front. The first of several fields of one name counts.
 */

import type { Buffer } from 'node:buffer'
import type { HeaderTable, HeaderValue } from '../../embedded/routing/header-value.ts'
import { frameError } from './amqp-error.ts'
import { ByteWriter } from './byte-writer.ts'
import { fieldDepthMax, fieldType } from './field-type.ts'
import { looseText, utf8Text, WireReader } from './wire-reader.ts'

const int32Min = -(2 ** 31)
const int32Max = 2 ** 31 - 1
const int64Min = -(2n ** 63n)
const int64Max = 2n ** 63n - 1n

/** Reads table bytes. */
export const decodeTable = (bytes: Uint8Array, from = 0, end = bytes.length): HeaderTable =>
  readFields(new WireReader(bytes, from, end), 1)

/** Makes table bytes. */
export function encodeTable(table: HeaderTable): Buffer {
  const writer = new ByteWriter()
  writeFields(writer, table)
  return writer.take()
}

/** Length and fields. */
export const readTable = (reader: WireReader): HeaderTable => within(reader, 1, readFields)

/** Length and fields. */
export function writeTable(writer: ByteWriter, table: HeaderTable): void {
  const begun = writer.beginLength()
  writeFields(writer, table)
  writer.endLength(begun)
}

/** Type octet and value. */
export const readValue = (reader: WireReader): HeaderValue => valueWithin(reader, 1)

/** Reads what stands between a length of four octets and its end, and nothing beyond. */
export function within<T>(
  reader: WireReader,
  depth: number,
  read: (reader: WireReader, depth: number) => T,
): T {
  if (depth > fieldDepthMax)
    throw frameError(`tables and arrays are nested deeper than ${fieldDepthMax}`)
  const outer = reader.end
  const count = reader.long()
  const from = reader.skip(count)
  reader.at = from
  reader.end = from + count
  const result = read(reader, depth)
  reader.end = outer
  return result
}

function readFields(reader: WireReader, depth: number): HeaderTable {
  const table = new Map<string, HeaderValue>()
  while (reader.at < reader.end) {
    const name = fieldName(reader)
    const value = valueWithin(reader, depth)
    if (!table.has(name)) table.set(name, value)
  }
  return table
}

/** Names of fields may be any bytes, other than names of queues. */
export function fieldName(reader: WireReader): string {
  const count = reader.octet()
  const from = reader.skip(count)
  return looseText(reader.bytes, from, reader.at)
}

function readElements(reader: WireReader, depth: number): readonly HeaderValue[] {
  const values: HeaderValue[] = []
  while (reader.at < reader.end) values.push(valueWithin(reader, depth))
  return values
}

/** `depth` is that of the table or array the value stands in. */
function valueWithin(reader: WireReader, depth: number): HeaderValue {
  const type = reader.octet()
  switch (type) {
    case fieldType.text:
      return textOrBytes(reader)
    case fieldType.bool:
      return reader.octet() !== 0
    case fieldType.nothing:
      return null
    case fieldType.table:
      return within(reader, depth + 1, readFields)
    case fieldType.array:
      return within(reader, depth + 1, readElements)
    case fieldType.bytes:
      return reader.longstr()
    default:
      return numberOf(reader, type)
  }
}

/** A long string is bytes by the specification; one that is no UTF-8 stays bytes. */
function textOrBytes(reader: WireReader): string | Uint8Array {
  const bytes = reader.longstr()
  return utf8Text(bytes, 0, bytes.length) ?? bytes
}

function numberOf(reader: WireReader, type: number): number | bigint {
  const { bytes } = reader
  switch (type) {
    case fieldType.int8:
      return bytes.readInt8(reader.skip(1))
    case fieldType.uint8:
      return reader.octet()
    case fieldType.int16:
      return bytes.readInt16BE(reader.skip(2))
    case fieldType.uint16:
      return reader.short()
    case fieldType.int32:
      return bytes.readInt32BE(reader.skip(4))
    case fieldType.uint32:
      return reader.long()
    case fieldType.int64:
    case fieldType.int64Too:
      return numberIfExact(bytes.readBigInt64BE(reader.skip(8)))
    case fieldType.timestamp:
      return numberIfExact(bytes.readBigUInt64BE(reader.skip(8)))
    case fieldType.float:
      return bytes.readFloatBE(reader.skip(4))
    case fieldType.double:
      return bytes.readDoubleBE(reader.skip(8))
    case fieldType.decimal:
      return decimal(reader)
    default:
      throw frameError(`field type ${type} is not known`)
  }
}

function decimal(reader: WireReader): number {
  const scale = reader.octet()
  return reader.long() / 10 ** scale
}

const numberIfExact = (value: bigint): number | bigint => {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

function writeFields(writer: ByteWriter, table: HeaderTable): void {
  for (const [name, value] of table) {
    writer.shortstr(name)
    writeValue(writer, value)
  }
}

/** Type octet and value. Whole numbers are I or l, other numbers d; bytes are x. */
export function writeValue(writer: ByteWriter, value: HeaderValue): void {
  if (typeof value === 'string') {
    writer.octet(fieldType.text)
    writer.longstr(value)
  } else if (typeof value === 'number') writeNumber(writer, value)
  else if (typeof value === 'bigint') writeBigInt(writer, value)
  else if (typeof value === 'boolean') {
    writer.octet(fieldType.bool)
    writer.octet(value ? 1 : 0)
  } else if (value === null) writer.octet(fieldType.nothing)
  else writeObject(writer, value)
}

function writeObject(writer: ByteWriter, value: HeaderValue & object): void {
  if (value instanceof Uint8Array) {
    writer.octet(fieldType.bytes)
    writer.longstr(value)
  } else if (value instanceof Map) {
    writer.octet(fieldType.table)
    writeTable(writer, value)
  } else writeArray(writer, value as readonly HeaderValue[])
}

function writeArray(writer: ByteWriter, values: readonly HeaderValue[]): void {
  writer.octet(fieldType.array)
  const begun = writer.beginLength()
  for (const value of values) writeValue(writer, value)
  writer.endLength(begun)
}

function writeNumber(writer: ByteWriter, value: number): void {
  const whole = Number.isSafeInteger(value) && !Object.is(value, -0)
  if (!whole) writeDouble(writer, value)
  else if (value < int32Min || value > int32Max) writeBigInt(writer, BigInt(value))
  else {
    writer.octet(fieldType.int32)
    writer.long(value >>> 0)
  }
}

function writeDouble(writer: ByteWriter, value: number): void {
  writer.octet(fieldType.double)
  writer.reserve(8)
  writer.at = writer.bytes.writeDoubleBE(value, writer.at)
}

function writeBigInt(writer: ByteWriter, value: bigint): void {
  // Only a timestamp off the wire can be this large; no signed type holds it.
  if (value < int64Min || value > int64Max) {
    writeDouble(writer, Number(value))
    return
  }
  writer.octet(fieldType.int64)
  writer.reserve(8)
  writer.at = writer.bytes.writeBigInt64BE(value, writer.at)
}
