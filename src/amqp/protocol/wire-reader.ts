/*
 * Reads the elements of AMQP methods, properties and tables from received bytes.
 *
 * Rule: no declared length is believed. Each is held against what is there before anything is read
 * or allocated; what runs over the end is a frame error (501) that closes the connection.
 */

import { Buffer, isUtf8 } from 'node:buffer'
import { type AmqpError, frameError } from './amqp-error.ts'

const two32 = 2 ** 32
/** With an octet from 0x80 on in its lower bits: a surrogate that no text has by itself. */
const octetEscape = 0xdc00

export class WireReader {
  readonly bytes: Buffer
  at: number
  /** Narrowed to a table or array while that is read. */
  end: number

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.bytes = asBuffer(bytes)
    this.at = from
    this.end = end
  }

  get left(): number {
    return this.end - this.at
  }

  /** Moves past so many bytes and says where they began. */
  skip(count: number): number {
    const from = this.at
    if (count > this.end - from) throw truncated()
    this.at = from + count
    return from
  }

  octet(): number {
    return this.bytes[this.skip(1)] as number
  }

  short(): number {
    return this.bytes.readUInt16BE(this.skip(2))
  }

  long(): number {
    return this.bytes.readUInt32BE(this.skip(4))
  }

  /** Unsigned; beyond 2^53 the nearest double, which no tag or size of ours can equal. */
  longlong(): number {
    const from = this.skip(8)
    return this.bytes.readUInt32BE(from) * two32 + this.bytes.readUInt32BE(from + 4)
  }

  /** Text of a name; RabbitMQ refuses names that are not UTF-8 with 501. */
  shortstr(): string {
    const count = this.octet()
    const from = this.skip(count)
    return nameText(this.bytes, from, this.at)
  }

  /** A view of the bytes. */
  longstr(): Buffer {
    const count = this.long()
    const from = this.skip(count)
    return this.bytes.subarray(from, this.at)
  }

  /** Nothing may follow what was read. */
  finish(what: string): void {
    if (this.at !== this.end) throw frameError(`${this.left} octets too many in ${what}`)
  }
}

export const truncated = (): AmqpError => frameError('a field runs over the end of its frame')

export const asBuffer = (bytes: Uint8Array): Buffer =>
  Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/** UTF-8, refused when it is not. */
export function nameText(bytes: Buffer, from: number, end: number): string {
  return utf8Text(bytes, from, end) ?? refuseText()
}

/**
 * UTF-8. Other bytes are kept too: those from 0x80 on become lone surrogates, of which writing makes
 * the same bytes again. So different bytes are different texts, and come back as they were.
 */
export function looseText(bytes: Buffer, from: number, end: number): string {
  return utf8Text(bytes, from, end) ?? escapedText(bytes, from, end)
}

function escapedText(bytes: Buffer, from: number, end: number): string {
  let text = ''
  for (const octet of bytes.subarray(from, end))
    text += String.fromCharCode(octet < 0x80 ? octet : octetEscape | octet)
  return text
}

/** Undefined when the bytes are not UTF-8. */
export function utf8Text(bytes: Buffer, from: number, end: number): string | undefined {
  for (let at = from; at < end; at++)
    if ((bytes[at] as number) > 0x7f)
      return isUtf8(bytes.subarray(from, end)) ? bytes.toString('utf8', from, end) : undefined
  return bytes.toString('latin1', from, end)
}

function refuseText(): never {
  throw frameError('Malformed UTF-8 in shortstr')
}
