import { TimeHistogram } from './time-histogram.ts'

/** Declared errors have any names: beyond so many, failures count as `other`. */
const codesMax = 200

/** What a queue counts, from the start of the engine. */
export interface QueueTally {
  accepted: number
  acceptedBytes: number
  refused: number
  delivered: number
  redelivered: number
  settled: number
  outcomes: number
  failed: number
}

/** What an engine counts beside its queues, and what those counted that are deleted. */
export class Tally {
  readonly roundTrip = new TimeHistogram()
  readonly sync = new TimeHistogram()
  readonly failedByCode = new Map<string, number>()
  readonly deleted: QueueTally = {
    accepted: 0,
    acceptedBytes: 0,
    refused: 0,
    delivered: 0,
    redelivered: 0,
    settled: 0,
    outcomes: 0,
    failed: 0,
  }
  /** Refused whatever the queue: the disk was full, the message too large. */
  refused = 0
  /** Taken in, and of them known to be durable. */
  #published = 0
  #publishedAtCommit = 0
  #confirmed = 0

  published(live: QueueTally, bytes: number): void {
    this.#published++
    live.accepted++
    live.acceptedBytes += bytes
  }

  /** A batch is durable: what was taken in before it was begun is in it, or in an earlier one. */
  committed(): void {
    this.#confirmed = this.#publishedAtCommit
    this.#publishedAtCommit = this.#published
  }

  confirmed(isIdle: boolean): number {
    return isIdle ? this.#published : this.#confirmed
  }

  get publishedCount(): number {
    return this.#published
  }

  ended(live: QueueTally, code: string): void {
    live.outcomes++
    if (code === 'ok') return
    live.failed++
    const codes = this.failedByCode
    const counted = codes.has(code) || codes.size < codesMax ? code : 'other'
    codes.set(counted, (codes.get(counted) ?? 0) + 1)
  }

  /** Its counts go on to count. */
  removed(live: QueueTally): void {
    addTally(this.deleted, live)
  }
}

export function addTally(sum: QueueTally, one: QueueTally): void {
  sum.accepted += one.accepted
  sum.acceptedBytes += one.acceptedBytes
  sum.refused += one.refused
  sum.delivered += one.delivered
  sum.redelivered += one.redelivered
  sum.settled += one.settled
  sum.outcomes += one.outcomes
  sum.failed += one.failed
}
