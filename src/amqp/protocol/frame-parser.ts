/*
 * Frames out of a stream of bytes that is cut anywhere.
 *
 *   push(chunk)   next() ─▶ true: type, channel, bytes[from..end]      next() ─▶ false: push more
 *
 *   chunks   ┌──────┬──────┬────┐┌────────┬──────┬───┐
 *   frames   │  A   │  B   │ C ··· C      │  D   │ E ···
 *
 * A frame within one chunk is a view of it. One that is cut is gathered into a Buffer of its own, which
 * grows with what has arrived and never with what its head declares. Type and size are judged as soon
 * as the head is there. Nobody writes to a chunk or a gathered frame again, so views of them may be kept.
 *
 * Rule: pull, not push. The connection may stop between any two frames and go on later; what it has
 * not asked for stays where it is. After a refusal the parser stands still: each next() refuses again.
 */

import { Buffer } from 'node:buffer'
import { frameError } from './amqp-error.ts'
import { frameEnd, frameHeadBytes, frameOverheadBytes, frameType } from './wire.ts'

const none = Buffer.alloc(0)
const gatheredBytesMin = 64

export class FrameParser {
  /** Longest payload agreed upon: frame_max less 8. Like RabbitMQ, 8 bytes more are let through. */
  payloadBytesMax: number

  type = 0
  channel = 0
  bytes: Buffer = none
  /** The payload is `bytes` from `from` to `end`. */
  from = 0
  end = 0

  /** The chunk being read, and where. */
  #chunk: Buffer = none
  #at = 0
  /** Chunks that came while the connection had stopped. */
  #waiting: Buffer[] = []
  #waitingBytes = 0
  /** The beginning of a frame that is cut. */
  #gathered: Buffer = none
  #gatheredBytes = 0

  constructor(payloadBytesMax: number) {
    this.payloadBytesMax = payloadBytesMax
  }

  /** Bytes received that no frame was made of yet. */
  get bufferedBytes(): number {
    return this.#gatheredBytes + this.#chunk.length - this.#at + this.#waitingBytes
  }

  push(chunk: Buffer): void {
    if (this.#at === this.#chunk.length && this.#waiting.length === 0) {
      this.#chunk = chunk
      this.#at = 0
      return
    }
    this.#waiting.push(chunk)
    this.#waitingBytes += chunk.length
  }

  /** Moves to the next whole frame. Throws 501 for what is no frame or too large. */
  next(): boolean {
    if (this.#gatheredBytes > 0) return this.#nextGathered()
    if (this.#at === this.#chunk.length && !this.#nextChunk()) return false
    const chunk = this.#chunk
    const at = this.#at
    const left = chunk.length - at
    if (left < frameHeadBytes) return this.#nextGathered()
    const size = this.#judge(chunk, at)
    if (left < size + frameOverheadBytes) return this.#nextGathered()
    this.#frame(chunk, at, size)
    this.#at = at + size + frameOverheadBytes
    return true
  }

  #nextGathered(): boolean {
    if (!this.#gather(frameHeadBytes)) return false
    const size = this.#judge(this.#gathered, 0)
    if (!this.#gather(size + frameOverheadBytes)) return false
    this.#frame(this.#gathered, 0, size)
    this.#gathered = none
    this.#gatheredBytes = 0
    return true
  }

  /** Moves bytes from the chunks until so many are gathered; false when the chunks are used up. */
  #gather(wanted: number): boolean {
    while (this.#gatheredBytes < wanted) {
      if (this.#at === this.#chunk.length && !this.#nextChunk()) return false
      const count = Math.min(wanted - this.#gatheredBytes, this.#chunk.length - this.#at)
      this.#makeRoom(this.#gatheredBytes + count, wanted)
      this.#chunk.copy(this.#gathered, this.#gatheredBytes, this.#at, this.#at + count)
      this.#gatheredBytes += count
      this.#at += count
    }
    return true
  }

  /** At least `needed`, at most twice what is there or all that is wanted. */
  #makeRoom(needed: number, wanted: number): void {
    if (needed <= this.#gathered.length) return
    const room = Math.max(needed, Math.min(wanted, this.#gathered.length * 2), gatheredBytesMin)
    const grown = Buffer.allocUnsafe(room)
    this.#gathered.copy(grown, 0, 0, this.#gatheredBytes)
    this.#gathered = grown
  }

  /** A chunk that was read to its end is let go, whether or not another follows. */
  #nextChunk(): boolean {
    const chunk = this.#waiting.shift()
    this.#chunk = chunk ?? none
    this.#at = 0
    if (chunk === undefined) return false
    this.#waitingBytes -= chunk.length
    return true
  }

  /** The payload's size, from a head that is there whole. */
  #judge(bytes: Buffer, at: number): number {
    const type = bytes[at] as number
    const size = bytes.readUInt32BE(at + 3)
    if (size > this.payloadBytesMax + frameOverheadBytes)
      throw frameError(`a frame of ${size} octets is larger than ${this.payloadBytesMax}`)
    if (type !== frameType.method && type !== frameType.header && type !== frameType.body) {
      if (type !== frameType.heartbeat) throw frameError(`type ${type} is not a type of frame`)
      if (size !== 0) throw frameError('a heartbeat has a payload')
    }
    return size
  }

  #frame(bytes: Buffer, at: number, size: number): void {
    const from = at + frameHeadBytes
    const end = from + size
    if (bytes[end] !== frameEnd)
      throw frameError(`a frame ends with octet ${bytes[end]} instead of ${frameEnd}`)
    this.type = bytes[at] as number
    this.channel = ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number)
    this.bytes = bytes
    this.from = from
    this.end = end
  }
}
