/*
 * The ledger's database in a simulation: kept in memory, stored late, and cut back by a power cut.
 *
 *   feed ──▶ (time passes) ──▶ applied ──▶ flushed: survives a power cut
 *
 * Rule: a power cut keeps what was flushed and any further batches in their order; a killed process
 * keeps what was applied. So it is behind by any number of batches, and never has a hole.
 */

import type { Clock } from '../../src/clock.ts'
import type { Ledger, LedgerBatch } from '../../src/embedded/ledger/ledger.ts'
import { MemoryLedger } from '../../src/embedded/ledger/memory-ledger.ts'
import type { DeadLetterFilter, OutcomeFilter } from '../../src/engine.ts'
import type { RandomSource } from '../../src/testing/random.ts'
import type { LedgerDatabase } from './system.ts'

const applyMsMax = 30

export class SimulatedDatabase implements LedgerDatabase {
  /** Everything up to the last flush. */
  readonly #flushed: MemoryLedger
  readonly #clock: Clock
  readonly #random: RandomSource
  #opened: OpenLedger | undefined

  constructor(clock: Clock, random: RandomSource, flushed = emptyLedger()) {
    this.#clock = clock
    this.#random = random
    this.#flushed = flushed
  }

  open(clock: Clock = this.#clock): Ledger {
    const stored = this.#opened?.found(this.#random, 'kill') ?? this.#flushed
    this.#opened = new OpenLedger(stored, clock, this.#random.fork())
    return this.#opened
  }

  afterCrash(random: RandomSource, how: 'power' | 'kill'): LedgerDatabase {
    const opened = this.#opened
    const found = opened === undefined ? this.#flushed.reopened() : opened.found(random, how)
    return new SimulatedDatabase(this.#clock, random.fork(), found)
  }
}

const emptyLedger = (): MemoryLedger =>
  new MemoryLedger({
    retention: { retainMs: Number.POSITIVE_INFINITY, retainCount: 1_000_000 },
  })

class OpenLedger implements Ledger {
  readonly openedAtLsn: number
  readonly #applied: MemoryLedger
  #flushed: MemoryLedger
  readonly #clock: Clock
  readonly #random: RandomSource
  /** Fed and not applied. */
  readonly #waiting: LedgerBatch[] = []
  /** Applied and not flushed. */
  #unflushed: LedgerBatch[] = []
  #listeners: ((lsn: number) => void)[] = []
  #lagBytes = 0
  #busy = false
  #whenIdle: (() => void)[] = []

  constructor(flushed: MemoryLedger, clock: Clock, random: RandomSource) {
    this.#flushed = flushed
    this.#applied = flushed.reopened()
    this.openedAtLsn = this.#applied.openedAtLsn
    this.#clock = clock
    this.#random = random
  }

  /** What the next start finds. */
  found(random: RandomSource, how: 'power' | 'kill'): MemoryLedger {
    if (how === 'kill') return this.#applied.reopened()
    const kept = this.#flushed.reopened()
    for (const batch of this.#unflushed.slice(0, random.below(this.#unflushed.length + 1))) {
      kept.feed(batch)
    }
    return kept.reopened()
  }

  feed(batch: LedgerBatch): void {
    // The bytes are the journal's, which may use them again.
    this.#waiting.push({ ...batch, events: batch.events.slice() })
    this.#lagBytes += batch.events.length
    this.#applyLater()
  }

  #applyLater(): void {
    if (this.#busy) return
    this.#busy = true
    this.#clock.after(this.#random.unit() * applyMsMax, () => {
      this.#busy = false
      const count = this.#random.between(1, this.#waiting.length)
      for (const batch of this.#waiting.splice(0, count)) this.#apply(batch)
      if (this.#waiting.length > 0) this.#applyLater()
      else for (const idle of this.#whenIdle.splice(0)) idle()
    })
  }

  #apply(batch: LedgerBatch): void {
    this.#applied.feed(batch)
    this.#unflushed.push(batch)
    this.#lagBytes -= batch.events.length
    for (const told of this.#listeners) told(batch.lastLsn)
  }

  onApplied(told: (lsn: number) => void): void {
    this.#listeners.push(told)
  }

  lagBytes(): number {
    return this.#lagBytes
  }

  find(id: string) {
    return this.#applied.find(id)
  }

  outcomes(filter: OutcomeFilter) {
    return this.#applied.outcomes(filter)
  }

  deadLetters(filter: DeadLetterFilter) {
    return this.#applied.deadLetters(filter)
  }

  deadCounts() {
    return this.#applied.deadCounts()
  }

  outcomeCount(): number {
    return this.#applied.outcomeCount()
  }

  async flushed(): Promise<number> {
    const state = this.#applied.reopened()
    const covered = this.#unflushed.length
    await new Promise<void>((resolve) => {
      this.#clock.after(this.#random.unit() * 5, resolve)
    })
    this.#flushed = state
    this.#unflushed = this.#unflushed.slice(covered)
    return state.openedAtLsn
  }

  forget(nowMs: number): Promise<number> {
    return this.#applied.forget(nowMs)
  }

  async close(): Promise<void> {
    if (this.#busy) await new Promise<void>((resolve) => this.#whenIdle.push(resolve))
    await this.flushed()
  }
}
