/*
 * What an engine counts and measures, put together when somebody asks: the work of one loop over the
 * queues. What must be asked of the ledger's file is asked once a second at most.
 */

import { awaitedReplies } from '../message/message.ts'
import { baseName } from '../scoped-name.ts'
import { isCallbackQueue } from './attempts.ts'
import type { Core } from './core.ts'
import type {
  ConsumerFigures,
  Counters,
  Figures,
  QueueFigures,
  TimeTotals,
} from './figures-port.ts'
import type { LiveQueue, Subscriber } from './live-queue.ts'
import { entryStates } from './queue/entry.ts'
import { SegmentSizes } from './segment-sizes.ts'
import { namesOf } from './shown-message.ts'
import { addTally, type QueueTally } from './tally.ts'

const askLedgerMs = 1_000

export class FiguresReading {
  readonly #core: Core
  readonly #sinceMs: number
  readonly #sizes: SegmentSizes
  #ledgerAtMs = Number.NEGATIVE_INFINITY
  #dead: ReadonlyMap<string, number> = new Map()
  #outcomes = 0

  constructor(core: Core) {
    this.#core = core
    this.#sinceMs = core.nowMs()
    this.#sizes = new SegmentSizes(core.journal)
  }

  queues(): QueueFigures[] {
    this.#askLedger()
    return [...this.#core.state.queues.values()].map((live) => this.#queue(live))
  }

  queue(live: LiveQueue): QueueFigures {
    this.#askLedger()
    return this.#queue(live)
  }

  consumers(live: LiveQueue): ConsumerFigures[] {
    const served = live.queue.settings.singleActive ? live.subscribers[0] : undefined
    return live.subscribers.map((one) => consumerFigures(one, served))
  }

  figures(): Figures {
    this.#askLedger()
    const { state, journal, outcomes, tally, nowMs } = this.#core
    const atMs = nowMs()
    const sum = { ...tally.deleted }
    const gauges = { ready: 0, unsettled: 0, delayed: 0, notHome: 0, consumers: 0, paused: 0 }
    for (const live of state.queues.values()) addQueue(live, sum, gauges)
    const { paused, ...standing } = gauges
    const segments = state.segments.all()
    return {
      atMs,
      sinceMs: this.#sinceMs,
      ...countersOf(sum),
      published: tally.publishedCount,
      confirmed: tally.confirmed(journal.isIdle),
      refused: sum.refused + tally.refused,
      ...standing,
      queues: state.queues.size,
      pausedQueues: paused,
      dead: [...this.#dead.values()].reduce((all, count) => all + count, 0),
      failedByCode: new Map(tally.failedByCode),
      roundTrip: tally.roundTrip.figures(atMs),
      sync: tally.sync.figures(atMs),
      journal: {
        bytes: this.#sizes.bytes(segments.map(({ segment }) => segment)),
        segments: segments.length,
        liveBytes: segments.reduce((bytes, use) => bytes + use.liveBytes, 0),
        lastLsn: journal.lastLsn,
        diskFull: journal.full,
      },
      ledger: {
        outcomes: this.#outcomes,
        appliedLsn: outcomes.ledger.appliedLsn,
        lagBytes: outcomes.ledger.lagBytes(),
      },
      memory: { indexBytes: state.indexBytes(), ...memoryOfProcess() },
    }
  }

  times(upToMs: readonly number[]): { readonly roundTrip: TimeTotals; readonly sync: TimeTotals } {
    const { roundTrip, sync } = this.#core.tally
    return { roundTrip: roundTrip.totals(upToMs), sync: sync.totals(upToMs) }
  }

  #queue(live: LiveQueue): QueueFigures {
    const { queue } = live
    return {
      name: queue.name,
      kind: kindOf(queue.name),
      ready: queue.waiting,
      unsettled: queue.unsettled,
      delayed: queue.delayed,
      dead: this.#dead.get(queue.name) ?? 0,
      consumers: live.subscribers.length,
      accepted: live.accepted,
      ...countersOf(live),
      durable: live.durable,
      paused: live.paused,
      readyBytes: live.queue.settings.depthBytesMax === undefined ? undefined : live.readyBytes,
      oldestReadyAtMs: oldestReadyAtMs(live, this.#core),
    }
  }

  #askLedger(): void {
    const nowMs = this.#core.clock.monotonicMs()
    if (nowMs < this.#ledgerAtMs + askLedgerMs) return
    this.#ledgerAtMs = nowMs
    try {
      const { ledger } = this.#core.outcomes
      this.#dead = ledger.deadCounts()
      this.#outcomes = ledger.outcomeCount()
    } catch {
      // Locked or damaged, which is told elsewhere: figures are shown all the same, with what was known.
    }
  }
}

const countersOf = (tally: QueueTally): Counters => ({
  published: tally.accepted,
  publishedBytes: tally.acceptedBytes,
  confirmed: tally.accepted,
  refused: tally.refused,
  delivered: tally.delivered,
  redelivered: tally.redelivered,
  settled: tally.settled,
  outcomes: tally.outcomes,
  failed: tally.failed,
})

interface Gauges {
  ready: number
  unsettled: number
  delayed: number
  notHome: number
  consumers: number
  paused: number
}

/** What stands in the queue of a callback is an outcome, and counted as one. */
function addQueue(live: LiveQueue, sum: QueueTally, gauges: Gauges): void {
  const { queue } = live
  if (live.paused) gauges.paused++
  if (kindOf(queue.name) === 'callback') {
    gauges.notHome += queue.size
    return
  }
  addTally(sum, live)
  gauges.ready += queue.waiting
  gauges.unsettled += queue.unsettled
  gauges.delayed += queue.delayed
  gauges.consumers += live.subscribers.length
}

function kindOf(name: string): QueueFigures['kind'] {
  if (isCallbackQueue(name)) return 'callback'
  return baseName(name) === awaitedReplies ? 'internal' : 'queue'
}

/** Undefined when nothing waits, or its record is not in memory. */
function oldestReadyAtMs({ queue }: LiveQueue, core: Core): number | undefined {
  if (queue.waiting === 0) return undefined
  const first = queue.candidate()
  if (first?.state !== entryStates.ready) return undefined
  try {
    return core.peekMessage(first)?.acceptedAtMs || undefined
  } catch {
    return undefined
  }
}

function consumerFigures(one: Subscriber, served: Subscriber | undefined): ConsumerFigures {
  return {
    ...namesOf(one),
    prefetch: one.options.prefetch,
    unsettled: one.held.size,
    acknowledges: !one.noAck,
    priority: one.priority,
    active: !one.stopped && (served === undefined || served === one),
  }
}

function memoryOfProcess(): { readonly heapBytes: number; readonly rssBytes: number } {
  const { heapUsed, rss } = process.memoryUsage()
  return { heapBytes: heapUsed, rssBytes: rss }
}
