import type { HomingError } from '../../errors.ts'
import type { Sync } from './segment-writer.ts'

export interface JournalOptions {
  readonly sync: Sync
  readonly segmentBytes: number
  readonly tailBytesMax: number
  readonly reserveBytes: number
  /** Told after each group commit, how long its write took. */
  readonly onCommit: (tookMs: number) => void
  /** Told when a segment got its last record. */
  readonly onSealed: (segment: number, lastLsn: number) => void
  /** Told once, when the journal has ended because the disk failed. */
  readonly onFailed: (error: HomingError) => void
}

/** Told when its record is durable, or with the error that ended the journal. */
export interface Waiter {
  durable(error: HomingError | undefined): void
}
