/*
 * Outcomes on their way: from the journal into memory, to those who wait, and into the ledger.
 *
 *   final record ── sync ──▶ recent ──▶ waiters
 *          └─────── sync ──▶ ledger (behind, in batches) ──▶ recent may forget
 *
 * Rule: nothing is in `recent`, and nobody is told, before the record is durable (invariant 24).
 * An outcome leaves `recent` only when the ledger can answer for it.
 */

import { limits } from '../limits.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { ByteWriter } from './journal/bytes.ts'
import type { Journal } from './journal/journal.ts'
import type { Ledger, LedgerAnswer } from './ledger/ledger.ts'
import { type dropKind, type outcomeKind, writeLedgerEvent } from './ledger/ledger-event.ts'
import { RecentOutcomes } from './recent-outcomes.ts'

type Told = (outcome: StoredOutcome) => void

/** What one group commit has for the ledger. */
interface Feed {
  readonly events: ByteWriter
  readonly batch: number
  lastLsn: number
}

const firstFeedBytes = 16 * 1024

export class Outcomes {
  readonly #journal: Journal
  readonly ledger: Ledger
  readonly #recent: RecentOutcomes
  readonly #waiters = new Map<string, Told[]>()
  #feed: Feed | undefined
  #appliedLsn: number
  #fedLsn = 0
  #applied: (() => void)[] = []
  #drained: (() => void)[] = []

  constructor(journal: Journal, ledger: Ledger, recentMax: number) {
    this.#journal = journal
    this.ledger = ledger
    this.#recent = new RecentOutcomes(recentMax)
    this.#appliedLsn = ledger.openedAtLsn
    ledger.onApplied((lsn) => {
      this.#appliedLsn = lsn
      this.#recent.trim(lsn)
      this.#tellDrained()
      this.#tellApplied()
    })
  }

  /** Outcomes known and not yet in the ledger pile up: senders wait for `drained()`. */
  get lagging(): boolean {
    return this.ledger.lagBytes() > limits.ledgerLagBytesMax
  }

  drained(): Promise<void> {
    return this.lagging ? new Promise((resolve) => this.#drained.push(resolve)) : Promise.resolve()
  }

  /** Feeds the record just appended to the ledger, once its batch is durable. */
  feedLast(lsn: number, kind: typeof outcomeKind | typeof dropKind): void {
    const journal = this.#journal
    let feed = this.#feed
    if (feed?.batch !== journal.batch) {
      feed = { events: new ByteWriter(firstFeedBytes), batch: journal.batch, lastLsn: lsn }
      this.#feed = feed
      this.#feedWhenDurable(feed)
    }
    feed.lastLsn = lsn
    writeLedgerEvent(feed.events, lsn, kind, journal.lastPayload())
  }

  #feedWhenDurable(feed: Feed): void {
    this.#journal.whenDurable((error) => {
      if (error) return
      this.#fedLsn = feed.lastLsn
      this.ledger.feed({ events: feed.events.taken(), lastLsn: feed.lastLsn })
    })
  }

  /** The outcome is durable now. */
  show(outcome: StoredOutcome, lsn: number): void {
    this.#recent.add(outcome, lsn)
    if (lsn > this.#fedLsn) this.#fedLsn = lsn
    const waiters = this.#waiters.get(outcome.id)
    if (!waiters) return
    this.#waiters.delete(outcome.id)
    for (const told of waiters) told(outcome)
  }

  find(id: string): LedgerAnswer {
    const outcome = this.#recent.get(id)
    return outcome ? { state: 'final', outcome } : this.ledger.find(id)
  }

  recent(id: string): StoredOutcome | undefined {
    return this.#recent.get(id)
  }

  /** Resolves when the ledger has stored everything that is durable now. */
  async caughtUp(): Promise<void> {
    const lsn = this.#fedLsn
    while (this.#appliedLsn < lsn) {
      await new Promise<void>((resolve) => this.#applied.push(resolve))
    }
  }

  /** Waits for an outcome that is not there yet. Returns how to stop waiting. */
  wait(id: string, told: Told): () => void {
    const waiters = this.#waiters.get(id)
    if (waiters) waiters.push(told)
    else this.#waiters.set(id, [told])
    return () => {
      const left = this.#waiters.get(id)?.filter((one) => one !== told)
      if (left === undefined) return
      if (left.length > 0) this.#waiters.set(id, left)
      else this.#waiters.delete(id)
    }
  }

  #tellApplied(): void {
    const applied = this.#applied
    this.#applied = []
    for (const resolve of applied) resolve()
  }

  #tellDrained(): void {
    if (this.#drained.length === 0 || this.lagging) return
    const drained = this.#drained
    this.#drained = []
    for (const resolve of drained) resolve()
  }
}
