/*
 * Outcomes of a queue as they come, for one stream.
 *
 *   after a sample ─▶ has the queue more outcomes than before? ─▶ the ledger: those since the last one ─▶ events
 *
 * Rules: told at least once, in order; after a break those of the same millisecond may come again. What is
 * more than a round tells is not told: `gap` says so.
 */

import { Buffer } from 'node:buffer'
import type { Inspection } from '../../embedded/inspection-port.ts'
import { limits } from '../../limits.ts'
import type { StoredOutcome } from '../../message/outcome.ts'

const pagesMax = 10

export interface FeedRound {
  /** Oldest first. */
  readonly outcomes: readonly StoredOutcome[]
  /** Older ones of this round were left out. */
  readonly isCut: boolean
}

export class OutcomeFeed {
  readonly #inspection: Inspection
  readonly #queue: string
  #sinceMs: number
  /** Ids told that finished in that millisecond. */
  #told: ReadonlySet<string>
  #counted = -1

  /** `queue`: the engine's name. Begins behind the mark, or now. */
  constructor(inspection: Inspection, queue: string, from: Mark) {
    this.#inspection = inspection
    this.#queue = queue
    this.#sinceMs = from.finishedAtMs
    this.#told = new Set(from.id === undefined ? [] : [from.id])
  }

  /** What came since the round before. */
  async next(): Promise<FeedRound> {
    const counted = this.#inspection.queue(this.#queue)?.outcomes ?? 0
    if (counted === this.#counted) return nothing
    this.#counted = counted
    const found: StoredOutcome[] = []
    let after: string | undefined
    for (let page = 0; page < pagesMax; page++) {
      const { outcomes, next } = await this.#inspection.outcomes({
        queue: this.#queue,
        finishedSinceMs: this.#sinceMs,
        limit: limits.httpPageMax,
        ...(after !== undefined && { after }),
      })
      found.push(...outcomes)
      after = next
      if (next === undefined) break
    }
    const fresh = found.filter(({ id }) => !this.#told.has(id)).reverse()
    this.#remember(fresh)
    return { outcomes: fresh, isCut: after !== undefined }
  }

  #remember(fresh: readonly StoredOutcome[]): void {
    const last = fresh.at(-1)
    if (last === undefined) return
    const { finishedAtMs } = last
    const same = fresh.filter((one) => one.finishedAtMs === finishedAtMs).map(({ id }) => id)
    const isSameMs = finishedAtMs === this.#sinceMs
    this.#told = new Set(isSameMs ? [...this.#told, ...same] : same)
    this.#sinceMs = finishedAtMs
  }
}

const nothing: FeedRound = { outcomes: [], isCut: false }

/** Where a stream was when it broke. */
export interface Mark {
  readonly finishedAtMs: number
  readonly id?: string | undefined
}

/** For `Last-Event-ID`. */
export const markText = ({ finishedAtMs, id }: StoredOutcome): string =>
  `${finishedAtMs}_${Buffer.from(id).toString('base64url')}`

/** Undefined for what is no mark of ours: then the stream begins now. */
export function markFrom(text: string | null): Mark | undefined {
  const [, ms, id] = /^(\d{1,15}(?:\.\d{1,6})?)_([\w-]*)$/.exec(text ?? '') ?? []
  if (ms === undefined || id === undefined) return undefined
  return { finishedAtMs: Number(ms), id: Buffer.from(id, 'base64url').toString() }
}
