/*
 * What a connection has to say, gathered as frames in one Buffer until the socket takes it.
 *
 *   type │ channel │ size │ payload │ 206
 *
 * Hot methods are written field by field, others by the table of methods. A content is its header
 * frame and as many body frames as the agreed frame_max asks for; an empty body has none.
 */

import type { Buffer } from 'node:buffer'
import { ByteWriter, writeShortString } from './byte-writer.ts'
import { encodeMethod, type Method } from './methods.ts'
import {
  basicClass,
  contentHeadBytes,
  frameEnd,
  frameHeadBytes,
  frameOverheadBytes,
  frameType,
  shortStringBytesMax,
} from './wire.ts'

const two32 = 2 ** 32
const deliver = 0x3c003c
const ack = 0x3c0050
const nack = 0x3c0078
/** A basic.deliver at its longest: head, ids, tag, bits, three short strings, end. */
const deliverBytesMax = frameHeadBytes + 4 + 8 + 1 + 3 * (1 + shortStringBytesMax) + 1
const settlementBytes = 13

export class FrameWriter {
  readonly #out = new ByteWriter()

  /** Bytes waiting to be taken. */
  get length(): number {
    return this.#out.length
  }

  /** Hands over what was written since the last take; these bytes are not written again before `rewind`. */
  take(): Buffer {
    return this.#out.take()
  }

  /** Whoever took bytes is done with them: their room serves again. */
  rewind(): void {
    this.#out.rewind()
  }

  /** `AMQP 0 0 9 1`: what clients begin with, and the answer to a protocol that is not spoken. */
  protocolHeader(): void {
    this.#out.raw(protocolHeader)
  }

  /** A method that cannot be written throws, and leaves nothing of itself. */
  method(channel: number, method: Method): void {
    const out = this.#out
    const { at } = out
    try {
      out.octet(frameType.method)
      out.short(channel)
      const begun = out.beginLength()
      encodeMethod(out, method)
      out.endLength(begun)
      out.octet(frameEnd)
    } catch (error) {
      out.at = at
      throw error
    }
  }

  /** `consumerTag` is the bytes of the name, without the length in front. */
  deliver(
    channel: number,
    consumerTag: Uint8Array,
    deliveryTag: number,
    redelivered: boolean,
    exchange: string,
    routingKey: string,
  ): void {
    const out = this.#out
    out.reserve(deliverBytesMax)
    const { bytes } = out
    const start = out.at
    let at = putUint32(bytes, start + frameHeadBytes, deliver)
    bytes[at++] = consumerTag.length
    for (let n = 0; n < consumerTag.length; n++) bytes[at++] = consumerTag[n] as number
    at = putUint64(bytes, at, deliveryTag)
    bytes[at++] = redelivered ? 1 : 0
    at = writeShortString(bytes, at, exchange)
    at = writeShortString(bytes, at, routingKey)
    putHead(bytes, start, frameType.method, channel)
    putUint32(bytes, start + 3, at - start - frameHeadBytes)
    bytes[at++] = frameEnd
    out.at = at
  }

  /** `properties` are the property flags and list. `frameMax` 0 stands for no limit. */
  content(channel: number, properties: Uint8Array, body: Uint8Array, frameMax: number): void {
    this.#header(channel, properties, body.length)
    const most = frameMax === 0 ? body.length : frameMax - frameOverheadBytes
    if (body.length <= most) {
      if (body.length > 0) this.#body(channel, body)
      return
    }
    for (let from = 0; from < body.length; from += most)
      this.#body(channel, body.subarray(from, from + most))
  }

  ack(channel: number, deliveryTag: number, multiple: boolean): void {
    this.#settlement(channel, ack, deliveryTag, multiple ? 1 : 0)
  }

  nack(channel: number, deliveryTag: number, multiple: boolean, requeue = false): void {
    this.#settlement(channel, nack, deliveryTag, (multiple ? 1 : 0) | (requeue ? 2 : 0))
  }

  heartbeat(): void {
    this.#out.raw(heartbeat)
  }

  #settlement(channel: number, id: number, deliveryTag: number, bits: number): void {
    const out = this.#out
    out.reserve(settlementBytes + frameOverheadBytes)
    const { bytes } = out
    let at = putHead(bytes, out.at, frameType.method, channel)
    at = putUint32(bytes, at, settlementBytes)
    at = putUint32(bytes, at, id)
    at = putUint64(bytes, at, deliveryTag)
    bytes[at++] = bits
    bytes[at++] = frameEnd
    out.at = at
  }

  #header(channel: number, properties: Uint8Array, bodyBytes: number): void {
    const out = this.#out
    out.reserve(contentHeadBytes + properties.length + frameOverheadBytes)
    const { bytes } = out
    let at = putHead(bytes, out.at, frameType.header, channel)
    at = putUint32(bytes, at, contentHeadBytes + properties.length)
    at = putUint32(bytes, at, basicClass * 0x10000)
    at = putUint64(bytes, at, bodyBytes)
    at = putBytes(bytes, at, properties)
    bytes[at++] = frameEnd
    out.at = at
  }

  #body(channel: number, body: Uint8Array): void {
    const out = this.#out
    out.reserve(body.length + frameOverheadBytes)
    const { bytes } = out
    let at = putHead(bytes, out.at, frameType.body, channel)
    at = putUint32(bytes, at, body.length)
    at = putBytes(bytes, at, body)
    bytes[at++] = frameEnd
    out.at = at
  }
}

const protocolHeader = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1)
const heartbeat = Uint8Array.of(frameType.heartbeat, 0, 0, 0, 0, 0, 0, frameEnd)

function putHead(bytes: Buffer, at: number, type: number, channel: number): number {
  bytes[at] = type
  bytes[at + 1] = channel >> 8
  bytes[at + 2] = channel
  return at + 3
}

function putUint32(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
  return at + 4
}

function putUint64(bytes: Buffer, at: number, value: number): number {
  return putUint32(bytes, putUint32(bytes, at, Math.floor(value / two32)), value % two32)
}

/** A call into native code costs more than copying a few bytes. */
function putBytes(bytes: Buffer, at: number, value: Uint8Array): number {
  const { length } = value
  if (length > 64) bytes.set(value, at)
  else for (let n = 0; n < length; n++) bytes[at + n] = value[n] as number
  return at + length
}
