/*
 * Little-endian reading and writing of records and of frames on the wire, without an object per field.
 * A text is its UTF-8 length (u8, u16 or u32) and its bytes; `bytes32` likewise. `text` takes any
 * length: one byte of it, or 255 and a u32.
 */

import { Buffer } from 'node:buffer'

/** In place of a length of one byte: a u32 follows. */
const longText = 255

/** Writes into a buffer that grows; `length` is what was written so far. */
export class ByteWriter {
  buffer: Buffer
  view: DataView
  length = 0

  constructor(capacity: number) {
    this.buffer = Buffer.allocUnsafeSlow(capacity)
    this.view = new DataView(this.buffer.buffer)
  }

  /** Makes room for that many further bytes. */
  ensure(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return
    const larger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, this.length + bytes))
    this.buffer.copy(larger, 0, 0, this.length)
    this.buffer = larger
    this.view = new DataView(larger.buffer)
  }

  u8(value: number): void {
    this.ensure(1)
    this.buffer[this.length++] = value
  }

  u16(value: number): void {
    this.ensure(2)
    this.view.setUint16(this.length, value, true)
    this.length += 2
  }

  u32(value: number): void {
    this.ensure(4)
    this.view.setUint32(this.length, value, true)
    this.length += 4
  }

  f64(value: number): void {
    this.ensure(8)
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }

  text8(value: string): void {
    this.ensure(1 + value.length * 3)
    const written = this.buffer.write(value, this.length + 1)
    this.buffer[this.length] = written
    this.length += 1 + written
  }

  text16(value: string): void {
    this.ensure(2 + value.length * 3)
    const written = this.buffer.write(value, this.length + 2)
    this.view.setUint16(this.length, written, true)
    this.length += 2 + written
  }

  text32(value: string): void {
    this.ensure(4 + value.length * 3)
    const written = this.buffer.write(value, this.length + 4)
    this.view.setUint32(this.length, written, true)
    this.length += 4 + written
  }

  text(value: string): void {
    const { length } = value
    this.ensure(5 + length * 3)
    if (length * 3 < longText) {
      const written = this.buffer.write(value, this.length + 1)
      this.buffer[this.length] = written
      this.length += 1 + written
      return
    }
    const bytes = Buffer.byteLength(value)
    if (bytes >= longText) {
      this.u8(longText)
      this.u32(bytes)
    } else this.u8(bytes)
    this.length += this.buffer.write(value, this.length)
  }

  bytes32(value: Uint8Array): void {
    this.u32(value.length)
    this.raw(value)
  }

  raw(value: Uint8Array): void {
    this.ensure(value.length)
    this.buffer.set(value, this.length)
    this.length += value.length
  }

  taken(): Buffer {
    return this.buffer.subarray(0, this.length)
  }
}

/** Reads what ByteWriter wrote. Reading past the end throws a RangeError. */
export class ByteReader {
  readonly buffer: Buffer
  readonly view: DataView
  at: number
  /** Where what is to be read ends; the bytes may go on. */
  end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.at = at
    this.end = end
  }

  #advance(bytes: number): number {
    const from = this.at
    if (from + bytes > this.end)
      throw new RangeError(`record ends ${from + bytes - this.end} bytes early`)
    this.at = from + bytes
    return from
  }

  u8(): number {
    return this.buffer[this.#advance(1)] as number
  }

  u16(): number {
    return this.view.getUint16(this.#advance(2), true)
  }

  u32(): number {
    return this.view.getUint32(this.#advance(4), true)
  }

  f64(): number {
    return this.view.getFloat64(this.#advance(8), true)
  }

  text8(): string {
    return this.#text(this.u8())
  }

  text16(): string {
    return this.#text(this.u16())
  }

  text32(): string {
    return this.#text(this.u32())
  }

  text(): string {
    const length = this.u8()
    return this.#text(length === longText ? this.u32() : length)
  }

  /** A view of the bytes, not a copy. */
  bytes32(): Buffer {
    const length = this.u32()
    const from = this.#advance(length)
    return this.buffer.subarray(from, from + length)
  }

  /** A copy of the bytes: it keeps nothing else alive. */
  copied32(): Buffer {
    const length = this.u32()
    const from = this.#advance(length)
    const copy = Buffer.allocUnsafe(length)
    this.buffer.copy(copy, 0, from, from + length)
    return copy
  }

  /** That many bytes as they are: a view, not a copy. */
  raw(length: number): Buffer {
    const from = this.#advance(length)
    return this.buffer.subarray(from, from + length)
  }

  #text(length: number): string {
    const from = this.#advance(length)
    return this.buffer.toString('utf8', from, from + length)
  }
}

/** Content types that are stored as one byte; any other is stored in full. */
const knownContentTypes = [
  'application/json',
  'application/octet-stream',
  'text/plain; charset=utf-8',
  'application/msgpack',
  'application/avro',
  '',
]
const spelledOut = 255

export function writeContentType(writer: ByteWriter, contentType: string): void {
  const known = knownContentTypes.indexOf(contentType)
  writer.u8(known === -1 ? spelledOut : known)
  if (known === -1) writer.text8(contentType)
}

export function readContentType(reader: ByteReader): string {
  const known = reader.u8()
  if (known === spelledOut) return reader.text8()
  const contentType = knownContentTypes[known]
  if (contentType === undefined) throw new RangeError(`content type ${known} is not known`)
  return contentType
}
