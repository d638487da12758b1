/*
 * Outcomes that are durable and not yet in the ledger: where their records lie, by the hash of their
 * id, and in which order they may go. Numbers only: the outcomes themselves are in the journal, whose
 * tail is in memory, so a million that pass through leave nothing for the garbage collector.
 */

import { IdIndex, type Place } from './id-index.ts'

const firstRows = 1_024
const columns = 4

export class RecentOutcomes {
  readonly #index = new IdIndex()
  /** A ring of (hash, segment, from, LSN). */
  #ring = new Float64Array(firstRows * columns)
  #head = 0
  #rows = 0

  add(hash: number, segment: number, from: number, lsn: number): void {
    this.#index.add(hash, segment, from)
    if (this.#rows * columns === this.#ring.length) this.#grow()
    const at = ((this.#head + this.#rows) * columns) % this.#ring.length
    this.#ring[at] = hash
    this.#ring[at + 1] = segment
    this.#ring[at + 2] = from
    this.#ring[at + 3] = lsn
    this.#rows++
  }

  places(hash: number): Place[] {
    return this.#index.places(hash)
  }

  /** Lets go of what the ledger has. */
  trim(appliedLsn: number): void {
    const ring = this.#ring
    while (this.#rows > 0) {
      const at = this.#head * columns
      if ((ring[at + 3] as number) > appliedLsn) return
      this.#index.remove(ring[at] as number, ring[at + 1] as number, ring[at + 2] as number)
      this.#head = at + columns === ring.length ? 0 : this.#head + 1
      this.#rows--
    }
  }

  #grow(): void {
    const larger = new Float64Array(this.#ring.length * 2)
    const split = this.#head * columns
    larger.set(this.#ring.subarray(split))
    larger.set(this.#ring.subarray(0, split), this.#ring.length - split)
    this.#ring = larger
    this.#head = 0
  }
}
