import type { Journal } from './journal/journal.ts'
import { segmentName } from './journal/segment.ts'

/**
 * Bytes of the journal's segments, as far as they are known: a sealed one is measured once, after
 * somebody has asked. Nothing waits for it.
 */
export class SegmentSizes {
  readonly #journal: Journal
  readonly #known = new Map<number, number>()
  #measuring = false

  constructor(journal: Journal) {
    this.#journal = journal
  }

  bytes(segments: readonly number[]): number {
    let bytes = this.#journal.nextFrom
    const unknown: number[] = []
    for (const segment of segments) {
      if (segment === this.#journal.segment) continue
      const size = this.#known.get(segment)
      if (size === undefined) unknown.push(segment)
      else bytes += size
    }
    if (unknown.length > 0 && !this.#measuring) void this.#measure(unknown)
    return bytes
  }

  async #measure(segments: readonly number[]): Promise<void> {
    this.#measuring = true
    for (const segment of segments) {
      try {
        const file = await this.#journal.disk.open(segmentName(segment))
        this.#known.set(segment, await file.size().finally(() => file.close()))
      } catch {
        // It was removed meanwhile; otherwise it is measured when it is asked for again.
      }
    }
    this.#measuring = false
  }
}
