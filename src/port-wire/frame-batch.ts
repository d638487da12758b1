/*
 * Frames that wait to be sent: those of one turn of the event loop go out together.
 *
 *   begin(type) … fields … end() ─▶ batch ── over 512 KiB ─▶ full bodies ─▶ eachBody
 *                                     └──────── the rest ──────────────────▶
 *
 * Rule: whoever gets a body from `eachBody` copies what it needs before it returns; the bytes serve again.
 */

import { ByteWriter } from '../bytes.ts'
import {
  bodyBytesUsual,
  checkFrameBytes,
  frameHeadBytes,
  frameTypes,
  pieceBytesMax,
} from './frame.ts'

const usualBytes = 4096
/** A buffer that a burst has made longer than this is not kept. */
const keptBytesMax = 2 * bodyBytesUsual

export class FrameBatch {
  #writer = new ByteWriter(usualBytes)
  /** Where the frame begins that is being written. */
  #from = 0
  /** Full ones. */
  #bodies: Uint8Array[] = []
  #bodiesBytes = 0

  /** Bytes that wait. */
  get length(): number {
    return this.#bodiesBytes + this.#writer.length
  }

  /** The writer of the frame's fields. */
  begin(type: number): ByteWriter {
    const writer = this.#writer
    this.#from = writer.length
    writer.ensure(frameHeadBytes)
    writer.buffer[writer.length] = type
    writer.length += frameHeadBytes
    return writer
  }

  /** Fails with `message-too-large`; then it is as if the frame had not been begun. */
  end(): void {
    const writer = this.#writer
    const payloadBytes = writer.length - this.#from - frameHeadBytes
    if (payloadBytes > pieceBytesMax) this.#cut(payloadBytes)
    else writer.view.setUint32(this.#from + 1, payloadBytes, true)
    if (writer.length >= bodyBytesUsual) this.#endBody()
  }

  /** The frame that was begun is not to be sent. */
  undo(): void {
    this.#writer.length = this.#from
  }

  /** Hands over what waits, body by body. */
  eachBody(use: (body: Uint8Array) => void): void {
    const bodies = this.#bodies
    this.#bodies = []
    this.#bodiesBytes = 0
    for (const body of bodies) use(body)
    const writer = this.#writer
    if (writer.length === 0) return
    const last = writer.taken()
    writer.length = 0
    use(last)
    if (writer.buffer.length > keptBytesMax) this.#writer = new ByteWriter(usualBytes)
  }

  #endBody(): void {
    const body = this.#writer.taken()
    this.#bodies.push(body)
    this.#bodiesBytes += body.length
    this.#writer = new ByteWriter(bodyBytesUsual + usualBytes)
  }

  /** The frame is as long as it is with its head; so are the pieces, which hold its bytes one after the other. */
  #cut(payloadBytes: number): void {
    const writer = this.#writer
    const from = this.#from
    try {
      checkFrameBytes(payloadBytes + frameHeadBytes)
    } catch (error) {
      this.undo()
      throw error
    }
    writer.view.setUint32(from + 1, payloadBytes, true)
    const whole = writer.buffer.subarray(from, writer.length)
    writer.length = from
    if (from > 0) this.#endBody()
    else this.#writer = new ByteWriter(bodyBytesUsual + usualBytes)
    for (let at = 0; at < whole.length; at += pieceBytesMax) {
      const piece = whole.subarray(at, at + pieceBytesMax)
      const isLast = at + piece.length === whole.length
      const into = this.#writer
      into.u8(isLast ? frameTypes.lastPiece : frameTypes.piece)
      into.bytes32(piece)
      if (into.length >= bodyBytesUsual) this.#endBody()
    }
  }
}
