/*
 * The outcomes of late, answered from memory: a map by id and a line in the order of their LSNs.
 *
 * Rule: an outcome leaves only when it is one too many and the ledger has it.
 */

import type { StoredOutcome } from '../message/outcome.ts'

interface Recent {
  readonly outcome: StoredOutcome
  readonly lsn: number
}

const compactAt = 4_096

export class RecentOutcomes {
  readonly #max: number
  readonly #byId = new Map<string, StoredOutcome>()
  #line: Recent[] = []
  #head = 0

  constructor(max: number) {
    this.#max = max
  }

  get(id: string): StoredOutcome | undefined {
    return this.#byId.get(id)
  }

  add(outcome: StoredOutcome, lsn: number): void {
    this.#byId.set(outcome.id, outcome)
    this.#line.push({ outcome, lsn })
  }

  /** Lets go of what is too many and in the ledger. */
  trim(appliedLsn: number): void {
    while (this.#byId.size > this.#max) {
      const oldest = this.#line[this.#head]
      if (!oldest || oldest.lsn > appliedLsn) break
      this.#byId.delete(oldest.outcome.id)
      this.#head++
    }
    if (this.#head < compactAt || this.#head * 2 < this.#line.length) return
    this.#line = this.#line.slice(this.#head)
    this.#head = 0
  }
}
