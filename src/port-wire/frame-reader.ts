/*
 * From the bodies of AMQP messages back to frames, one after the other.
 *
 * Rule: a frame is a view of the bytes it came in. Who keeps a part of it longer than the call keeps a
 * copy, or keeps all of those bytes alive.
 */

import { Buffer } from 'node:buffer'
import { ByteReader } from '../bytes.ts'
import { HomingError } from '../errors.ts'
import { frameBytesMax, frameHeadBytes, frameTypes, pieceBytesMax, wireFault } from './frame.ts'

/** Takes one frame; the reader stands at its payload, and must stand at its end afterwards. */
export type TakeFrame = (type: number, reader: ByteReader) => void

export class FrameReader {
  readonly #take: TakeFrame
  #pieces: Buffer[] = []
  #piecesBytes = 0

  constructor(take: TakeFrame) {
    this.#take = take
  }

  /** Bytes of a frame that has not come as a whole. */
  get waitingBytes(): number {
    return this.#piecesBytes
  }

  /**
   * Takes the frames of one body. Fails with `protocol-fault` at the first that is not one. When
   * `goOn` says no, the rest of the body is left; returns where it begins.
   */
  read(body: Uint8Array, from = 0, goOn: () => boolean = always): number {
    const reader = new ByteReader(body)
    const bytes = reader.buffer
    let at = from
    while (at < bytes.length && goOn()) {
      if (bytes.length - at < frameHeadBytes) throw wireFault('a body ends within a frame')
      const type = bytes[at] as number
      const payloadAt = at + frameHeadBytes
      const end = payloadAt + bytes.readUInt32LE(at + 1)
      if (end > bytes.length) throw wireFault('a body ends within a frame')
      if (type === frameTypes.piece || type === frameTypes.lastPiece)
        this.#piece(bytes.subarray(payloadAt, end), type === frameTypes.lastPiece)
      else if (this.#piecesBytes > 0) throw wireFault('a frame came between two pieces of another')
      else {
        reader.at = payloadAt
        reader.end = end
        this.#frame(type, reader)
      }
      at = end
    }
    return at
  }

  #piece(piece: Buffer, isLast: boolean): void {
    if (piece.length === 0 || piece.length > pieceBytesMax)
      throw wireFault(`a piece has ${piece.length} bytes`)
    this.#piecesBytes += piece.length
    if (this.#piecesBytes > frameBytesMax)
      throw wireFault(`a frame has over ${frameBytesMax} bytes`)
    // Bodies hold two pieces at most, so that views pin little more than what they show.
    this.#pieces.push(piece)
    if (!isLast) return
    const whole = Buffer.concat(this.#pieces, this.#piecesBytes)
    this.#pieces = []
    this.#piecesBytes = 0
    if (whole.length < frameHeadBytes) throw wireFault('the pieces of a frame make none')
    const end = frameHeadBytes + whole.readUInt32LE(1)
    if (end !== whole.length) throw wireFault('the pieces of a frame are not as long as it says')
    const type = whole[0] as number
    if (type === frameTypes.piece || type === frameTypes.lastPiece)
      throw wireFault('the pieces of a frame make a piece')
    this.#frame(type, new ByteReader(whole, frameHeadBytes, end))
  }

  #frame(type: number, reader: ByteReader): void {
    try {
      this.#take(type, reader)
    } catch (error) {
      if (error instanceof HomingError || !(error instanceof RangeError)) throw error
      throw wireFault(`frame ${type} cannot be read (${error.message})`, error)
    }
    if (reader.at !== reader.end)
      throw wireFault(`frame ${type} is ${reader.end - reader.at} bytes longer than what it holds`)
  }
}

const always = (): boolean => true
