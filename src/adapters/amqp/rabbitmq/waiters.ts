/*
 * Who in this process waits for an outcome. Told once each, by whatever says it first: a reply, the
 * ledger, an end in this process.
 */

import type { StoredOutcome } from '../../../message/outcome.ts'
import type { LedgerEntry } from '../../../shared-ledger/shared-ledger.ts'
import { SomeById } from './some-by-id.ts'

type Told = (outcome: StoredOutcome) => void

/** Ids asked for at once. */
const atOnceMax = 500

export class Waiters {
  readonly #waiting = new SomeById<Told>()
  readonly #onProblem: (text: string) => void

  constructor(onProblem: (text: string) => void) {
    this.#onProblem = onProblem
  }

  add(id: string, told: Told): () => void {
    // A function of its own for each wait: the same one may wait twice.
    const tell: Told = (outcome) => told(outcome)
    this.#waiting.add(id, tell)
    return () => this.#waiting.delete(id, tell)
  }

  tell(outcome: StoredOutcome): void {
    for (const tell of this.#waiting.take(outcome.id)) {
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
    const ids = [...this.#waiting.ids()].filter(wanted)
    for (let from = 0; from < ids.length; from += atOnceMax) {
      const entries = await lookUp(ids.slice(from, from + atOnceMax))
      for (const entry of entries) if (entry.state === 'final') this.tell(entry.outcome)
    }
  }
}
