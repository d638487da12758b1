import type { QueueStats } from '../../../engine.ts'

/** What this process has done with a queue, over its links. */
export class QueueCounts {
  readonly #counts = new Map<string, { accepted: number; delivered: number; settled: number }>()

  of(queue: string): { accepted: number; delivered: number; settled: number } {
    const known = this.#counts.get(queue)
    if (known !== undefined) return known
    const counts = { accepted: 0, delivered: 0, settled: 0 }
    this.#counts.set(queue, counts)
    return counts
  }

  names(): Iterable<string> {
    return this.#counts.keys()
  }
}

export interface Seen {
  readonly ready: number
  readonly consumers: number
  readonly unsettled: number
  readonly delayed: number
  readonly dead: number
}

export const queueStats = (name: string, seen: Seen, counts: QueueCounts): QueueStats => ({
  name,
  ready: seen.ready,
  unsettled: seen.unsettled,
  delayed: seen.delayed,
  dead: seen.dead,
  consumers: seen.consumers,
  ...counts.of(name),
})
