/*
 * Rates of counters, without a timer: each time somebody looks, what is counted now is compared with what
 * was counted some seconds ago, or when somebody looked last.
 *
 *   look ─▶ counts of now ─▶ minus those of the oldest look kept ─▶ per second
 *
 * Rule: a few looks are kept, so the work and the memory are those of a list.
 */

import type { Clock } from '../../clock.ts'

export type Counts = Readonly<Record<string, number>>

/** Per second; 0 for what was not there before. */
export type RateOf = (key: string, counter: string) => { readonly rate: number }

interface Look {
  readonly atMs: number
  readonly counts: ReadonlyMap<string, Counts>
}

/** What may also fall. */
const gauges: ReadonlySet<string> = new Set(['messages', 'ready', 'unsettled'])
const lookEveryMs = 2_000
const looksMax = 3

export class Rates {
  readonly #clock: Clock
  readonly #looks: Look[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  look(counts: ReadonlyMap<string, Counts>): RateOf {
    const nowMs = this.#clock.monotonicMs()
    const [oldest] = this.#looks
    const newest = this.#looks.at(-1)
    if (newest === undefined || nowMs - newest.atMs >= lookEveryMs) {
      this.#looks.push({ atMs: nowMs, counts })
      if (this.#looks.length > looksMax) this.#looks.shift()
    }
    const seconds = oldest === undefined ? 0 : (nowMs - oldest.atMs) / 1_000
    return (key, counter) => {
      const now = counts.get(key)?.[counter] ?? 0
      const before = oldest?.counts.get(key)?.[counter]
      if (before === undefined || seconds <= 0) return { rate: 0 }
      // A queue that was deleted and made again counts anew.
      if (now < before && !gauges.has(counter)) return { rate: 0 }
      return { rate: Math.round(((now - before) / seconds) * 100) / 100 }
    }
  }
}
