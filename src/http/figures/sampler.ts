/*
 * The one timer of the figures: samples once a second, then tells those who look.
 *
 *   engine ─ once a second ─▶ figures and queues of now ─▶ history, for charts
 *                                    └▶ rates of each queue in the last second, when somebody asks
 *
 * Rule: whoever looks, the engine is looked at once a second. Very many queues have no history of their own
 * while nobody watches them live.
 */

import type { Clock, Timer } from '../../clock.ts'
import { FiguresHistory } from '../../embedded/figures-history.ts'
import type {
  Figures,
  FiguresHistoryPort,
  QueueFigures,
  QueueSample,
} from '../../embedded/figures-port.ts'
import type { Inspection } from '../../embedded/inspection-port.ts'

const everyMs = 1_000
/** More queues than these are looked at one by one only while somebody watches. */
const queuesUnseenMax = 5_000

export type Sampled = Pick<Inspection, 'figures' | 'queues'>

export interface SamplerParts {
  readonly engine: Sampled
  readonly clock: Clock
  readonly onProblem: (error: unknown) => void
}

export type QueueRates = Pick<QueueSample, (typeof rateNames)[number]>

const rateNames = ['published', 'delivered', 'settled', 'outcomes', 'failed'] as const

interface Moment {
  readonly figures: Figures
  readonly queues: ReadonlyMap<string, QueueFigures>
}

export class Sampler {
  readonly history: FiguresHistoryPort
  readonly #parts: SamplerParts
  readonly #watchers = new Set<() => void>()
  #timer: Timer | undefined
  #nextAtMs: number
  #now: Moment
  #before: Moment | undefined

  constructor(parts: SamplerParts) {
    this.#parts = parts
    this.#now = this.#look()
    // It is given what was seen, so that the engine is asked once.
    this.history = new FiguresHistory({
      figures: () => this.#now.figures,
      queues: () => [...this.#now.queues.values()],
    })
    this.history.sample()
    this.#nextAtMs = parts.clock.monotonicMs()
    this.#await()
  }

  /** Of the last sample. */
  get figures(): Figures {
    return this.#now.figures
  }

  /** Of the last sample, by the engine's names. */
  get queues(): ReadonlyMap<string, QueueFigures> {
    return this.#now.queues
  }

  /** Of the last second; undefined before the queue was sampled twice. */
  rates(queue: string): QueueRates | undefined {
    const [now, before] = [this.#now.queues.get(queue), this.#before?.queues.get(queue)]
    if (now === undefined || before === undefined || this.#before === undefined) return undefined
    const seconds = (this.#now.figures.atMs - this.#before.figures.atMs) / 1_000
    const rate = (name: keyof QueueRates): number =>
      Math.max(0, now[name] - before[name]) / Math.max(seconds, 0.001)
    return {
      published: rate('published'),
      delivered: rate('delivered'),
      settled: rate('settled'),
      outcomes: rate('outcomes'),
      failed: rate('failed'),
    }
  }

  /** Called after each sample. Returns how to stop. */
  watch(sampled: () => void): () => void {
    this.#watchers.add(sampled)
    return () => this.#watchers.delete(sampled)
  }

  close(): void {
    this.#timer?.cancel()
    this.#watchers.clear()
  }

  /** Being late once does not make all later ones late. */
  #await(): void {
    const { clock } = this.#parts
    const nowMs = clock.monotonicMs()
    this.#nextAtMs = Math.max(this.#nextAtMs + everyMs, nowMs)
    this.#timer = clock.after(this.#nextAtMs - nowMs, () => {
      this.#sample()
      this.#await()
    })
  }

  #sample(): void {
    try {
      const now = this.#look()
      this.#before = this.#now
      this.#now = now
      this.history.sample()
      for (const watcher of [...this.#watchers]) watcher()
    } catch (error) {
      this.#parts.onProblem(error)
    }
  }

  #look(): Moment {
    const { engine } = this.#parts
    const figures = engine.figures()
    const isCheap = figures.queues <= queuesUnseenMax || this.#watchers.size > 0
    const queues = isCheap ? engine.queues() : []
    return { figures, queues: new Map(queues.map((one) => [one.name, one])) }
  }
}
