import type { Retention } from '../embedded/ledger/ledger.ts'
import { limits } from '../limits.ts'

export interface SharedLedgerOptions {
  /** How long, and how many, outcomes are kept. Default 7 days and 10,000,000. */
  readonly retention?: Retention
  /** How long a claim holds. The same in all processes of one ledger; default 10 s. */
  readonly claimMs?: number
  /** How long a call waits for a database that is locked or cannot be reached; default 30 s. */
  readonly patienceMs?: number
  /** Told what no caller can be told: that a connection was lost, or is there again. */
  readonly onProblem?: (text: string) => void
}

/** Options as a ledger uses them. */
export type SharedLedgerSettings = Required<SharedLedgerOptions>

export const sharedLedgerSettings = (options: SharedLedgerOptions): SharedLedgerSettings => ({
  retention: options.retention ?? {
    retainMs: limits.retainMsDefault,
    retainCount: limits.retainCountMax,
  },
  claimMs: options.claimMs ?? 10_000,
  patienceMs: options.patienceMs ?? 30_000,
  onProblem: options.onProblem ?? (() => undefined),
})

/** Rows that one step of forgetting removes, so that nobody waits long for it. */
export const forgetRowsMax = 1_000
/** Time between two runs of forgetting in one process. */
export const forgetEveryMs = 60_000
/** Rows that `unsent`, `unpublished` and `overdue` hand out when not told how many. */
export const handOutDefault = 100
