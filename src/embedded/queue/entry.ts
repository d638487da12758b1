/*
 * One message's place in one queue, once it is more than a line in the index: held by a consumer,
 * come back, delayed, or parked behind a limit. What merely waits is a row of an index block.
 *
 *   row of a block ──▶ held ──▶ gone
 *                      │  ▲
 *            delayed ◀─┤  │
 *                │     ▼  │
 *                └──▶ ready (at its old position) ──▶ parked (its key is at a limit) ──▶ ready
 */

import type { Message } from '../../message/message.ts'

export const entryStates = { ready: 1, held: 2, delayed: 3, parked: 4, gone: 5 } as const
export type EntryState = (typeof entryStates)[keyof typeof entryStates]

/**
 * What an entry is: a message with an id and an outcome, the n-th homecoming of a final record (its
 * kind is 2 + n), or a plain message, which has neither.
 */
export const messageKind = 1
export const homecomingKind = 2
export const plainKind = 255

/** Where a transient entry lies: in no segment, only in memory. */
export const noSegment = 0

export class Entry {
  readonly position: number
  readonly priority: number
  readonly kind: number
  /** Of the id, for the index of ids. */
  readonly hash: number
  /** Where its record lies; compaction moves it. */
  segment: number
  from: number
  bytes: number
  /** Wall ms; Infinity for none. */
  deadlineAtMs: number
  /** Deliveries made, and how many of them do not count against the limit. */
  attempts = 0
  excused = 0
  state: EntryState = entryStates.ready
  /** Wall ms: when a delayed entry becomes ready. */
  availableAtMs = 0
  /** Wall ms: when the attempt under way is over; Infinity for no limit. */
  timeoutAtMs = Number.POSITIVE_INFINITY
  /** The message, while it is in memory anyway. */
  message: Message | undefined
  acceptedAtMs = 0
  /** Who holds it, and under which tag: the broker's business. */
  holder: unknown
  /** Who held it last, until it is on record how that ended; not of plain messages. */
  lastHolder: unknown
  /** It stands in a line of transient messages, not in the index. */
  lined = false

  constructor(
    position: number,
    priority: number,
    kind: number,
    hash: number,
    deadlineAtMs: number,
    segment: number,
    from: number,
    bytes: number,
  ) {
    this.position = position
    this.priority = priority
    this.kind = kind
    this.hash = hash
    this.deadlineAtMs = deadlineAtMs
    this.segment = segment
    this.from = from
    this.bytes = bytes
  }

  /** Kept in memory only: a crash may lose it. */
  get transient(): boolean {
    return this.segment === noSegment
  }
}
