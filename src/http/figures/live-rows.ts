/*
 * The rows of all queues as they change, written once for all who look.
 *
 *   sample ─▶ rows ─▶ those that differ from the sample before, as JSON ─▶ each stream, as far as its user sees them
 *
 * Rule: it works only while somebody looks. A stream that begins is sent all there are.
 */

import { queueRowJson } from './figures-json.ts'
import type { Sampler } from './sampler.ts'

export interface LiveRows {
  readonly atMs: number
  /** All queues by the engine's names: the row as JSON text. */
  readonly rows: ReadonlyMap<string, string>
  readonly changed: ReadonlyMap<string, string>
  readonly gone: readonly string[]
}

export class LiveRowsReading {
  readonly #sampler: Sampler
  #last: LiveRows = { atMs: 0, rows: new Map(), changed: new Map(), gone: [] }

  constructor(sampler: Sampler) {
    this.#sampler = sampler
  }

  /** The same for everybody who asks after one sample. */
  get now(): LiveRows {
    const { atMs } = this.#sampler.figures
    const before = this.#last
    if (before.atMs === atMs) return before
    const queues = [...this.#sampler.queues.values()]
    const rows = new Map(
      queues.map((one) => [
        one.name,
        JSON.stringify(queueRowJson(one, this.#sampler.rates(one.name))),
      ]),
    )
    const changed = new Map([...rows].filter(([name, row]) => before.rows.get(name) !== row))
    const gone = [...before.rows.keys()].filter((name) => !rows.has(name))
    this.#last = { atMs, rows, changed, gone }
    return this.#last
  }
}
