/*
 * Live figures on one stream: a round of events after each sample, as far as its user may see them.
 *
 * Rule: a round that the client has no room for is left out, and so are the changes it held: then all queues
 * are sent with the next one.
 */

import { baseName, virtualHostOf } from '../../scoped-name.ts'
import type { Call } from '../call.ts'
import type { RouteParts } from '../route-parts.ts'
import type { LiveFiguresJson, LiveQueueJson } from '../shapes/figures-shapes.ts'
import type { EventStream } from '../streams.ts'
import { consumerJson, figuresJson, queueRowJson, serverStateJson } from './figures-json.ts'

export interface FiguresAsked {
  readonly figures: boolean
  readonly queues: boolean
  /** The engine's name. */
  readonly queue: string | undefined
}

interface Told {
  readonly stream: EventStream
  readonly asked: FiguresAsked
}

export function tellFigures(parts: RouteParts, call: Call<unknown>, told: Told): void {
  const live = new LiveFigures(parts, call, told)
  live.tell()
  const stop = parts.sampler.watch(() => live.tell())
  told.stream.over.addEventListener('abort', stop, { once: true })
}

class LiveFigures {
  readonly #parts: RouteParts
  readonly #call: Call<unknown>
  readonly #told: Told
  #hasAll = false

  constructor(parts: RouteParts, call: Call<unknown>, told: Told) {
    this.#parts = parts
    this.#call = call
    this.#told = told
  }

  tell(): void {
    const { stream, asked } = this.#told
    if (asked.figures) stream.send({ event: 'figures', data: this.#figures() })
    if (asked.queues) this.#hasAll = stream.send({ event: 'queues', json: this.#queues() })
    if (asked.queue === undefined) return
    const queue = this.#queue(asked.queue)
    // It was deleted.
    if (queue === undefined) stream.close()
    else stream.send({ event: 'queue', data: queue })
  }

  #figures(): LiveFiguresJson {
    const { sampler } = this.#parts
    return {
      now: figuresJson(sampler.figures),
      sample: sampler.history.samples('1s').at(-1),
      server: serverStateJson(this.#call.site.server),
    }
  }

  #queues(): string {
    const { atMs, rows, changed, gone } = this.#parts.liveRows.now
    if (this.#hasAll) return this.#rowsJson(atMs, { all: false, rows: changed, gone })
    return this.#rowsJson(atMs, { all: true, rows, gone: [] })
  }

  #rowsJson(
    atMs: number,
    of: {
      readonly all: boolean
      readonly rows: ReadonlyMap<string, string>
      readonly gone: readonly string[]
    },
  ): string {
    const maySee = (name: string): boolean => this.#parts.entrances.maySee(this.#call.caller, name)
    const rows = [...of.rows].filter(([name]) => maySee(name)).map(([, row]) => row)
    const gone = of.gone
      .filter(maySee)
      .map((name) => ({ vhost: virtualHostOf(name), name: baseName(name) }))
    return `{"atMs":${atMs},"all":${of.all},"queues":[${rows.join(',')}],"gone":${JSON.stringify(gone)}}`
  }

  #queue(name: string): LiveQueueJson | undefined {
    const { inspection } = this.#call.site.engine
    const now = inspection.queue(name)
    if (now === undefined) return undefined
    const { sampler } = this.#parts
    return {
      now: queueRowJson(now, sampler.rates(name)),
      sample: sampler.history.queueSamples(name, '1s')?.at(-1),
      consumers: inspection.consumers(name).map(consumerJson),
    }
  }
}
