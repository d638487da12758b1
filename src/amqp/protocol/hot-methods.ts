/*
 * The methods that every message needs, read in place: where things are, without an object.
 *
 *   basic.publish   60 40 │ reserved u16 │ exchange shortstr │ routing key shortstr │ bits
 *   basic.ack       60 80 │ delivery tag u64 │ bits
 *   content header  60 │ weight 0 │ body size u64 │ property flags and list
 *
 * A reader is kept by its connection and read into again and again; what it says holds until the next
 * read. All bounds are checked as in `decodeMethod`.
 */

import { frameError, unexpectedFrame } from './amqp-error.ts'
import { contentHeadBytes } from './wire.ts'
import { truncated } from './wire-reader.ts'

const two32 = 2 ** 32

/** Ids as {@link classMethodAt} gives them, to switch on. */
export const hotMethod = {
  publish: 0x3c0028,
  ack: 0x3c0050,
  reject: 0x3c005a,
  nack: 0x3c0078,
} as const

/** Class in the upper, method in the lower 16 bits. */
export function classMethodAt(bytes: Uint8Array, from: number, end = bytes.length): number {
  if (end - from < 4) throw truncated()
  return uint32(bytes, from)
}

/** Where exchange and routing key of a basic.publish stand; both are to be read as names. */
export class PublishReader {
  exchangeFrom = 0
  exchangeEnd = 0
  routingKeyFrom = 0
  routingKeyEnd = 0
  mandatory = false
  immediate = false

  /** `from` is where the payload begins, at its class. */
  read(bytes: Uint8Array, from: number, end: number): void {
    // Every octet read below lies before `end`: nothing beyond the frame is taken for a length.
    if (end - from < 9) throw truncated()
    this.exchangeFrom = from + 7
    this.exchangeEnd = this.exchangeFrom + (bytes[from + 6] as number)
    if (this.exchangeEnd >= end) throw truncated()
    this.routingKeyFrom = this.exchangeEnd + 1
    this.routingKeyEnd = this.routingKeyFrom + (bytes[this.exchangeEnd] as number)
    if (this.routingKeyEnd >= end) throw truncated()
    if (this.routingKeyEnd + 1 < end) throw tooLong('basic.publish')
    const bits = bytes[this.routingKeyEnd] as number
    this.mandatory = (bits & 1) !== 0
    this.immediate = (bits & 2) !== 0
  }
}

/** Delivery tag and bits of basic.ack, basic.nack and basic.reject. */
export class SettlementReader {
  /** Beyond 2^53 the nearest double, which no tag that was given out can equal. */
  deliveryTag = 0
  multiple = false
  requeue = false

  ack(bytes: Uint8Array, from: number, end: number): void {
    this.multiple = (this.#read(bytes, from, end) & 1) !== 0
    this.requeue = false
  }

  nack(bytes: Uint8Array, from: number, end: number): void {
    const bits = this.#read(bytes, from, end)
    this.multiple = (bits & 1) !== 0
    this.requeue = (bits & 2) !== 0
  }

  reject(bytes: Uint8Array, from: number, end: number): void {
    this.multiple = false
    this.requeue = (this.#read(bytes, from, end) & 1) !== 0
  }

  /** The octet of bits. */
  #read(bytes: Uint8Array, from: number, end: number): number {
    if (end - from < 13) throw truncated()
    if (end - from > 13) throw tooLong('a settlement')
    this.deliveryTag = uint64(bytes, from + 4)
    return bytes[from + 12] as number
  }
}

/** A content header: body size, and the class it is for. The rest of it is the properties. */
export class HeaderReader {
  classId = 0
  bodyBytes = 0
  propertiesFrom = 0

  read(bytes: Uint8Array, from: number, end: number): void {
    // Two octets more, for the property flags that are never missing.
    if (end - from < contentHeadBytes + 2) throw truncated()
    const classAndWeight = uint32(bytes, from)
    this.classId = classAndWeight >>> 16
    if ((classAndWeight & 0xffff) !== 0)
      throw unexpectedFrame('the weight of a content header is not 0')
    this.bodyBytes = uint64(bytes, from + 4)
    this.propertiesFrom = from + contentHeadBytes
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  const low =
    ((bytes[at + 1] as number) << 16) | ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number)
  return (bytes[at] as number) * 0x1000000 + low
}

const uint64 = (bytes: Uint8Array, at: number): number =>
  uint32(bytes, at) * two32 + uint32(bytes, at + 4)

const tooLong = (what: string) => frameError(`octets follow the last field of ${what}`)
