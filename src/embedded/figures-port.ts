/*
 * What is counted and measured of an engine and its queues. Types only.
 */

import type { QueueStats } from '../engine.ts'

/** Rise for as long as the process runs. */
export interface Counters {
  /** Messages taken into a queue. */
  readonly published: number
  readonly publishedBytes: number
  /**
   * Of them durable and confirmed; transient ones count at once. By queue it is `published`: a message is
   * confirmed a group commit after it was taken, if at all.
   */
  readonly confirmed: number
  /** Refused: queue full, disk full, too large, unroutable. */
  readonly refused: number
  /** Handed to consumers, first and again. */
  readonly delivered: number
  readonly redelivered: number
  /** Settled by consumers in whatever way. */
  readonly settled: number
  /** Outcomes stored: came home. */
  readonly outcomes: number
  /** Of them other than `ok`. */
  readonly failed: number
}

export interface QueueFigures extends QueueStats, Counters {
  readonly durable: boolean
  readonly paused: boolean
  /** Bytes of the bodies that wait, where the settings limit them; they are not counted elsewhere. */
  readonly readyBytes: number | undefined
  /** Callback queues (`callback:NAME`) and others that the engine keeps for itself. */
  readonly kind: 'queue' | 'callback' | 'internal'
  /** Accepted at, of the oldest message that waits in memory; undefined when there is none or it is not known without the disk. */
  readonly oldestReadyAtMs: number | undefined
}

export interface ConsumerFigures {
  readonly consumer: string | undefined
  readonly connection: string | undefined
  readonly user: string | undefined
  /** Infinity for none. */
  readonly prefetch: number
  readonly unsettled: number
  readonly acknowledges: boolean
  readonly priority: number
  /** False for those behind a single active consumer, and while it is stopping. */
  readonly active: boolean
}

/** How long things took. Percentiles are of the last `overMs`, upper bounds of 1/16 relative error. */
export interface TimeFigures {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly overMs: number
}

/** How long things took since the engine was opened. */
export interface TimeTotals {
  /** How many took up to each of the times that were asked for. */
  readonly upTo: readonly number[]
  readonly count: number
  readonly sumMs: number
}

export interface Figures extends Counters {
  readonly atMs: number
  /** Since when the counters count: the start of the engine. */
  readonly sinceMs: number
  readonly queues: number
  readonly consumers: number
  readonly pausedQueues: number
  readonly ready: number
  readonly unsettled: number
  readonly delayed: number
  readonly dead: number
  /** Outcomes in queues of callbacks. */
  readonly notHome: number
  /** Failed outcomes by code. */
  readonly failedByCode: ReadonlyMap<string, number>
  /** From accepted to the outcome's being durable. */
  readonly roundTrip: TimeFigures
  /** One write with its sync. */
  readonly sync: TimeFigures
  readonly journal: {
    readonly bytes: number
    readonly segments: number
    /** Bytes of the records that are still needed. */
    readonly liveBytes: number
    readonly lastLsn: number
    readonly diskFull: boolean
  }
  readonly ledger: {
    readonly outcomes: number
    readonly appliedLsn: number
    /** Bytes that it was handed and has not stored. */
    readonly lagBytes: number
  }
  readonly memory: {
    readonly indexBytes: number
    readonly heapBytes: number
    readonly rssBytes: number
  }
}

/** What charts are drawn from: rates per second between two samples, and gauges at its end. */
export interface FiguresSample {
  readonly atMs: number
  readonly published: number
  readonly publishedBytes: number
  readonly confirmed: number
  readonly refused: number
  readonly delivered: number
  readonly redelivered: number
  readonly settled: number
  readonly outcomes: number
  readonly failed: number
  readonly ready: number
  readonly unsettled: number
  readonly delayed: number
  readonly roundTripP50Ms: number
  readonly roundTripP99Ms: number
  readonly syncP50Ms: number
  readonly syncP99Ms: number
  readonly journalBytes: number
  readonly ledgerLagBytes: number
  readonly rssBytes: number
}

export type HistoryStep = '1s' | '10s' | '1m'

/** Oldest first: 1 s for 5 minutes, 10 s for 1 hour, 1 min for 24 hours. */
export interface FiguresHistoryPort {
  /** Takes a sample; whoever owns the timer calls it once a second. */
  sample(): void
  samples(step: HistoryStep): readonly FiguresSample[]
  /** The same by queue, but for `1m`; undefined for a queue that was idle ever since. */
  queueSamples(queue: string, step: HistoryStep): readonly QueueSample[] | undefined
}

export interface QueueSample {
  readonly atMs: number
  readonly published: number
  readonly delivered: number
  readonly settled: number
  readonly outcomes: number
  readonly failed: number
  readonly ready: number
  readonly unsettled: number
  readonly delayed: number
}
