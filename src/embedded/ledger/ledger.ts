/*
 * The ledger: the database of outcomes and dead letters, by message id.
 *
 * The journal is the truth; the ledger is fed from it, in order, in batches, and stores in the same
 * transaction up to which log sequence number (LSN) it has come. After a crash it is simply behind,
 * and is fed the rest again: entries it already has are skipped by LSN.
 * A journal segment is deleted only after `flushed()` has returned an LSN past it.
 */

import type { DeadLetter, OutcomeFilter } from '../../engine.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import type { DeadLettersWanted, OutcomeSearch, OutcomesFound } from './ledger-search.ts'
import type { FailureCounts, FailureRange, LedgerStory } from './ledger-story.ts'

/** Framed ledger events, as `ledger-event.ts` encodes them; one journal record makes one event. */
export interface LedgerBatch {
  readonly events: Uint8Array
  /** LSN of the last event in it. */
  readonly lastLsn: number
}

export interface Retention {
  /** Outcomes older than this are forgotten. */
  readonly retainMs: number
  /** More than this many: the oldest are forgotten. */
  readonly retainCount: number
}

export type LedgerAnswer =
  | { readonly state: 'final'; readonly outcome: StoredOutcome }
  | { readonly state: 'forgotten' }
  | undefined

export interface Ledger {
  /** LSN of the last event stored when the ledger was opened. */
  readonly openedAtLsn: number
  /** LSN of the last event stored: entries up to there can be found by `find`. */
  readonly appliedLsn: number
  /** Takes a batch; `applied` moves on when it is stored. Never blocks. */
  feed(batch: LedgerBatch): void
  /** Called after each batch that is stored from now on, with its last LSN. */
  onApplied(told: (lsn: number) => void): void
  /** Bytes fed and not yet stored. */
  lagBytes(): number
  /** Reads what is stored. Synchronous: the hot path of sender-chosen ids. */
  find(id: string): LedgerAnswer
  outcomes(filter: OutcomeFilter): readonly StoredOutcome[]
  /** What is kept of a message beside its outcome; of one without an outcome its attempts so far. */
  story(id: string): LedgerStory
  /** The newest failures in that range, grouped; a bounded number of them is looked at. */
  failures(range: FailureRange): FailureCounts
  /** Outcomes whose ids begin so, in the order of their ids; a bounded number of them is looked at. */
  search(filter: OutcomeSearch): OutcomesFound
  deadLetters(filter: DeadLettersWanted): readonly DeadLetter[]
  /** Dead letters per queue name. */
  deadCounts(): ReadonlyMap<string, number>
  outcomeCount(): number
  /** Forces what is stored to the disk; resolves with the LSN that is safe. */
  flushed(): Promise<number>
  /**
   * Copies what is stored now into a file of that path; false when nothing is stored yet. A ledger
   * without files has none.
   */
  backup?(path: string): Promise<boolean>
  /** Forgets by age and count now; resolves with how many. Also runs by itself. */
  forget(nowMs: number): Promise<number>
  /** Stores what was fed, then closes. Rejects when the database failed. */
  close(): Promise<void>
}
