/*
 * The hot path of a broker: plain messages into queues, without a promise.
 *
 *   refused? ─▶ takers that wait ─▶ one `accept` record for what must be kept ─▶ rows, lines, consumers
 *
 * What is kept: a persistent message in a durable queue. A consumer without acknowledgement that
 * waits gets the message and nothing is kept. A refusal by one queue keeps it out of all (invariant 5).
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Message } from '../message/message.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import type { Core } from './core.ts'
import type { Delivering } from './delivering.ts'
import type { Ending } from './ending.ts'
import type { IndexPages } from './index-pages.ts'
import { type AcceptedEntry, writeAccept } from './journal/accept-record.ts'
import { recordTypes } from './journal/record.ts'
import type { LiveQueue, Subscriber } from './live-queue.ts'
import { Entry, entryStates, noSegment, plainKind } from './queue/entry.ts'

export type PlainFate = 'done' | 'durable' | 'refused'

export interface PlainPublishingParts {
  readonly core: Core
  readonly delivering: Delivering
  readonly pages: IndexPages
  readonly ending: Pick<Ending, 'dropHead'>
  /** A queue that is full dead-letters what it refuses. */
  refused(live: LiveQueue, message: Message): void
}

/** A record counts its entries in one byte. */
const entriesPerRecord = 255

export class PlainPublishing {
  readonly #parts: PlainPublishingParts
  readonly #core: Core
  /** What most publishes need, one queue's place and entry, is not made anew for each. */
  readonly #only = {} as { -readonly [Key in keyof Place]: Place[Key] }
  readonly #entries: readonly [{ -readonly [Key in keyof AcceptedEntry]: AcceptedEntry[Key] }] = [
    { queueNumber: 0, position: 0, delivered: false },
  ]

  constructor(parts: PlainPublishingParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /** Publishers are to wait: the disk or the ledger is behind. */
  get mustWait(): boolean {
    const { journal, outcomes } = this.#core
    return journal.gatheredBytes > limits.commitBytesMax || outcomes.lagging
  }

  /**
   * Puts the message into the queues. `persistent`: kept on disk where the queue is durable.
   * Fails with the error that ended the journal, and with `closed`.
   */
  publish(message: PlainMessage, lives: readonly LiveQueue[], persistent: boolean): PlainFate {
    const core = this.#core
    if (core.journal.failure) throw core.journal.failure
    if (core.closed) throw new HomingError('closed', 'the engine is closed; nothing was published')
    if (persistent && core.journal.full) {
      void core.journal.retakeReserve()
      core.tally.refused++
      return 'refused'
    }
    if (this.refuses(message, lives)) return 'refused'
    return this.#into(message, lives, persistent)
  }

  /**
   * A dead letter: it takes the place of what goes, so a full disk does not refuse it. A queue that is
   * full does, for itself alone.
   */
  carry(message: PlainMessage, lives: readonly LiveQueue[], persistent: boolean): void {
    if (this.#core.journal.failure) throw this.#core.journal.failure
    const taking = lives.filter((live) => !this.#refuses(live, message))
    if (taking.length > 0) this.#into(message, taking, persistent)
  }

  #into(message: PlainMessage, lives: readonly LiveQueue[], persistent: boolean): PlainFate {
    const nowMs = this.#core.turnMs()
    const only = lives[0]
    if (lives.length === 1 && only) return this.#toOne(only, message, persistent, nowMs)
    return this.#toMany(lives, message, persistent, nowMs)
  }

  /** Whether one of the queues is full; it dead-letters what it refuses if it is to. */
  refuses(message: Message, lives: readonly LiveQueue[]): boolean {
    let full = false
    for (const live of lives) if (this.#refuses(live, message)) full = true
    return full
  }

  #refuses(live: LiveQueue, message: Message): boolean {
    const { overflow, depthMax, depthBytesMax, deadLetter } = live.queue.settings
    if (depthMax === undefined && depthBytesMax === undefined) return false
    if (overflow === 'drop-head' || !isOver(live, 1, message.body.length)) return false
    if (live.queue.waiting === 0 && live.hasCredit) return false
    if (overflow === 'reject-dead-letter' && deadLetter) this.#parts.refused(live, message)
    live.refused++
    return true
  }

  #toOne(live: LiveQueue, message: PlainMessage, persistent: boolean, nowMs: number): PlainFate {
    const taker = this.#startAtOnce(live, message, nowMs)
    if (taker && isHandedOver(taker)) {
      this.#core.tally.published(live, message.body.length)
      this.#core.observer?.handedOver(live.queue.name, message)
      handOver(live, taker, message)
      return 'done'
    }
    const position = live.queue.nextPosition++
    const place = this.#only
    place.live = live
    place.message = message
    place.position = position
    place.nowMs = nowMs
    place.taker = taker
    if (!persistent || !live.durable) {
      this.#place(place, noSegment, 0, 0)
      return 'done'
    }
    const { journal } = this.#core
    const [entry] = this.#entries
    entry.queueNumber = live.queue.number
    entry.position = position
    entry.delivered = taker !== undefined
    writeAccept(journal.begin(), message, nowMs, this.#entries, undefined)
    journal.end(recordTypes.accept)
    const { segment, recordFrom, recordBytes } = journal
    this.#place(place, segment, recordFrom, recordBytes)
    return 'durable'
  }

  #toMany(
    lives: readonly LiveQueue[],
    message: PlainMessage,
    persistent: boolean,
    nowMs: number,
  ): PlainFate {
    const kept: Place[] = []
    for (const live of lives) {
      const taker = this.#startAtOnce(live, message, nowMs)
      if (taker && isHandedOver(taker)) {
        this.#core.tally.published(live, message.body.length)
        this.#core.observer?.handedOver(live.queue.name, message)
        handOver(live, taker, message)
        continue
      }
      const place = { live, message, position: live.queue.nextPosition++, nowMs, taker }
      if (persistent && live.durable) kept.push(place)
      else this.#place(place, noSegment, 0, 0)
    }
    for (let at = 0; at < kept.length; at += entriesPerRecord) {
      this.#keep(kept.length <= entriesPerRecord ? kept : kept.slice(at, at + entriesPerRecord))
    }
    return kept.length > 0 ? 'durable' : 'done'
  }

  #startAtOnce(live: LiveQueue, message: PlainMessage, nowMs: number): Subscriber | undefined {
    if (message.waitsForDisk) return undefined
    return this.#parts.delivering.startAtOnce(live, message, nowMs)
  }

  #keep(places: readonly Place[]): void {
    const { journal } = this.#core
    const first = places[0] as Place
    const entries = places.map(
      ({ live, position, taker }): AcceptedEntry => ({
        queueNumber: live.queue.number,
        position,
        delivered: taker !== undefined,
      }),
    )
    writeAccept(journal.begin(), first.message, first.nowMs, entries, undefined)
    journal.end(recordTypes.accept)
    // Placing may append further records: where this one lies is noted before.
    const { segment, recordFrom, recordBytes } = journal
    for (const place of places) this.#place(place, segment, recordFrom, recordBytes)
  }

  #place(place: Place, segment: number, from: number, bytes: number): void {
    const { live, message, position, nowMs, taker } = place
    const { delivering, pages } = this.#parts
    const { queue } = live
    const priority = live.priorityOf(message)
    const deadlineAtMs = taker ? Number.POSITIVE_INFINITY : live.waitsUntilMs(message, nowMs)
    const entry = new Entry(position, priority, plainKind, 0, deadlineAtMs, segment, from, bytes)
    // Of a plain message only its time to live is counted from there.
    if (queue.settings.messageTtlMs !== undefined) entry.acceptedAtMs = nowMs
    if (segment === noSegment) entry.message = message
    else this.#core.state.hold(entry)
    this.#core.tally.published(live, message.body.length)
    if (taker) {
      entry.attempts = 1
      queue.pushHeld(entry)
      delivering.handing.handOutNow(delivering.hold(live, entry, message, taker), nowMs)
      return
    }
    this.#core.observer?.waits(entry, message)
    live.came(message)
    if (message.availableAtMs > nowMs) {
      entry.state = entryStates.delayed
      entry.availableAtMs = message.availableAtMs
      queue.put(entry)
    } else {
      const filled = queue.push(entry)
      if (filled) pages.filled(filled)
      if (live.subscribers.length > 0) delivering.pump(live)
      this.dropHeads(live)
    }
    if (queue.dueAtMs < Number.POSITIVE_INFINITY) this.#core.wakeAt(queue.dueAtMs)
  }

  /** Pushes out the oldest ones of a queue that holds too much now. */
  dropHeads(live: LiveQueue): void {
    const { overflow, depthMax, depthBytesMax } = live.queue.settings
    if (overflow !== 'drop-head' || (depthMax === undefined && depthBytesMax === undefined)) return
    while (live.queue.waiting > 0 && isOver(live, 0, 0)) {
      if (!this.#parts.ending.dropHead(live)) return
    }
  }
}

interface Place {
  readonly live: LiveQueue
  readonly message: PlainMessage
  readonly position: number
  readonly nowMs: number
  readonly taker: Subscriber | undefined
}

function isOver(live: LiveQueue, count: number, bytes: number): boolean {
  const { depthMax, depthBytesMax } = live.queue.settings
  return (
    (depthMax !== undefined && live.queue.waiting + count > depthMax) ||
    (depthBytesMax !== undefined && live.readyBytes + bytes > depthBytesMax)
  )
}

function handOver(live: LiveQueue, taker: Subscriber, message: PlainMessage): void {
  live.delivered++
  live.settled++
  live.limiter.end()
  taker.handler.onItsWay?.(-1)
  taker.handler.handOver?.(message, false, 1)
}

/** Delivered on the spot, and nothing of it is kept. */
const isHandedOver = (taker: Subscriber): boolean =>
  taker.noAck && taker.handler.handOver !== undefined
