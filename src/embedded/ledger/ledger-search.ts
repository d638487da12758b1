/*
 * What people look for in the ledger, beyond what the engine port offers.
 */

import type { DeadLetterFilter, OutcomeFilter } from '../../engine.ts'
import type { StoredOutcome } from '../../message/outcome.ts'

export interface OutcomeSearch extends OutcomeFilter {
  readonly idPrefix?: string
}

export interface OutcomesFound {
  readonly outcomes: readonly StoredOutcome[]
  /** For `after` of the next page; undefined when all were looked at. */
  readonly next: string | undefined
}

export interface DeadLettersWanted extends DeadLetterFilter {
  readonly reason?: string
  readonly idPrefix?: string
  readonly diedSinceMs?: number
  readonly diedBeforeMs?: number
}

/** Rows that one search looks at. */
export const searchedRowsMax = 10_000

/** Ids that begin so are at least the prefix and less than this. */
export const prefixEnd = (prefix: string): string => `${prefix}\u{10ffff}`
