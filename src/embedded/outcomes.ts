/*
 * Outcomes on their way: from the journal to those who wait, and into the ledger.
 *
 *   final record ── sync ──▶ waiters
 *          ├─────── sync ──▶ recent: where its record lies, until the ledger has it
 *          └─────── sync ──▶ ledger (behind, in batches)
 *
 * Rule: nothing is in `recent`, and nobody is told, before the record is durable (invariant 24).
 */

import { ByteReader, ByteWriter } from '../bytes.ts'
import type { Clock, Timer } from '../clock.ts'
import { limits } from '../limits.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { readFinal } from './journal/final-record.ts'
import type { Journal } from './journal/journal.ts'
import { frameBytes } from './journal/record.ts'
import type { Ledger, LedgerAnswer } from './ledger/ledger.ts'
import { type LedgerEventKind, writeLedgerEvent } from './ledger/ledger-event.ts'
import { readPlace } from './read-place.ts'
import { RecentOutcomes } from './recent-outcomes.ts'

type Told = (outcome: StoredOutcome) => void

/** What one group commit has for the ledger. */
interface Feed {
  readonly events: ByteWriter
  readonly batch: number
  lastLsn: number
}

const catchUpMsMax = 2_000
/** The ledger is handed this much at once, or what came within that time. */
const feedBytes = 256 * 1024
const feedMs = 10
const firstFeedBytes = 4 * 1024

export interface OutcomesParts {
  readonly journal: Journal
  readonly ledger: Ledger
  readonly clock: Clock
  readonly hash: (id: string) => number
  readonly onProblem: (text: string) => void
}

export class Outcomes {
  readonly #journal: Journal
  readonly #clock: Clock
  readonly ledger: Ledger
  readonly #hash: (id: string) => number
  readonly #onProblem: (text: string) => void
  readonly #recent = new RecentOutcomes()
  readonly #waiters = new Map<string, Told | Told[]>()
  #feed: Feed | undefined
  /** Durable, and not handed to the ledger yet. */
  #durable: Feed[] = []
  #durableBytes = 0
  #feedTimer: Timer | undefined
  #appliedLsn: number
  #fedLsn = 0
  #applied: (() => void)[] = []
  #drained: (() => void)[] = []

  constructor(parts: OutcomesParts) {
    this.#journal = parts.journal
    this.#clock = parts.clock
    this.ledger = parts.ledger
    this.#hash = parts.hash
    this.#onProblem = parts.onProblem
    // Recovery has fed it, and it may have stored that already.
    this.#appliedLsn = this.ledger.appliedLsn
    this.ledger.onApplied((lsn) => {
      this.#appliedLsn = Math.max(this.#appliedLsn, lsn)
      this.#recent.trim(this.#appliedLsn)
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
  feedLast(lsn: number, kind: LedgerEventKind): void {
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
      this.#durable.push(feed)
      this.#durableBytes += feed.events.length
      if (this.#durableBytes >= feedBytes) this.#feedNow()
      else this.#feedTimer ??= this.#clock.after(feedMs, () => this.#feedNow())
    })
  }

  /** Hands what is durable to the ledger: few large batches, however small the commits were. */
  #feedNow(): void {
    this.#feedTimer?.cancel()
    this.#feedTimer = undefined
    const feeds = this.#durable
    const last = feeds.at(-1)
    if (!last) return
    this.#durable = []
    this.#durableBytes = 0
    const events =
      feeds.length === 1
        ? last.events.taken()
        : Buffer.concat(feeds.map(({ events }) => events.taken()))
    this.ledger.feed({ events, lastLsn: last.lastLsn })
  }

  /** Hands over the rest; the journal is closed. */
  async close(): Promise<void> {
    this.#feedNow()
    await this.ledger.close()
  }

  /** LSN up to which the ledger is safe on disk. */
  flushed(): Promise<number> {
    this.#feedNow()
    return this.ledger.flushed()
  }

  /** The record of an outcome is durable: it is found by its id from now on. */
  add(hash: number, segment: number, from: number, lsn: number): void {
    if (lsn > this.#appliedLsn) this.#recent.add(hash, segment, from, lsn)
    if (lsn > this.#fedLsn) this.#fedLsn = lsn
  }

  /** Recovery handed the ledger everything up to there: outcomes, and dead letters taken away. */
  handed(lsn: number): void {
    if (lsn > this.#fedLsn) this.#fedLsn = lsn
  }

  /** Tells those who wait for it. */
  tell(outcome: StoredOutcome): void {
    const waiting = this.#waiters.get(outcome.id)
    if (!waiting) return
    this.#waiters.delete(outcome.id)
    if (typeof waiting === 'function') this.#tellOne(waiting, outcome)
    else for (const told of waiting) this.#tellOne(told, outcome)
  }

  /** Who throws keeps nobody else from being told, and no commit from ending. */
  #tellOne(told: Told, outcome: StoredOutcome): void {
    try {
      told(outcome)
    } catch (error) {
      this.#onProblem(`who waited for the outcome of ${outcome.id} threw: ${error}`)
    }
  }

  /** The answer, or `unread` when a record must be read from disk to be sure: then ask `lookUp`. */
  find(id: string): LedgerAnswer | 'unread' {
    let unread = false
    for (const place of this.#recent.places(this.#hash(id))) {
      const record = this.#journal.peek(place.segment, place.from)
      if (!record) unread = true
      else {
        const { outcome } = readFinal(new ByteReader(record, frameBytes))
        if (outcome.id === id) return { state: 'final', outcome }
      }
    }
    return unread ? 'unread' : this.ledger.find(id)
  }

  async lookUp(id: string): Promise<LedgerAnswer> {
    const places = () => this.#recent.places(this.#hash(id))
    for (const place of places()) {
      const record = await readPlace(this.#journal, place, places)
      if (!record) return this.lookUp(id)
      const { outcome } = readFinal(new ByteReader(record, frameBytes))
      if (outcome.id === id) return { state: 'final', outcome }
    }
    return this.ledger.find(id)
  }

  /** Resolves when the ledger has stored everything that is durable now. */
  async applied(): Promise<void> {
    this.#feedNow()
    const lsn = this.#fedLsn
    while (this.#appliedLsn < lsn) {
      await new Promise<void>((resolve) => this.#applied.push(resolve))
    }
  }

  /** The same, but a ledger that is held up is waited for only so long: reading goes on without. */
  async caughtUp(): Promise<void> {
    if (this.#appliedLsn >= this.#fedLsn) return
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(catchUpMsMax, resolve)
      void this.applied().then(() => {
        timer.cancel()
        resolve()
      })
    })
  }

  /** Waits for an outcome that is not there yet. Returns how to stop: true when it was still waiting. */
  wait(id: string, told: Told): () => boolean {
    const waiting = this.#waiters.get(id)
    if (waiting === undefined) this.#waiters.set(id, told)
    else if (typeof waiting === 'function') this.#waiters.set(id, [waiting, told])
    else waiting.push(told)
    return () => this.#stopWaiting(id, told)
  }

  #stopWaiting(id: string, told: Told): boolean {
    const waiting = this.#waiters.get(id)
    if (waiting === told) return this.#waiters.delete(id)
    if (!Array.isArray(waiting) || !waiting.includes(told)) return false
    waiting.splice(waiting.indexOf(told), 1)
    if (waiting.length === 0) this.#waiters.delete(id)
    return true
  }

  #tellApplied(): void {
    const applied = this.#applied
    this.#applied = []
    for (const resolve of applied) resolve()
  }

  #tellDrained(): void {
    if (this.#drained.length > 0 && !this.lagging) this.letGo()
  }

  /** Whoever waits for the ledger goes on, and finds out for himself how things stand. */
  letGo(): void {
    const drained = this.#drained
    this.#drained = []
    for (const resolve of drained) resolve()
  }
}
