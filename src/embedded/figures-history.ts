/*
 * Figures over time, for charts: rings of fixed size, filled by whoever calls `sample` once a second.
 *
 *   1 s   300 samples   5 minutes   │ all queues together, and each queue
 *   10 s  360 samples   1 hour      │ likewise
 *   1 m   1,440 samples 24 hours    │ all queues together only
 *
 * A queue costs 23 KiB from its first sample in which it is not idle, for at most so many queues; what a
 * deleted one had is let go. Nothing is sampled unless somebody does it: an engine alone pays nothing.
 */

import type {
  Counters,
  Figures,
  FiguresHistoryPort,
  FiguresSample,
  HistoryStep,
  QueueFigures,
  QueueSample,
} from './figures-port.ts'
import type { Inspection } from './inspection-port.ts'
import { QueueRing, queuesMax } from './queue-ring.ts'

interface Step {
  readonly name: HistoryStep
  readonly everyMs: number
  readonly count: number
}

const steps: readonly Step[] = [
  { name: '1s', everyMs: 1_000, count: 300 },
  { name: '10s', everyMs: 10_000, count: 360 },
  { name: '1m', everyMs: 60_000, count: 1_440 },
]
/** Timers come a little early or late. */
const earlyMs = 500

type Source = Pick<Inspection, 'figures' | 'queues'>

export class FiguresHistory implements FiguresHistoryPort {
  readonly #source: Source
  readonly #rings: readonly Ring[]

  constructor(source: Source) {
    this.#source = source
    this.#rings = steps.map((step) => new Ring(step))
  }

  sample(): void {
    const figures = this.#source.figures()
    const due = this.#rings.filter((ring) => ring.isDue(figures.atMs))
    if (due.length === 0) return
    const queues = this.#source.queues()
    for (const ring of due) ring.add(figures, queues)
  }

  samples(step: HistoryStep): readonly FiguresSample[] {
    return this.#ring(step).samples()
  }

  queueSamples(queue: string, step: HistoryStep): readonly QueueSample[] | undefined {
    return this.#ring(step).queueSamples(queue)
  }

  #ring(step: HistoryStep): Ring {
    return this.#rings[steps.findIndex(({ name }) => name === step)] as Ring
  }
}

class Ring {
  readonly #step: Step
  /** Oldest first. */
  readonly #samples: FiguresSample[] = []
  readonly #queues = new Map<string, QueueRing>()
  #last: Figures | undefined
  #lastQueues = new Map<string, QueueFigures>()
  /** Samples taken so far. */
  #taken = 0

  constructor(step: Step) {
    this.#step = step
  }

  isDue(atMs: number): boolean {
    return this.#last === undefined || atMs - this.#last.atMs >= this.#step.everyMs - earlyMs
  }

  add(figures: Figures, queues: readonly QueueFigures[]): void {
    const last = this.#last
    this.#last = figures
    if (last !== undefined) {
      const seconds = (figures.atMs - last.atMs) / 1_000
      this.#samples.push(sampleOf(figures, last, seconds))
      if (this.#samples.length > this.#step.count) this.#samples.shift()
      if (this.#step.name !== '1m') this.#addQueues(queues, seconds)
      this.#taken++
    }
    if (this.#step.name !== '1m') {
      this.#lastQueues = new Map(queues.map((queue) => [queue.name, queue]))
    }
  }

  #addQueues(queues: readonly QueueFigures[], seconds: number): void {
    for (const queue of queues) {
      const last = this.#lastQueues.get(queue.name)
      const sample = queueSample(queue, last, seconds)
      const ring = this.#queues.get(queue.name) ?? this.#ringFor(queue.name, sample)
      ring?.set(this.#taken, sample)
    }
    if (this.#queues.size <= queues.length) return
    const names = new Set(queues.map(({ name }) => name))
    for (const name of this.#queues.keys()) if (!names.has(name)) this.#queues.delete(name)
  }

  #ringFor(name: string, sample: QueueSample): QueueRing | undefined {
    const { atMs: _, ...counts } = sample
    const isIdle = Object.values(counts).every((count) => count === 0)
    if (isIdle || this.#queues.size >= queuesMax) return undefined
    const ring = new QueueRing(this.#step.count)
    this.#queues.set(name, ring)
    return ring
  }

  samples(): readonly FiguresSample[] {
    return [...this.#samples]
  }

  queueSamples(name: string): readonly QueueSample[] | undefined {
    const ring = this.#queues.get(name)
    if (ring === undefined) return undefined
    const first = this.#taken - this.#samples.length
    return this.#samples.map(({ atMs }, n) => ring.get(first + n, atMs))
  }
}

const counterNames = [
  'published',
  'publishedBytes',
  'confirmed',
  'refused',
  'delivered',
  'redelivered',
  'settled',
  'outcomes',
  'failed',
] as const satisfies readonly (keyof Counters)[]

function rates(now: Counters, last: Counters, seconds: number): Counters {
  const rate = (name: keyof Counters): number => Math.max(0, now[name] - last[name]) / seconds
  return Object.fromEntries(counterNames.map((name) => [name, rate(name)])) as unknown as Counters
}

function sampleOf(now: Figures, last: Figures, seconds: number): FiguresSample {
  return {
    atMs: now.atMs,
    ...rates(now, last, seconds),
    ready: now.ready,
    unsettled: now.unsettled,
    delayed: now.delayed,
    roundTripP50Ms: now.roundTrip.p50Ms,
    roundTripP99Ms: now.roundTrip.p99Ms,
    syncP50Ms: now.sync.p50Ms,
    syncP99Ms: now.sync.p99Ms,
    journalBytes: now.journal.bytes,
    ledgerLagBytes: now.ledger.lagBytes,
    rssBytes: now.memory.rssBytes,
  }
}

/** A queue that was not there before began at nothing. */
function queueSample(
  now: QueueFigures,
  last: QueueFigures | undefined,
  seconds: number,
): QueueSample {
  const rate = (name: 'published' | 'delivered' | 'settled' | 'outcomes' | 'failed'): number =>
    Math.max(0, now[name] - (last?.[name] ?? 0)) / seconds
  return {
    atMs: 0,
    published: rate('published'),
    delivered: rate('delivered'),
    settled: rate('settled'),
    outcomes: rate('outcomes'),
    failed: rate('failed'),
    ready: now.ready,
    unsettled: now.unsettled,
    delayed: now.delayed,
  }
}
