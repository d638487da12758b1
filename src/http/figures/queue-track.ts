/*
 * The history of one queue: rates between two samples, in each of the steps.
 */

import type { QueueFigures } from '../../embedded/figures-port.ts'
import { counted, type QueueRates, queueRates, standing } from './queue-fields.ts'
import { SparseRing } from './sparse-ring.ts'
import type { Step } from './steps.ts'

interface Track {
  readonly ring: SparseRing
  /** Counters at the end of the last sample. */
  before: readonly number[]
}

export class QueueTrack {
  readonly #tracks: readonly Track[]
  /** Of the last second. */
  rates: QueueRates | undefined

  constructor(steps: readonly Step[], figures: QueueFigures) {
    const before = counted(figures)
    this.#tracks = steps.map(({ keeps }) => ({ ring: new SparseRing(keeps), before }))
  }

  /** A sample of that step ends now. */
  sample(step: number, tick: number, of: { figures: QueueFigures; seconds: number }): void {
    const track = this.#tracks[step]
    if (track === undefined) return
    const now = counted(of.figures)
    // A queue that was deleted and made again counts from the beginning.
    const rates = now.map((count, n) => Math.max(0, count - (track.before[n] ?? 0)) / of.seconds)
    track.before = now
    const values = [...rates, ...standing(of.figures)]
    if (track.ring.differs(values)) track.ring.push(tick, values)
    if (step > 0) return
    this.rates = Object.fromEntries(
      queueRates.map((name, n) => [name, rates[n] ?? 0]),
    ) as QueueRates
  }

  read(step: number, ticks: readonly number[]): number[][] {
    return this.#tracks[step]?.ring.read(ticks) ?? []
  }
}
