/*
 * The transient messages of one priority that were never delivered: entries in order, in memory.
 *
 *   items  [undefined … undefined][entry][entry][gone][entry]
 *                                  └ head
 *
 * What leaves from the middle (expired, purged) stays in the array, marked gone, until the head
 * comes by, or until most of the array is gone: its bodies are memory.
 */

import { type Entry, entryStates } from './entry.ts'

/** Taken places at the front before the array is cut. */
const takenMax = 1_024

export class Line {
  readonly priority: number
  live = 0
  #items: (Entry | undefined)[] = []
  #head = 0

  constructor(priority: number) {
    this.priority = priority
  }

  push(entry: Entry): void {
    entry.lined = true
    this.#items.push(entry)
    this.live++
  }

  /** The oldest waiting message. */
  first(): Entry | undefined {
    while (this.#head < this.#items.length) {
      const entry = this.#items[this.#head] as Entry
      if (entry.lined && entry.state === entryStates.ready) return entry
      this.#step()
    }
    return undefined
  }

  /** Takes what `first()` just returned. */
  takeFirst(): void {
    const entry = this.#items[this.#head] as Entry
    entry.lined = false
    this.live--
    this.#step()
  }

  /** Out of the middle. */
  remove(entry: Entry): void {
    entry.lined = false
    this.live--
    const gone = this.#items.length - this.#head - this.live
    if (this.live === 0 || (gone >= takenMax && gone > this.live)) this.#sweep()
  }

  /** Those behind that position that wait. */
  *behind(position: number): Generator<Entry> {
    let low = this.#head
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#items[middle] as Entry).position <= position) low = middle + 1
      else high = middle
    }
    for (let at = low; at < this.#items.length; at++) {
      const entry = this.#items[at] as Entry
      if (entry.lined && entry.state === entryStates.ready) yield entry
    }
  }

  entries(): Entry[] {
    const waiting: Entry[] = []
    for (let at = this.#head; at < this.#items.length; at++) {
      const entry = this.#items[at]
      if (entry?.lined) waiting.push(entry)
    }
    return waiting
  }

  #sweep(): void {
    this.#items = this.#items.filter((entry) => entry?.lined === true)
    this.#head = 0
  }

  #step(): void {
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length) {
      this.#items.length = 0
      this.#head = 0
    } else if (this.#head >= takenMax && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
  }
}
