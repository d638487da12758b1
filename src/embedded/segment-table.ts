/*
 * How much of each segment is still needed: by live entries, and by the ledger.
 * A segment with nothing alive can go once a checkpoint and the ledger are past its last LSN, unless
 * something in it is damaged.
 */

export interface SegmentUse {
  readonly segment: number
  /** Entries whose record lies in it, and the bytes of those records. */
  live: number
  liveBytes: number
  /** LSN of the last record in it; known once the next segment was begun. */
  lastLsn: number
  /** Something in it is damaged: the file stays for people to look at. */
  damaged: boolean
}

export class SegmentTable {
  readonly #uses = new Map<number, SegmentUse>()
  #last: SegmentUse | undefined

  use(segment: number): SegmentUse {
    if (this.#last?.segment === segment) return this.#last
    let use = this.#uses.get(segment)
    if (!use) {
      use = { segment, live: 0, liveBytes: 0, lastLsn: Number.POSITIVE_INFINITY, damaged: false }
      this.#uses.set(segment, use)
    }
    this.#last = use
    return use
  }

  hold(segment: number, bytes: number): void {
    const use = this.use(segment)
    use.live++
    use.liveBytes += bytes
  }

  release(segment: number, bytes: number): void {
    const use = this.use(segment)
    use.live--
    use.liveBytes -= bytes
  }

  delete(segment: number): void {
    this.#uses.delete(segment)
    if (this.#last?.segment === segment) this.#last = undefined
  }

  /** Oldest first. */
  all(): SegmentUse[] {
    return [...this.#uses.values()].sort((a, b) => a.segment - b.segment)
  }
}
