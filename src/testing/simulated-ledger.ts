/*
 * A ledger database in memory that is behind, and that loses its last transactions in a power cut, as
 * SQLite may with synchronous=NORMAL.
 *
 *   fed ──(a while)──▶ committed ──flushed()──▶ safe
 *                          │                      │
 *        a kill keeps ─────┘   a power cut keeps ─┴─ and any first part of what was committed since
 *
 * Rule: a transaction survives whole or not at all, and never without those before it; what was
 * `safe` always survives. What was fed and not committed is gone after every crash.
 */

import type { Clock } from '../clock.ts'
import type { Ledger, LedgerAnswer, LedgerBatch, Retention } from '../embedded/ledger/ledger.ts'
import type {
  DeadLettersWanted,
  OutcomeSearch,
  OutcomesFound,
} from '../embedded/ledger/ledger-search.ts'
import type { FailureCounts, FailureRange, LedgerStory } from '../embedded/ledger/ledger-story.ts'
import { type MemoryLedger, openMemoryLedger } from '../embedded/ledger/memory-ledger.ts'
import type { DeadLetter, OutcomeFilter } from '../engine.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { type RandomSource, randomSource } from './random.ts'

export interface SimulatedLedgerOptions {
  /** Default: nothing is forgotten. */
  readonly retention?: Retention
  /** With a clock, a transaction is committed up to 20 ms after its first batch; without, in a microtask. */
  readonly clock?: Clock
}

type Transaction = (ledger: MemoryLedger) => void

const keepAll: Retention = {
  retainMs: Number.POSITIVE_INFINITY,
  retainCount: Number.POSITIVE_INFINITY,
}
const lagMsMax = 20

/**
 * The database, which outlives the processes that open it.
 *
 * @example
 * const database = new SimulatedLedger(randomSource(1))
 * const ledger = database.open()
 * const next = database.afterCrash(randomSource(2), 'power').open()
 */
export class SimulatedLedger {
  readonly #random: RandomSource
  readonly #options: SimulatedLedgerOptions
  readonly #safe: MemoryLedger
  readonly #committed: MemoryLedger
  /** Transactions that `#committed` has and `#safe` has not. */
  #unsafe: Transaction[] = []

  constructor(
    random: RandomSource = randomSource(1),
    options: SimulatedLedgerOptions = {},
    safe: MemoryLedger = openMemoryLedger({ retention: options.retention ?? keepAll }),
  ) {
    this.#random = random
    this.#options = options
    this.#safe = safe
    this.#committed = safe.reopened()
  }

  /** With a clock of its own, where the machine that opens it is another one. */
  open(clock: Clock | undefined = this.#options.clock): Ledger {
    return new OpenedLedger(this, this.#random.fork(), clock)
  }

  /** How many transactions a power cut may take now. */
  get unsafeCount(): number {
    return this.#unsafe.length
  }

  /** LSNs that the ledger may stand at after a power cut now, oldest first. */
  survivableLsns(): number[] {
    const state = this.#safe.reopened()
    const lsns = [state.appliedLsn]
    for (const transaction of this.#unsafe) {
      transaction(state)
      lsns.push(state.appliedLsn)
    }
    return lsns
  }

  /** The database that the next start finds; this one stays as it is. */
  afterCrash(random: RandomSource, how: 'power' | 'kill'): SimulatedLedger {
    if (how === 'power') return this.afterPowerCut(random.between(0, this.#unsafe.length), random)
    const next = new SimulatedLedger(random.fork(), this.#options, this.#safe.reopened())
    for (const transaction of this.#unsafe) next.commit(transaction)
    return next
  }

  /** A power cut that keeps so many of the transactions that were committed and not yet safe. */
  afterPowerCut(kept: number, random: RandomSource = randomSource(1)): SimulatedLedger {
    const state = this.#safe.reopened()
    for (const transaction of this.#unsafe.slice(0, kept)) transaction(state)
    return new SimulatedLedger(random.fork(), this.#options, state)
  }

  /** What readers see. */
  get committed(): MemoryLedger {
    return this.#committed
  }

  commit(transaction: Transaction): void {
    transaction(this.#committed)
    this.#unsafe.push(transaction)
  }

  flush(): number {
    for (const transaction of this.#unsafe.splice(0)) transaction(this.#safe)
    return this.#safe.appliedLsn
  }
}

class OpenedLedger implements Ledger {
  readonly openedAtLsn: number
  readonly #database: SimulatedLedger
  readonly #random: RandomSource
  readonly #clock: Clock | undefined
  readonly #listeners: ((lsn: number) => void)[] = []
  #fed: LedgerBatch[] = []
  #lagBytes = 0

  constructor(database: SimulatedLedger, random: RandomSource, clock: Clock | undefined) {
    this.#database = database
    this.#random = random
    this.#clock = clock
    this.openedAtLsn = database.committed.appliedLsn
  }

  feed({ events, lastLsn }: LedgerBatch): void {
    const isFirst = this.#fed.length === 0
    this.#fed.push({ events: new Uint8Array(events), lastLsn })
    this.#lagBytes += events.length
    if (!isFirst) return
    if (this.#clock === undefined) queueMicrotask(() => this.#commit())
    else this.#clock.after(this.#random.between(0, lagMsMax), () => this.#commit())
  }

  get appliedLsn(): number {
    return this.#database.committed.appliedLsn
  }

  onApplied(told: (lsn: number) => void): void {
    this.#listeners.push(told)
  }

  lagBytes(): number {
    return this.#lagBytes
  }

  find(id: string): LedgerAnswer {
    return this.#database.committed.find(id)
  }

  outcomes(filter: OutcomeFilter): readonly StoredOutcome[] {
    return this.#database.committed.outcomes(filter)
  }

  story(id: string): LedgerStory {
    return this.#database.committed.story(id)
  }

  failures(range: FailureRange): FailureCounts {
    return this.#database.committed.failures(range)
  }

  search(filter: OutcomeSearch): OutcomesFound {
    return this.#database.committed.search(filter)
  }

  deadLetters(filter: DeadLettersWanted): readonly DeadLetter[] {
    return this.#database.committed.deadLetters(filter)
  }

  deadCounts(): ReadonlyMap<string, number> {
    return this.#database.committed.deadCounts()
  }

  outcomeCount(): number {
    return this.#database.committed.outcomeCount()
  }

  async flushed(): Promise<number> {
    await undefined
    return this.#database.flush()
  }

  async forget(nowMs: number): Promise<number> {
    await undefined
    const before = this.outcomeCount()
    this.#database.commit((ledger) => ledger.forget(nowMs))
    return before - this.outcomeCount()
  }

  async close(): Promise<void> {
    this.#commit()
    this.#database.flush()
  }

  #commit(): void {
    const batches = this.#fed
    const lastLsn = batches.at(-1)?.lastLsn
    if (lastLsn === undefined) return
    this.#fed = []
    this.#lagBytes = 0
    this.#database.commit((ledger) => {
      for (const batch of batches) ledger.feed(batch)
    })
    for (const told of this.#listeners) queueMicrotask(() => told(lastLsn))
  }
}
