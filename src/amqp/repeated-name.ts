/*
 * A name off the wire, read once as long as it repeats: most publishes go where the last one went.
 */

import type { Buffer } from 'node:buffer'
import { nameText } from './protocol/wire-reader.ts'

export class RepeatedName {
  #bytes = new Uint8Array(0)
  #text = ''

  /** The text of bytes `from` to `end`. Refuses what is no UTF-8. */
  read(bytes: Buffer, from: number, end: number): string {
    const kept = this.#bytes
    const length = end - from
    if (kept.length === length) {
      let n = 0
      while (n < length && kept[n] === bytes[from + n]) n++
      if (n === length) return this.#text
    }
    const text = nameText(bytes, from, end)
    this.#bytes = Uint8Array.prototype.slice.call(bytes, from, end)
    this.#text = text
    return text
  }
}
