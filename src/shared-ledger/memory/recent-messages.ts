/*
 * The newest messages of a ledger in memory, as objects: nearly every message has its outcome, and nobody
 * asks for it any more, before it leaves for the database. A map keeps them in the order in which they
 * came, which is the order of the database's rows.
 *
 * Rule: an id is here or in the database, never in both.
 */

import { Buffer } from 'node:buffer'
import type { CallbackTarget } from '../../message/message.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { claimLeftMs } from '../claim.ts'
import type { Acceptance, Claim, Ended, LedgerEntry, PendingMessage } from '../shared-ledger.ts'

export interface RecentMessage {
  readonly id: string
  queue: string
  acceptedAtMs: number
  deadlineAtMs: number
  callbacks: readonly CallbackTarget[]
  confirmed: boolean
  claimedUntilMs: number
  outcome: StoredOutcome | undefined
}

export interface RecentOptions {
  readonly claimMs: number
  readonly nowMs: () => number
}

export class RecentMessages {
  readonly #messages = new Map<string, RecentMessage>()
  readonly #options: RecentOptions
  /** No deadline of a message here is earlier. */
  #earliestMs = Number.POSITIVE_INFINITY

  constructor(options: RecentOptions) {
    this.#options = options
  }

  get size(): number {
    return this.#messages.size
  }

  get(id: string): RecentMessage | undefined {
    return this.#messages.get(id)
  }

  /** Nobody knows it. */
  accept(message: Acceptance): Claim {
    const { id, queue, acceptedAtMs, deadlineAtMs, callbacks = none, confirmed } = message
    const claimedUntilMs = this.#claimedUntilMs(confirmed)
    this.#messages.set(id, {
      id,
      queue,
      acceptedAtMs,
      deadlineAtMs,
      callbacks,
      confirmed,
      claimedUntilMs,
      outcome: undefined,
    })
    this.#earliestMs = Math.min(this.#earliestMs, deadlineAtMs)
    return yours
  }

  acceptKnown(known: RecentMessage, message: Acceptance): Claim {
    if (known.confirmed || known.outcome !== undefined) return { state: 'known' }
    const leftMs = claimLeftMs(known.claimedUntilMs, this.#options)
    if (!message.confirmed && leftMs > 0) return { state: 'taken', retryInMs: leftMs }
    known.queue = message.queue
    known.acceptedAtMs = message.acceptedAtMs
    known.deadlineAtMs = message.deadlineAtMs
    known.callbacks = message.callbacks ?? none
    known.confirmed = message.confirmed
    known.claimedUntilMs = this.#claimedUntilMs(message.confirmed)
    this.#earliestMs = Math.min(this.#earliestMs, message.deadlineAtMs)
    return yours
  }

  #claimedUntilMs(confirmed: boolean): number {
    return confirmed ? 0 : this.#options.nowMs() + this.#options.claimMs
  }

  withdraw(known: RecentMessage): void {
    if (!known.confirmed && known.outcome === undefined) this.#messages.delete(known.id)
  }

  lookUp(known: RecentMessage): LedgerEntry {
    const { outcome, queue, acceptedAtMs, deadlineAtMs, callbacks, confirmed } = known
    if (outcome !== undefined) return { state: 'final', outcome, unsent: [] }
    if (!confirmed && known.claimedUntilMs <= this.#options.nowMs()) return { state: 'unknown' }
    return { state: 'pending', queue, acceptedAtMs, deadlineAtMs, callbacks, confirmed }
  }

  /** `known`: undefined when nobody knows it. */
  end(known: RecentMessage | undefined, given: StoredOutcome): Ended {
    if (known?.outcome !== undefined) {
      return { state: 'final', won: false, outcome: known.outcome, unsent: [] }
    }
    // A view would keep all that it looks at, and its bytes could change.
    const outcome = { ...given, body: Buffer.from(given.body) }
    if (known !== undefined) {
      known.outcome = outcome
      known.callbacks = none
      known.confirmed = true
    } else {
      const { id, queue, acceptedAtMs } = outcome
      this.#messages.set(id, {
        id,
        queue,
        acceptedAtMs,
        deadlineAtMs: 0,
        callbacks: none,
        confirmed: true,
        claimedUntilMs: 0,
        outcome,
      })
    }
    return { state: 'final', won: true, outcome, unsent: [] }
  }

  /** Looks through all, when one of them can be. */
  overdue(beforeMs: number): readonly PendingMessage[] {
    if (this.#earliestMs >= beforeMs) return []
    this.#earliestMs = Number.POSITIVE_INFINITY
    const overdue: PendingMessage[] = []
    for (const message of this.#messages.values()) {
      const { id, queue, acceptedAtMs, deadlineAtMs, callbacks, confirmed, outcome } = message
      if (outcome !== undefined) continue
      this.#earliestMs = Math.min(this.#earliestMs, deadlineAtMs)
      if (confirmed && deadlineAtMs < beforeMs)
        overdue.push({ id, queue, acceptedAtMs, deadlineAtMs, callbacks })
    }
    return overdue
  }

  oldest(count: number): readonly RecentMessage[] {
    return this.#messages.values().take(count).toArray()
  }

  delete(messages: readonly RecentMessage[]): void {
    for (const { id } of messages) this.#messages.delete(id)
  }
}

const none: readonly CallbackTarget[] = []
const yours: Claim = { state: 'yours' }
