/*
 * What the ledger's two threads say to each other. One request is under way at a time, and each has
 * one reply; the bytes of `events` travel to the worker and back, so that they are never copied
 * twice and never lost when the disk is full.
 */

import type { LedgerTrouble } from './ledger-trouble.ts'

export type LedgerRequest =
  /** Stores the events in the first `length` bytes, and that all up to `lastLsn` is stored. */
  | {
      readonly kind: 'apply'
      readonly events: ArrayBuffer
      readonly length: number
      readonly lastLsn: number
    }
  /** Forgets the oldest: those finished before the time and those above the count, at most `rows`. */
  | {
      readonly kind: 'forget'
      readonly beforeMs: number
      readonly keepCount: number
      readonly rows: number
    }
  | { readonly kind: 'flush' }
  | { readonly kind: 'close' }

export interface LedgerFacts {
  readonly appliedLsn: number
  readonly outcomes: number
  /** When the oldest and the newest outcome finished; NaN when there is none or it is not known. */
  readonly oldestMs: number
  readonly newestMs: number
  /** Rows the request stored or forgot. */
  readonly rows: number
}

export type LedgerReply =
  | { readonly ok: true; readonly facts: LedgerFacts; readonly events: ArrayBuffer | undefined }
  | {
      readonly ok: false
      readonly trouble: LedgerTrouble
      readonly events: ArrayBuffer | undefined
    }
