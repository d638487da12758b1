/*
 * What charts are drawn from: 1 s for 5 minutes, 10 s for 1 hour, 1 min for 24 hours; of the engine, and of
 * each queue.
 *
 *   once a second ─▶ figures, queues ─▶ 1 s ─ every 10th ─▶ 10 s ─ every 60th ─▶ 1 min
 *
 * Rule: it costs one look at the engine a second, whoever looks at it. With more queues than are kept, only
 * the engine as a whole is.
 */

import type {
  Figures,
  FiguresHistoryPort,
  FiguresSample,
  HistoryStep,
  QueueFigures,
  QueueSample,
} from '../../embedded/figures-port.ts'
import { limits } from '../../limits.ts'
import { type QueueRates, queueSample } from './queue-fields.ts'
import { QueueTrack } from './queue-track.ts'
import { stepNumber, steps } from './steps.ts'

/** The part of an engine that is sampled. */
export interface Sampled {
  figures(): Figures
  queues(): readonly QueueFigures[]
}

interface Kept {
  readonly tick: number
  readonly sample: FiguresSample
}

interface Track {
  readonly kept: Kept[]
  before: Figures | undefined
}

export class FiguresHistory implements FiguresHistoryPort {
  readonly #engine: Sampled
  readonly #tracks: readonly Track[] = steps.map(() => ({ kept: [], before: undefined }))
  readonly #queues = new Map<string, QueueTrack>()
  #tick = 0
  /** What the last sample saw. */
  now: Figures
  nowQueues: readonly QueueFigures[] = []

  constructor(engine: Sampled) {
    this.#engine = engine
    this.now = engine.figures()
    for (const track of this.#tracks) track.before = this.now
    if (this.#keepsQueues) this.#addQueues(engine.queues())
  }

  sample(): void {
    this.#tick++
    const figures = this.#engine.figures()
    this.now = figures
    const secondsOf = steps.map((_, n) => this.#sampleStep(n, figures))
    this.nowQueues = this.#keepsQueues ? this.#engine.queues() : []
    for (const [n, seconds] of secondsOf.entries()) {
      if (seconds === undefined) continue
      for (const queue of this.nowQueues) {
        this.#queues.get(queue.name)?.sample(n, this.#tick, { figures: queue, seconds })
      }
    }
    this.#addQueues(this.nowQueues)
    this.#forgetGone()
  }

  samples(step: HistoryStep): readonly FiguresSample[] {
    return this.#track(step).kept.map(({ sample }) => sample)
  }

  queueSamples(queue: string, step: HistoryStep): readonly QueueSample[] | undefined {
    const { kept } = this.#track(step)
    const ticks = kept.map(({ tick }) => tick)
    const values = this.#queues.get(queue)?.read(stepNumber(step), ticks)
    return values?.map((one, n) => queueSample(kept[n]?.sample.atMs ?? 0, one))
  }

  /** Of the last second; undefined before there were two samples. */
  queueRates(queue: string): QueueRates | undefined {
    return this.#queues.get(queue)?.rates
  }

  lastOfQueue(queue: string): QueueSample | undefined {
    const last = this.#tracks[0]?.kept.at(-1)
    const [values] = (last && this.#queues.get(queue)?.read(0, [last.tick])) ?? []
    return last && values && queueSample(last.sample.atMs, values)
  }

  get last(): FiguresSample | undefined {
    return this.#tracks[0]?.kept.at(-1)?.sample
  }

  get #keepsQueues(): boolean {
    return this.now.queues <= limits.figuresQueuesMax
  }

  #track(step: HistoryStep): Track {
    return this.#tracks[stepNumber(step)] ?? { kept: [], before: undefined }
  }

  /** Seconds of the sample that ended; undefined when none did. */
  #sampleStep(n: number, figures: Figures): number | undefined {
    const [step, track] = [steps[n], this.#tracks[n]]
    if (step === undefined || track === undefined || this.#tick % step.seconds !== 0)
      return undefined
    const seconds = Math.max(0.001, (figures.atMs - (track.before?.atMs ?? 0)) / 1_000)
    if (track.before !== undefined) {
      const sample = sampleOf(track.before, figures, seconds)
      track.kept.push({ tick: this.#tick, sample })
      if (track.kept.length > step.keeps) track.kept.shift()
    }
    track.before = figures
    return seconds
  }

  #addQueues(queues: readonly QueueFigures[]): void {
    for (const queue of queues) {
      if (this.#queues.has(queue.name)) continue
      this.#queues.set(queue.name, new QueueTrack(steps, queue))
    }
  }

  #forgetGone(): void {
    if (this.#queues.size <= this.nowQueues.length) return
    const there = new Set(this.nowQueues.map(({ name }) => name))
    for (const name of this.#queues.keys()) if (!there.has(name)) this.#queues.delete(name)
  }
}

function sampleOf(before: Figures, now: Figures, seconds: number): FiguresSample {
  const rate = (name: CounterName): number => Math.max(0, now[name] - before[name]) / seconds
  return {
    atMs: now.atMs,
    published: rate('published'),
    publishedBytes: rate('publishedBytes'),
    confirmed: rate('confirmed'),
    refused: rate('refused'),
    delivered: rate('delivered'),
    redelivered: rate('redelivered'),
    settled: rate('settled'),
    outcomes: rate('outcomes'),
    failed: rate('failed'),
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

type CounterName =
  | 'published'
  | 'publishedBytes'
  | 'confirmed'
  | 'refused'
  | 'delivered'
  | 'redelivered'
  | 'settled'
  | 'outcomes'
  | 'failed'
