/*
 * What the ledger keeps of messages for people, beside their outcomes: attempts, parents, replays,
 * groups of failures.
 */

import type { AttemptRecord, StoredAttemptEnd } from '../journal/attempt-record.ts'

export interface LedgerStory {
  /** Those that did not end it, and those of its callbacks, oldest first. */
  readonly attempts: readonly AttemptRecord[]
  /** The attempt that ended it; undefined when none was under way, or format 1 has stored it. */
  readonly lastAttempt: LedgerAttempt | undefined
  readonly parentId: string | undefined
  readonly replayOf: string | undefined
  /** Names of the callbacks that its outcome went to. */
  readonly callbacks: readonly string[]
  /** Finished messages that its handler sent, newest first. */
  readonly childIds: readonly string[]
  /** The finished message that replays it, the newest of them. */
  readonly replayedAs: string | undefined
}

export interface LedgerAttempt {
  readonly end: StoredAttemptEnd
  readonly deliveredAtMs: number
  /** Name, connection and user, with U+001F between them. */
  readonly consumer: string
}

export interface FailureRange {
  readonly queue?: string
  readonly finishedSinceMs?: number
  readonly finishedBeforeMs?: number
}

/** Failures of one queue, code and message. */
export interface FailureCount {
  readonly queue: string
  readonly code: string
  /** Empty when they have none. */
  readonly message: string
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  /** Of the newest one. */
  readonly lastId: string
}

export interface FailureCounts {
  /** Most frequent first. */
  readonly groups: readonly FailureCount[]
  /** Failures that were looked at, the newest ones. */
  readonly examined: number
  /** There were no more. */
  readonly isComplete: boolean
}

/** Failures that one call looks at. */
export const failuresExaminedMax = 10_000
/** Attempts and children of one message that are listed. */
export const attemptsListedMax = 2_000
export const childrenListedMax = 100

/** Of a ledger that has nothing yet. */
export const noStory: LedgerStory = {
  attempts: [],
  lastAttempt: undefined,
  parentId: undefined,
  replayOf: undefined,
  callbacks: [],
  childIds: [],
  replayedAs: undefined,
}
export const noFailures: FailureCounts = { groups: [], examined: 0, isComplete: true }
