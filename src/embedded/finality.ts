import type { HomingError } from '../errors.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import type { Settled } from '../message/settlement.ts'
import type { Core } from './core.ts'
import type { Waiter } from './journal/journal-options.ts'
import { type Entry, messageKind } from './queue/entry.ts'

export const accepted: Settled = { accepted: true }

/** Who waits for a settlement to be durable. */
export interface Asked {
  readonly resolve: (settled: Settled) => void
  readonly reject: (error: HomingError) => void
}

/**
 * The moment an outcome is durable. Until then its id stays live, so that to everybody it is one or
 * the other (invariant 23).
 */
export class Finality implements Waiter {
  readonly #core: Core
  readonly #entry: Entry
  readonly #outcome: StoredOutcome
  readonly #lsn: number
  readonly #segment: number
  readonly #from: number
  readonly #asked: Asked | undefined

  constructor(
    core: Core,
    entry: Entry,
    outcome: StoredOutcome,
    lsn: number,
    asked: Asked | undefined,
  ) {
    this.#core = core
    this.#entry = entry
    this.#outcome = outcome
    this.#lsn = lsn
    this.#segment = core.journal.segment
    this.#from = core.journal.recordFrom
    this.#asked = asked
  }

  durable(error: HomingError | undefined): void {
    if (error) {
      this.#asked?.reject(error)
      return
    }
    const { state, outcomes, tally } = this.#core
    const { acceptedAtMs, finishedAtMs } = this.#outcome
    const entry = this.#entry
    state.release(entry)
    const hash = entry.kind === messageKind ? entry.hash : state.hash(this.#outcome.id)
    outcomes.add(hash, this.#segment, this.#from, this.#lsn)
    const nowMs = this.#core.turnMs()
    tally.roundTrip.add(Math.max(nowMs, finishedAtMs) - acceptedAtMs, nowMs)
    outcomes.tell(this.#outcome)
    this.#asked?.resolve(accepted)
  }
}
