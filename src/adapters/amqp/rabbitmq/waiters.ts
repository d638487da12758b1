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
  /** Nearly always one. */
  readonly #waiting = new Map<string, Told | Set<Told>>()
  readonly #onProblem: (text: string) => void

  constructor(onProblem: (text: string) => void) {
    this.#onProblem = onProblem
  }

  add(id: string, told: Told): () => void {
    // A function of its own for each wait: the same one may wait twice.
    const tell: Told = (outcome) => told(outcome)
    const others = this.#waiting.get(id)
    if (others === undefined) this.#waiting.set(id, tell)
    else if (others instanceof Set) others.add(tell)
    else this.#waiting.set(id, new Set([others, tell]))
    return () => this.#stop(id, tell)
  }

  #stop(id: string, tell: Told): void {
    const waiting = this.#waiting.get(id)
    const isLast =
      waiting instanceof Set ? waiting.delete(tell) && waiting.size === 0 : waiting === tell
    if (isLast) this.#waiting.delete(id)
  }

  tell(outcome: StoredOutcome): void {
    const waiting = this.#waiting.get(outcome.id)
    if (waiting === undefined) return
    this.#waiting.delete(outcome.id)
    if (waiting instanceof Set) for (const tell of waiting) this.#tellOne(tell, outcome)
    else this.#tellOne(waiting, outcome)
  }

  #tellOne(tell: Told, outcome: StoredOutcome): void {
    try {
      tell(outcome)
    } catch (error) {
      this.#onProblem(`who waited for message ${outcome.id} threw: ${error}`)
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
