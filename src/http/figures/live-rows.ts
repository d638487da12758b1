/*
 * The rows of all queues as they change, written once for all who look.
 *
 *   sample ─▶ rows ─▶ those that differ from the sample before, as JSON ─▶ each stream, as far as its user sees them
 *
 * Rule: it works only while somebody looks. A stream that begins is sent all there are.
 */

import type { QueueFigures } from '../../embedded/figures-port.ts'
import type { FiguresHistory, Sampled } from './figures-history.ts'
import { queueRowJson } from './figures-json.ts'

export interface LiveRows {
  readonly atMs: number
  /** By the engine's name: the row as JSON text. */
  readonly changed: ReadonlyMap<string, string>
  readonly gone: readonly string[]
}

export class LiveRowsReading {
  readonly #history: FiguresHistory
  readonly #engine: Sampled
  #rows = new Map<string, string>()
  #last: LiveRows | undefined

  constructor(history: FiguresHistory, engine: Sampled) {
    this.#history = history
    this.#engine = engine
  }

  /** All queues, as JSON by the engine's names. */
  all(queues: readonly QueueFigures[]): ReadonlyMap<string, string> {
    const history = this.#history
    const row = (one: QueueFigures): string =>
      JSON.stringify(queueRowJson(one, history.queueRates(one.name)))
    return new Map(queues.map((one) => [one.name, row(one)]))
  }

  /** Since the sample before; the same for everybody who asks after one sample. */
  changes(): LiveRows {
    const { now, nowQueues } = this.#history
    const queues = nowQueues.length > 0 ? nowQueues : this.#engine.queues()
    if (this.#last?.atMs === now.atMs) return this.#last
    const rows = new Map(this.all(queues))
    const changed = new Map([...rows].filter(([name, row]) => this.#rows.get(name) !== row))
    const gone = [...this.#rows.keys()].filter((name) => !rows.has(name))
    this.#rows = rows
    this.#last = { atMs: now.atMs, changed, gone }
    return this.#last
  }
}
