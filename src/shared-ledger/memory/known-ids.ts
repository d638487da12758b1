/*
 * Which ids may be in the database: a fingerprint of 53 bits for each, in tables that are doubled one by
 * one, so that none takes long. An id that was never added is found by chance once in billions of
 * questions, and the database is then asked in vain.
 *
 *   id ─▶ 53 bits ─▶ table: the lowest 8 ─▶ place: the rest, or the next free one
 */

const tables = 256
const placesMin = 16

export class KnownIds {
  readonly #tables = Array.from({ length: tables }, () => new Float64Array(placesMin))
  readonly #counts = new Uint32Array(tables)

  add(id: string): void {
    const print = fingerprint(id)
    const n = print % tables
    const table = tableOf(this.#tables, n)
    const at = placeOf(table, print)
    if (table[at] === print) return
    table[at] = print
    const count = (this.#counts[n] as number) + 1
    this.#counts[n] = count
    if (count * 2 <= table.length) return
    const larger = new Float64Array(table.length * 2)
    for (const one of table) if (one !== 0) larger[placeOf(larger, one)] = one
    this.#tables[n] = larger
  }

  has(id: string): boolean {
    const print = fingerprint(id)
    const table = tableOf(this.#tables, print % tables)
    return table[placeOf(table, print)] === print
  }
}

const tableOf = (all: readonly Float64Array<ArrayBuffer>[], n: number) =>
  all[n] as Float64Array<ArrayBuffer>

/** Where it is, or the free place for it: a table is never more than half full. */
function placeOf(table: Float64Array, print: number): number {
  const last = table.length - 1
  let at = Math.floor(print / tables) & last
  for (let there = table[at]; there !== 0 && there !== print; there = table[at])
    at = (at + 1) & last
  return at
}

/** 1 to 2 ** 53. Two multiplications a character, each mixed into the other at the end. */
function fingerprint(id: string): number {
  let high = 0x2f0b4f17
  let low = 0x6c62272e
  for (let n = 0; n < id.length; n++) {
    const code = id.charCodeAt(n)
    high = Math.imul(high ^ code, 0x85ebca6b)
    low = Math.imul(low ^ code, 0xc2b2ae35)
  }
  high = Math.imul(high ^ (high >>> 15), 0x9e3779b1) ^ Math.imul(low ^ (low >>> 13), 0x27d4eb2f)
  low = Math.imul(low ^ (low >>> 16), 0x165667b1) ^ Math.imul(high ^ (high >>> 14), 0x27d4eb2f)
  return (high >>> 11) * 2 ** 32 + (low >>> 0) + 1
}
