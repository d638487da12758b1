/*
 * Who in this process waits for an outcome. Told once each, by whatever says it first: a reply, the
 * ledger, an end in this process.
 */

import type { StoredOutcome } from '../../../message/outcome.ts'
import type { LedgerEntry } from '../../../shared-ledger/shared-ledger.ts'

type Told = (outcome: StoredOutcome) => void

/** Ids asked for at once. */
const atOnceMax = 500

export class Waiters {
  readonly #waiting = new Map<string, Set<Told>>()
  readonly #onProblem: (text: string) => void

  constructor(onProblem: (text: string) => void) {
    this.#onProblem = onProblem
  }

  add(id: string, told: Told): () => void {
    const waiting = this.#waiting.get(id) ?? new Set()
    // A function of its own for each wait: the same one may wait twice.
    const tell: Told = (outcome) => told(outcome)
    this.#waiting.set(id, waiting.add(tell))
    return () => {
      waiting.delete(tell)
      if (waiting.size === 0 && this.#waiting.get(id) === waiting) this.#waiting.delete(id)
    }
  }

  tell(outcome: StoredOutcome): void {
    const waiting = this.#waiting.get(outcome.id)
    if (waiting === undefined) return
    this.#waiting.delete(outcome.id)
    for (const tell of waiting) {
      try {
        tell(outcome)
      } catch (error) {
        this.#onProblem(`who waited for message ${outcome.id} threw: ${error}`)
      }
    }
  }

  has(id: string): boolean {
    return this.#waiting.has(id)
  }

  /** Asks for those whose reply comes to another process, or was lost on its way. */
  async ask(
    lookUp: (ids: readonly string[]) => Promise<readonly LedgerEntry[]>,
    wanted: (id: string) => boolean,
  ): Promise<void> {
    const ids = [...this.#waiting.keys()].filter(wanted)
    for (let from = 0; from < ids.length; from += atOnceMax) {
      const entries = await lookUp(ids.slice(from, from + atOnceMax))
      for (const entry of entries) if (entry.state === 'final') this.tell(entry.outcome)
    }
  }
}
