/*
 * Texts of names that come with every message, without making them anew.
 *
 * A connection publishes to the same few exchanges and keys again and again. The memo holds the last
 * text of each of 256 places, chosen by length and a few octets; equal bytes give the very same string,
 * which Maps find faster too. It never holds more than 256 names of 255 bytes.
 */

import type { Buffer } from 'node:buffer'
import { asBuffer, nameText } from './wire-reader.ts'

const places = 256

interface Known {
  readonly bytes: Uint8Array
  readonly text: string
}

export class NameMemo {
  readonly #known: (Known | undefined)[] = new Array(places).fill(undefined)

  /** The text of a name. Refuses with 501 what is not UTF-8. */
  text(bytes: Uint8Array, from: number, end: number): string {
    if (from === end) return ''
    const place = placeOf(bytes, from, end)
    const known = this.#known[place]
    if (known !== undefined && isAt(bytes, from, end, known.bytes)) return known.text
    return this.#learn(asBuffer(bytes), from, end, place)
  }

  #learn(bytes: Buffer, from: number, end: number, place: number): string {
    const text = nameText(bytes, from, end)
    // A copy: a view would keep the whole chunk it was received in.
    this.#known[place] = { bytes: new Uint8Array(bytes.subarray(from, end)), text }
    return text
  }
}

/** Names of one program mostly differ at their end. */
function placeOf(bytes: Uint8Array, from: number, end: number): number {
  let hash = end - from
  for (let at = end - 1; at >= from && at > end - 6; at--) hash = hash * 31 + (bytes[at] as number)
  hash = hash * 31 + (bytes[from] as number)
  hash = hash * 31 + (bytes[(from + end) >> 1] as number)
  return (hash ^ (hash >> 8)) & (places - 1)
}

function isAt(bytes: Uint8Array, from: number, end: number, known: Uint8Array): boolean {
  if (known.length !== end - from) return false
  for (let n = 0; n < known.length; n++) if (known[n] !== bytes[from + n]) return false
  return true
}
