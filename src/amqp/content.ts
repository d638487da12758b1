/*
 * A message being published, put together from its frames (AMQP 0-9-1 §2.3.5.2).
 *
 *   basic.publish ─▶ header ─▶ body … body ─▶ message        a body of 0 bytes has no body frame
 *        idle   ▶  header  ▶   body   ▶ idle
 *
 * The bytes of properties and body stay the ones that came in. A body in one frame is a view of the
 * chunk; one of several frames is gathered in a Buffer that grows with what has arrived, never with the
 * size that was only declared. Properties that repeat are the same object each time: whoever reads
 * them may remember what it read.
 */

import { Buffer } from 'node:buffer'
import { unexpectedFrame } from './protocol/amqp-error.ts'
import { HeaderReader } from './protocol/hot-methods.ts'
import { checkProperties } from './protocol/properties.ts'
import { basicClass } from './protocol/wire.ts'

const empty = new Uint8Array(0)
const none = Buffer.alloc(0)
/** Longer properties than this hardly repeat. */
const repeatedBytesMax = 256

export class ContentAssembler {
  readonly #header = new HeaderReader()
  #expects: 'nothing' | 'header' | 'body' = 'nothing'
  #gathered: Buffer = none
  #gatheredBytes = 0

  /** Valid when `header` or `part` has returned true. */
  properties: Uint8Array = empty
  #body: Uint8Array = empty

  get isIdle(): boolean {
    return this.#expects === 'nothing'
  }

  /** Of the body that is coming, as its header says. */
  get bodyBytes(): number {
    return this.#header.bodyBytes
  }

  /** The body that is complete. It is not kept alive here any longer. */
  takeBody(): Uint8Array {
    const body = this.#body
    this.#body = empty
    return body
  }

  /** A basic.publish came. */
  begin(): void {
    this.#expects = 'header'
  }

  /** Forgets what there is of a message. */
  reset(): void {
    this.#expects = 'nothing'
    this.#gathered = none
    this.#gatheredBytes = 0
  }

  /** True when the message is complete. Throws 505 for a header that is not expected. */
  header(bytes: Buffer, from: number, end: number): boolean {
    if (this.#expects !== 'header') throw this.#surprise()
    const header = this.#header
    header.read(bytes, from, end)
    if (header.classId !== basicClass)
      throw unexpectedFrame(
        `expected content header for class 60, got one for class ${header.classId} instead`,
      )
    this.#keepProperties(bytes, header.propertiesFrom, end)
    if (header.bodyBytes > 0) {
      this.#expects = 'body'
      return false
    }
    this.#body = empty
    this.#expects = 'nothing'
    return true
  }

  /** True when the message is complete. Throws 505 for a body that is not expected or too long. */
  part(bytes: Buffer, from: number, end: number): boolean {
    if (this.#expects !== 'body') throw this.#surprise()
    const gathered = this.#gatheredBytes + end - from
    if (gathered > this.bodyBytes)
      throw unexpectedFrame(`content body is longer than the ${this.bodyBytes} octets declared`)
    if (end - from === this.bodyBytes) {
      this.#body = bytes.subarray(from, end)
      this.reset()
      return true
    }
    this.#makeRoom(gathered)
    bytes.copy(this.#gathered, this.#gatheredBytes, from, end)
    this.#gatheredBytes = gathered
    if (gathered < this.bodyBytes) return false
    this.#body = this.#gathered
    this.reset()
    return true
  }

  /** A method came while a header or a body was due. */
  interrupted(): Error {
    return this.#surprise()
  }

  #surprise(): Error {
    switch (this.#expects) {
      case 'header':
        return unexpectedFrame(
          'expected content header for class 60, got non content header frame instead',
        )
      case 'body':
        return unexpectedFrame('expected content body, got non content body frame instead')
      default:
        return unexpectedFrame('expected method frame, got non method frame instead')
    }
  }

  /** At most twice what has arrived, and exactly the body's size once it is all there. */
  #makeRoom(needed: number): void {
    if (needed <= this.#gathered.length) return
    const room = Math.min(this.bodyBytes, Math.max(needed, this.#gathered.length * 2))
    const grown = Buffer.allocUnsafeSlow(room)
    this.#gathered.copy(grown, 0, 0, this.#gatheredBytes)
    this.#gathered = grown
  }

  #keepProperties(bytes: Buffer, from: number, end: number): void {
    if (sameBytes(this.properties, bytes, { from, end })) return
    const properties = bytes.subarray(from, end)
    checkProperties(properties)
    // A copy, when it may be kept for long: the chunk is not kept alive for it.
    this.properties = properties.length > repeatedBytesMax ? properties : Buffer.from(properties)
  }
}

interface Range {
  readonly from: number
  readonly end: number
}

function sameBytes(kept: Uint8Array, bytes: Uint8Array, { from, end }: Range): boolean {
  if (kept.length !== end - from) return false
  for (let n = 0; n < kept.length; n++) if (kept[n] !== bytes[from + n]) return false
  return true
}
