/*
 * Figures: what is counted and measured.
 *
 *   GET    /api/figures                             monitoring   ?range=5m|1h|24h   200 `figuresHistory`
 *   GET    /api/figures/queues                      user         200 `queueList`: every queue the user may see, callbacks' too
 *   GET    /api/queues/{vhost}/{queue}/figures      user         ?range=5m|1h|24h   200 `queueHistory`
 *   GET    /api/events                              user         server-sent events, one round a second
 *            ?figures=true                `figures`, data `liveFigures` (monitoring only)
 *            ?queues=true                 `queues`, data `liveQueues`: all of them first, then those that changed
 *            ?vhost=&queue=               `queue`, data `liveQueue`: one queue with its consumers
 *
 * Rates are per second, gauges are those at the end of the sample. A range of 5 minutes has a sample for each
 * second, 1 hour one for 10 seconds, 24 hours one for each minute; of single queues 24 hours are not kept,
 * and there are no samples of one that did nothing since the start.
 */

import { z } from 'zod'
import { count, timeMs } from './shared-shapes.ts'

export const range = z.enum(['5m', '1h', '24h'])
export type Range = z.infer<typeof range>

const counters = {
  published: count,
  publishedBytes: count,
  confirmed: count,
  refused: count,
  delivered: count,
  redelivered: count,
  settled: count,
  /** Came home. */
  outcomes: count,
  failed: count,
}

export const times = z.object({
  count,
  p50Ms: z.number(),
  p99Ms: z.number(),
  maxMs: z.number(),
  overMs: z.number(),
})

export const figures = z.object({
  atMs: timeMs,
  sinceMs: timeMs,
  ...counters,
  queues: count,
  consumers: count,
  pausedQueues: count,
  ready: count,
  unsettled: count,
  delayed: count,
  dead: count,
  notHome: count,
  failedByCode: z.record(z.string(), count),
  /** From accepted to its outcome's being on disk. */
  roundTrip: times,
  sync: times,
  journal: z.object({
    bytes: count,
    segments: count,
    liveBytes: count,
    lastLsn: count,
    diskFull: z.boolean(),
  }),
  ledger: z.object({ outcomes: count, appliedLsn: count, lagBytes: count }),
  memory: z.object({ indexBytes: count, heapBytes: count, rssBytes: count }),
})
export type FiguresJson = z.infer<typeof figures>

export const sample = z.object({
  atMs: timeMs,
  published: z.number(),
  publishedBytes: z.number(),
  confirmed: z.number(),
  refused: z.number(),
  delivered: z.number(),
  redelivered: z.number(),
  settled: z.number(),
  outcomes: z.number(),
  failed: z.number(),
  ready: count,
  unsettled: count,
  delayed: count,
  roundTripP50Ms: z.number(),
  roundTripP99Ms: z.number(),
  syncP50Ms: z.number(),
  syncP99Ms: z.number(),
  journalBytes: count,
  ledgerLagBytes: count,
  rssBytes: count,
})
export type SampleJson = z.infer<typeof sample>

/** The server around the engine. */
export const serverState = z.object({
  startedAtMs: timeMs,
  version: z.string(),
  connections: count,
  /** Why publishers are blocked. */
  blockedFor: z.string().optional(),
  isStopping: z.boolean(),
})
export type ServerStateJson = z.infer<typeof serverState>

export const figuresHistory = z.object({
  range,
  /** Milliseconds between two samples. */
  stepMs: count,
  samples: z.array(sample),
  now: figures,
  server: serverState,
})
export type FiguresHistoryJson = z.infer<typeof figuresHistory>

/** `figures` events; `sample` is absent before the first second has passed. */
export const liveFigures = z.object({
  now: figures,
  sample: sample.optional(),
  server: serverState,
})
export type LiveFiguresJson = z.infer<typeof liveFigures>

export const queueSample = z.object({
  atMs: timeMs,
  published: z.number(),
  delivered: z.number(),
  settled: z.number(),
  outcomes: z.number(),
  failed: z.number(),
  ready: count,
  unsettled: count,
  delayed: count,
})
export type QueueSampleJson = z.infer<typeof queueSample>

export const queueRow = z.object({
  vhost: z.string(),
  name: z.string(),
  kind: z.enum(['queue', 'callback', 'internal']),
  durable: z.boolean(),
  paused: z.boolean(),
  ready: count,
  /** Of the bodies, where the settings of the queue limit them. */
  readyBytes: count.optional(),
  unsettled: count,
  delayed: count,
  dead: count,
  consumers: count,
  oldestReadyAtMs: timeMs.optional(),
  accepted: count,
  ...counters,
  /** Of the last second; absent before two were sampled. */
  rates: z
    .object({
      published: z.number(),
      delivered: z.number(),
      settled: z.number(),
      outcomes: z.number(),
      failed: z.number(),
    })
    .optional(),
})
export type QueueRowJson = z.infer<typeof queueRow>

export const queueList = z.object({ atMs: timeMs, queues: z.array(queueRow) })
export type QueueListJson = z.infer<typeof queueList>

export const liveQueues = z.object({
  atMs: timeMs,
  /** True when these are all there are; otherwise those that changed since the event before. */
  all: z.boolean(),
  queues: z.array(queueRow),
  /** Queues that are there no more. */
  gone: z.array(z.object({ vhost: z.string(), name: z.string() })),
})
export type LiveQueuesJson = z.infer<typeof liveQueues>

export const consumer = z.object({
  consumer: z.string().optional(),
  connection: z.string().optional(),
  user: z.string().optional(),
  /** Absent for no limit. */
  prefetch: count.optional(),
  unsettled: count,
  acknowledges: z.boolean(),
  priority: z.int(),
  active: z.boolean(),
})
export type ConsumerJson = z.infer<typeof consumer>

export const queueHistory = z.object({
  range,
  stepMs: count,
  samples: z.array(queueSample),
  now: queueRow,
  consumers: z.array(consumer),
})
export type QueueHistoryJson = z.infer<typeof queueHistory>

/** `queue` events. */
export const liveQueue = z.object({
  now: queueRow,
  sample: queueSample.optional(),
  consumers: z.array(consumer),
})
export type LiveQueueJson = z.infer<typeof liveQueue>
