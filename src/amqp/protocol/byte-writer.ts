/*
 * Bytes that are being written, in one Buffer that grows.
 *
 *   bytes   ┌── handed over ──┬── pending ──┬── room ──┐
 *           0               from            at         length
 *
 * Rule: bytes that were handed over are not written again, so whoever took them may keep them, unless
 * it says by `rewind` that it does not: then the Buffer serves once more from its start.
 * What follows them in the same Buffer serves the next writes, so many small takes share an
 * allocation. A take that leaves less room than it was long ends the Buffer, and the next one begins
 * large enough for another such take. After a burst, the first small take lets a large Buffer go:
 * idle connections hold next to nothing.
 *
 * `bytes` and `at` are open to hot paths: make room first, then write, then move `at`.
 */

import { Buffer } from 'node:buffer'
import { assert } from '../../assert.ts'
import { shortStringBytesMax } from './wire.ts'

const bufferBytesMin = 512
/** Up to here a Buffer is kept for the next writes, however small the take was. */
const keptBytesMax = 4096
/** Largest Buffer that is made before anybody asks for so much. */
const nextBytesMax = 256 * 1024
const empty = Buffer.alloc(0)
const two32 = 2 ** 32

export class ByteWriter {
  bytes: Buffer = empty
  /** Where the next byte goes. */
  at = 0
  /** Where the bytes begin that nobody took yet. */
  #from = 0
  /** Size of the next Buffer, if no more is needed. */
  #nextBytes = bufferBytesMin
  /** The Buffer of the last take, when that ended it. */
  #last: Buffer | undefined

  /** Bytes waiting to be taken. */
  get length(): number {
    return this.at - this.#from
  }

  /** Makes sure that so many bytes can be written at `at`. */
  reserve(count: number): void {
    if (this.at + count > this.bytes.length) this.#grow(count)
  }

  /** Hands over what was written since the last take. */
  take(): Buffer {
    const { bytes, at } = this
    const taken = bytes.subarray(this.#from, at)
    const room = bytes.length - at
    const burstIsOver = bytes.length > keptBytesMax && taken.length * 16 < bytes.length
    this.#last = burstIsOver ? undefined : bytes
    if (room < taken.length || burstIsOver) this.#release(taken.length)
    else this.#from = at
    return taken
  }

  /** Whoever took the bytes last, and all before, is done with them. */
  rewind(): void {
    if (this.#last === undefined || this.length > 0) return
    this.bytes = this.#last
    this.at = 0
    this.#from = 0
  }

  octet(value: number): void {
    this.reserve(1)
    this.bytes[this.at++] = value
  }

  short(value: number): void {
    this.reserve(2)
    this.at = this.bytes.writeUInt16BE(value, this.at)
  }

  long(value: number): void {
    this.reserve(4)
    this.at = this.bytes.writeUInt32BE(value, this.at)
  }

  /** A whole number from 0 that a double holds exactly. */
  longlong(value: number): void {
    this.long(Math.min(Math.floor(value / two32), two32 - 1))
    this.long(value % two32)
  }

  shortstr(text: string): void {
    this.reserve(1 + shortStringBytesMax)
    this.at = writeShortString(this.bytes, this.at, text)
  }

  longstr(value: string | Uint8Array): void {
    if (typeof value !== 'string') {
      this.long(value.length)
      this.raw(value)
      return
    }
    const count = Buffer.byteLength(value)
    this.long(count)
    this.reserve(count)
    this.at += this.bytes.write(value, this.at, count)
  }

  raw(value: Uint8Array): void {
    this.reserve(value.length)
    this.bytes.set(value, this.at)
    this.at += value.length
  }

  /** Leaves room for a length of four octets, to be filled in by {@link endLength}. */
  beginLength(): number {
    this.long(0)
    return this.length
  }

  /** Counts what was written since. Positions are relative: the Buffer may have grown. */
  endLength(begun: number): void {
    const from = this.#from + begun
    this.bytes.writeUInt32BE(this.at - from, from - 4)
  }

  #release(takenBytes: number): void {
    const shared = Math.min(this.bytes.length * 2, keptBytesMax)
    this.#nextBytes = Math.max(Math.min(takenBytes * 1.25, nextBytesMax) >>> 0, shared)
    this.bytes = empty
    this.at = 0
    this.#from = 0
  }

  #grow(count: number): void {
    const { length } = this
    this.#last = undefined
    // Twice what is pending, so that copying is paid for by the writes before.
    const grown = Buffer.allocUnsafe(Math.max(length + count, length * 2, this.#nextBytes))
    this.bytes.copy(grown, 0, this.#from, this.at)
    this.bytes = grown
    this.at = length
    this.#from = 0
  }
}

/** Writes the length octet and the text at `at`, where 256 octets must be free. Where it ends. */
export function writeShortString(bytes: Buffer, at: number, text: string): number {
  const { length } = text
  assert(length <= shortStringBytesMax, 'a short string is longer than 255 bytes')
  for (let n = 0; n < length; n++) {
    const code = text.charCodeAt(n)
    if (code > 0x7f) return writeWideText(bytes, at, text)
    bytes[at + 1 + n] = code
  }
  bytes[at] = length
  return at + 1 + length
}

function writeWideText(bytes: Buffer, at: number, text: string): number {
  const encoded = text.isWellFormed() ? Buffer.from(text) : unescapedBytes(text)
  const count = encoded.length
  assert(count <= shortStringBytesMax, 'a short string is longer than 255 bytes')
  bytes[at] = count
  bytes.set(encoded, at + 1)
  return at + 1 + count
}

/** Of a text that was read from bytes that are no UTF-8: each lone surrogate is an octet. */
function unescapedBytes(text: string): Buffer {
  const parts = Array.from(text, (char) => {
    const code = char.codePointAt(0) as number
    return code >= 0xdc80 && code <= 0xdcff ? Buffer.of(code & 0xff) : Buffer.from(char)
  })
  return Buffer.concat(parts)
}
