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
    const { history } = this.#parts.sampler
    return {
      now: figuresJson(history.now),
      sample: history.last,
      server: serverStateJson(this.#call.site.server),
    }
  }

  #queues(): string {
    const { liveRows } = this.#parts
    const { engine } = this.#call.site
    if (this.#hasAll) {
      const { atMs, changed, gone } = liveRows.changes()
      return this.#rowsJson(atMs, { all: false, rows: changed, gone })
    }
    // What changes from here on is told by the changes.
    liveRows.changes()
    const rows = liveRows.all(engine.inspection.queues())
    return this.#rowsJson(engine.nowMs(), { all: true, rows, gone: [] })
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
    const { history } = this.#parts.sampler
    return {
      now: queueRowJson(now, history.queueRates(name)),
      sample: history.lastOfQueue(name),
      consumers: inspection.consumers(name).map(consumerJson),
    }
  }
}
