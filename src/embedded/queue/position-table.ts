/*
 * Entries by position, for numbers that come and go all the time.
 *
 * A Map keeps the places of what was deleted until it is built anew, and each table it leaves behind
 * keeps the next one alive: under load the garbage of one second survives in a chain of tables. Here
 * an entry that goes leaves nothing: those behind it close up (linear probing, no tombstones).
 */

import type { Entry } from './entry.ts'

const roomMin = 16
/** Of a larger table, the part that must be in use. */
const usedPart = 1 / 16
const largeRoom = 4_096

export class PositionTable {
  #slots: (Entry | undefined)[] = new Array<undefined>(roomMin).fill(undefined)
  #mask = roomMin - 1
  size = 0

  get(position: number): Entry | undefined {
    for (let at = this.#home(position); ; at = (at + 1) & this.#mask) {
      const entry = this.#slots[at]
      if (entry === undefined || entry.position === position) return entry
    }
  }

  set(entry: Entry): void {
    const slots = this.#slots
    let at = this.#home(entry.position)
    for (; slots[at] !== undefined; at = (at + 1) & this.#mask) {
      if ((slots[at] as Entry).position !== entry.position) continue
      slots[at] = entry
      return
    }
    slots[at] = entry
    if (++this.size * 2 > slots.length) this.#remake(slots.length * 2)
  }

  delete(position: number): void {
    const slots = this.#slots
    const mask = this.#mask
    let at = this.#home(position)
    for (; ; at = (at + 1) & mask) {
      const entry = slots[at]
      if (entry === undefined) return
      if (entry.position === position) break
    }
    this.size--
    for (let next = (at + 1) & mask; ; next = (next + 1) & mask) {
      const entry = slots[next]
      if (entry === undefined) break
      const home = this.#home(entry.position)
      // It may move to the gap unless its home lies behind the gap.
      if (((next - home) & mask) < ((next - at) & mask)) continue
      slots[at] = entry
      at = next
    }
    slots[at] = undefined
    if (slots.length > largeRoom && this.size < slots.length * usedPart)
      this.#remake(slots.length / 4)
  }

  /** Neighbours are strewn: a row of neighbours would have to be moved up one by one. */
  #home(position: number): number {
    const strewn = Math.imul(position, 0x9e3779b1)
    return (strewn ^ (strewn >>> 15)) & this.#mask
  }

  *values(): Generator<Entry> {
    for (const entry of this.#slots) if (entry !== undefined) yield entry
  }

  #remake(room: number): void {
    const old = this.#slots
    this.#slots = new Array<undefined>(room).fill(undefined)
    this.#mask = this.#slots.length - 1
    this.size = 0
    for (const entry of old) if (entry !== undefined) this.set(entry)
  }
}
