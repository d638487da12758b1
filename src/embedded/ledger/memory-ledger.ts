/*
 * The ledger of `memory:` engines and of simulations: the same answers as the SQLite ledger, kept in
 * two maps and two lists in the order of time.
 *
 *   outcomes  id ─▶ row      dead letters  id ─▶ row      forgotten ids, oldest first
 *
 * Rule: state changes inside `feed`, listeners hear of it in a microtask of their own, so that
 * `feed` never calls back into whoever feeds. It is bounded by its retention; of forgotten ids it
 * remembers the latest million (or `retainCount`, if more) and answers older ones as never seen.
 * After a crash it is gone, as is everything of a `memory:` engine.
 */

import type { DeadLetter, OutcomeFilter } from '../../engine.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { failureText } from './failure-text.ts'
import type { Ledger, LedgerAnswer, LedgerBatch, Retention } from './ledger.ts'
import { type LedgerEvent, readLedgerEvents } from './ledger-event.ts'
import { pageLimit, timeBound, unknownCursor } from './ledger-filter.ts'
import type { DeadLettersWanted, OutcomeSearch, OutcomesFound } from './ledger-search.ts'
import {
  type FailureCount,
  type FailureCounts,
  type FailureRange,
  failuresExaminedMax,
  type LedgerStory,
} from './ledger-story.ts'
import { MemoryStories } from './memory-stories.ts'
import { type TimedRow, TimeOrder } from './time-order.ts'

interface OutcomeRow extends TimedRow {
  readonly outcome: StoredOutcome
}

interface DeadRow extends TimedRow {
  readonly dead: DeadLetter
}

export interface MemoryLedgerOptions {
  readonly retention: Retention
}

const forgottenMin = 1_000_000

export function openMemoryLedger(options: MemoryLedgerOptions): MemoryLedger {
  return new MemoryLedger(options)
}

export class MemoryLedger implements Ledger {
  readonly openedAtLsn: number
  readonly #retention: Retention
  readonly #listeners: ((lsn: number) => void)[] = []
  #appliedLsn: number
  #arrivals = 0
  #outcomes = new Map<string, OutcomeRow>()
  #outcomeOrder = new TimeOrder<OutcomeRow>()
  #dead = new Map<string, DeadRow>()
  #deadOrder = new TimeOrder<DeadRow>()
  #deadCounts = new Map<string, number>()
  #forgotten = new Set<string>()
  #stories = new MemoryStories()

  constructor(options: MemoryLedgerOptions, openedAtLsn = 0) {
    this.#retention = options.retention
    this.openedAtLsn = openedAtLsn
    this.#appliedLsn = openedAtLsn
  }

  get appliedLsn(): number {
    return this.#appliedLsn
  }

  feed(batch: LedgerBatch): void {
    if (batch.lastLsn <= this.#appliedLsn) return
    let newestMs = Number.NEGATIVE_INFINITY
    for (const event of readLedgerEvents(batch.events)) {
      if (event.lsn <= this.#appliedLsn) continue
      this.#apply(event)
      if (event.kind === 'outcome') newestMs = Math.max(newestMs, event.outcome.finishedAtMs)
    }
    this.#appliedLsn = batch.lastLsn
    this.#forget(newestMs)
    const lsn = batch.lastLsn
    for (const told of this.#listeners) queueMicrotask(() => told(lsn))
  }

  onApplied(told: (lsn: number) => void): void {
    this.#listeners.push(told)
  }

  lagBytes(): number {
    return 0
  }

  find(id: string): LedgerAnswer {
    const row = this.#outcomes.get(id)
    if (row !== undefined) return { state: 'final', outcome: row.outcome }
    return this.#forgotten.has(id) ? { state: 'forgotten' } : undefined
  }

  outcomes(filter: OutcomeFilter): readonly StoredOutcome[] {
    const limit = pageLimit(filter)
    const sinceMs = timeBound(filter.finishedSinceMs, 'finishedSinceMs', Number.NEGATIVE_INFINITY)
    const beforeMs = timeBound(filter.finishedBeforeMs, 'finishedBeforeMs', Infinity)
    const from = this.#cursor(filter.after, this.#outcomes)
    if (from === 'forgotten') return []
    const page: StoredOutcome[] = []
    for (const { outcome } of this.#outcomeOrder.newestFirst(from)) {
      if (page.length >= limit || outcome.finishedAtMs < sinceMs) break
      if (outcome.finishedAtMs >= beforeMs) continue
      if (filter.queue !== undefined && outcome.queue !== filter.queue) continue
      if (hasCode(outcome, filter.code)) page.push(outcome)
    }
    return page
  }

  story(id: string): LedgerStory {
    return this.#stories.story(id)
  }

  failures(range: FailureRange): FailureCounts {
    const limit = failuresExaminedMax + 1
    const found = this.outcomes({ ...range, code: 'failed', limit })
    const examined = found.slice(0, failuresExaminedMax)
    const groups = Map.groupBy(examined, (one) =>
      JSON.stringify([one.queue, one.code, failureText(one)]),
    )
    return {
      groups: [...groups.values()].map(failureCount).sort(mostFrequentFirst),
      examined: examined.length,
      isComplete: found.length < limit,
    }
  }

  search(filter: OutcomeSearch): OutcomesFound {
    const limit = pageLimit(filter)
    const { idPrefix = '', after = '', ...others } = filter
    const found = this.outcomes({ ...others, limit: Number.POSITIVE_INFINITY })
      .filter(({ id }) => id.startsWith(idPrefix) && id > after)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
    const outcomes = found.slice(0, limit)
    return { outcomes, next: found.length > limit ? outcomes.at(-1)?.id : undefined }
  }

  deadLetters(filter: DeadLettersWanted): readonly DeadLetter[] {
    const limit = pageLimit(filter, filter.ids?.length)
    const from = this.#cursor(filter.after, this.#dead)
    if (from === 'forgotten') return []
    const ids = filter.ids === undefined ? undefined : new Set(filter.ids)
    const page: DeadLetter[] = []
    const sinceMs = timeBound(filter.diedSinceMs, 'diedSinceMs', Number.NEGATIVE_INFINITY)
    const beforeMs = timeBound(filter.diedBeforeMs, 'diedBeforeMs', Infinity)
    for (const { dead } of this.#deadOrder.newestFirst(from)) {
      if (page.length >= limit) break
      if (dead.diedAtMs < sinceMs || dead.diedAtMs >= beforeMs) continue
      if (filter.reason !== undefined && dead.reason !== filter.reason) continue
      if (!dead.message.id.startsWith(filter.idPrefix ?? '')) continue
      if (filter.queue !== undefined && dead.queue !== filter.queue) continue
      if (ids === undefined || ids.has(dead.message.id)) page.push(dead)
    }
    return page
  }

  deadCounts(): ReadonlyMap<string, number> {
    return new Map(this.#deadCounts)
  }

  outcomeCount(): number {
    return this.#outcomes.size
  }

  flushed(): Promise<number> {
    return Promise.resolve(this.#appliedLsn)
  }

  forget(nowMs: number): Promise<number> {
    return Promise.resolve(this.#forget(nowMs))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  /** The same state as a ledger of its own, as if opened again: what a simulated crash leaves. */
  reopened(): MemoryLedger {
    const copy = new MemoryLedger({ retention: this.#retention }, this.#appliedLsn)
    copy.#arrivals = this.#arrivals
    copy.#outcomes = new Map(this.#outcomes)
    copy.#outcomeOrder = this.#outcomeOrder.copy()
    copy.#dead = new Map(this.#dead)
    copy.#deadOrder = this.#deadOrder.copy()
    copy.#deadCounts = new Map(this.#deadCounts)
    copy.#forgotten = new Set(this.#forgotten)
    copy.#stories = this.#stories.copy()
    return copy
  }

  #apply(event: LedgerEvent): void {
    if (event.kind === 'drop') {
      for (const id of event.ids) this.#dropDead(id)
      return
    }
    if (event.kind === 'attempt') {
      if (!this.#forgotten.has(event.attempt.id)) this.#stories.attempted(event.attempt)
      return
    }
    const { outcome, deadLetter } = event
    const { id } = outcome
    if (this.#forgotten.has(id)) return
    const place = { atMs: outcome.finishedAtMs, arrival: this.#arrivals++ }
    if (!this.#outcomes.has(id)) {
      // The bytes fed belong to the journal, which reuses them.
      const row = { ...place, outcome: { ...outcome, body: copied(outcome.body) } }
      this.#outcomes.set(id, row)
      this.#outcomeOrder.insert(row)
      this.#stories.finished(event)
    }
    if (deadLetter !== undefined && !this.#dead.has(id)) this.#keepDead(id, place, deadLetter)
  }

  #keepDead(id: string, place: TimedRow, dead: DeadLetter): void {
    const message = { ...dead.message, body: copied(dead.message.body) }
    const row = { ...place, dead: { ...dead, message, error: copied(dead.error) } }
    this.#dead.set(id, row)
    this.#deadOrder.insert(row)
    this.#deadCounts.set(dead.queue, (this.#deadCounts.get(dead.queue) ?? 0) + 1)
  }

  #dropDead(id: string): void {
    const row = this.#dead.get(id)
    if (row === undefined) return
    this.#dead.delete(id)
    this.#deadOrder.delete(row)
    const { queue } = row.dead
    const left = (this.#deadCounts.get(queue) ?? 0) - 1
    if (left > 0) this.#deadCounts.set(queue, left)
    else this.#deadCounts.delete(queue)
  }

  #forget(nowMs: number): number {
    const { retainMs, retainCount } = this.#retention
    const rows = this.#outcomeOrder.takeOldest(nowMs - retainMs, retainCount)
    for (const { outcome } of rows) {
      this.#outcomes.delete(outcome.id)
      this.#dropDead(outcome.id)
      this.#stories.forget(outcome.id)
      this.#forgotten.add(outcome.id)
    }
    const forgottenMax = Math.max(retainCount, forgottenMin)
    if (this.#forgotten.size > forgottenMax) {
      let excess = this.#forgotten.size - forgottenMax
      for (const id of this.#forgotten) {
        if (excess-- === 0) break
        this.#forgotten.delete(id)
      }
    }
    return rows.length
  }

  /** Where a page starts; a dead letter dropped meanwhile still has its outcome's place. */
  #cursor(
    after: string | undefined,
    rows: ReadonlyMap<string, TimedRow>,
  ): TimedRow | undefined | 'forgotten' {
    if (after === undefined) return undefined
    const row = rows.get(after) ?? this.#outcomes.get(after)
    if (row !== undefined) return row
    // The oldest are forgotten first: nothing older than a forgotten row is left.
    if (this.#forgotten.has(after)) return 'forgotten'
    throw unknownCursor(after)
  }
}

function failureCount(group: readonly StoredOutcome[]): FailureCount {
  const [newest] = group as [StoredOutcome]
  return {
    queue: newest.queue,
    code: newest.code,
    message: failureText(newest) ?? '',
    count: group.length,
    firstAtMs: group.at(-1)?.finishedAtMs ?? 0,
    lastAtMs: newest.finishedAtMs,
    lastId: newest.id,
  }
}

const mostFrequentFirst = (a: FailureCount, b: FailureCount): number =>
  b.count - a.count || b.lastAtMs - a.lastAtMs

const copied = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

const hasCode = (outcome: StoredOutcome, code: string | undefined): boolean =>
  code === undefined || (code === 'failed' ? outcome.code !== 'ok' : outcome.code === code)
