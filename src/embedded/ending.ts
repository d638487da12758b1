/*
 * Ends that no consumer decides: deadlines, time-outs, cancellation, purge, a full queue, damage.
 *
 * An entry is taken out of its queue at once, so that nobody else gets it, and its outcome is written
 * when its message has been read, in the same turn if it is in memory. A crash in between leaves it
 * where it was: nothing was shown yet.
 */

import { sleep } from '../clock.ts'
import type { Later } from '../later.ts'
import { awaitedReplies } from '../message/message.ts'
import type { Core } from './core.ts'
import type { Delivering } from './delivering.ts'
import type { IndexPages } from './index-pages.ts'
import type { HeldDelivery, LiveQueue } from './live-queue.ts'
import { isPassingFault, readAgainMs } from './passing-fault.ts'
import { type Entry, entryStates, messageKind, plainKind } from './queue/entry.ts'
import type { Fifo } from './queue/fifo.ts'
import type { IndexBlock } from './queue/index-block.ts'
import { acknowledged, jsonBody, type OutcomeBody, type Settling } from './settling.ts'
import type { StoredMessage } from './stored-message.ts'

export interface EndingParts {
  readonly core: Core
  readonly pages: IndexPages
  readonly settling: Settling
  readonly delivering: Delivering
}

/** `answered`: its result has come from elsewhere than the consumer that holds it. */
export type Because = 'expired' | 'canceled' | 'full' | 'lost' | 'answered'

/** As plain messages have it; what is canceled just goes. */
const deathReasons = { expired: 'expired', full: 'maxlen', lost: 'delivery_limit' } as const

export class Ending {
  readonly #parts: EndingParts
  readonly #core: Core
  /** Entries whose message is being read, so that their outcome can be written. */
  readonly #ending = new Set<Promise<unknown>>()
  #reads: Promise<void> = Promise.resolve()
  /** Records that could not be read, by queue: kept on disk, out of the way. */
  readonly damagedCounts = new Map<string, number>()

  constructor(parts: EndingParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /** Everything due by now, in all queues. */
  due(): void {
    if (this.#core.closed || this.#core.journal.failure) return
    const nowMs = this.#core.nowMs()
    for (const live of this.#core.state.queues.values()) {
      if (live.queue.dueAtMs <= nowMs) this.#dueIn(live, nowMs)
      this.#core.wakeAt(live.queue.dueAtMs)
    }
  }

  #dueIn(live: LiveQueue, nowMs: number): void {
    const due = live.queue.due(nowMs)
    for (const entry of due.expired) this.expire(live, entry)
    for (const entry of due.timedOut) this.#parts.settling.timedOut(live, entry)
    for (const block of due.needed) this.#bringBack(live, block)
    this.#parts.delivering.unpark(live)
    this.#parts.delivering.pump(live)
  }

  #bringBack(live: LiveQueue, block: IndexBlock): void {
    this.#keep(
      this.#parts.pages.bringBack(block).then(
        () => this.#core.wakeAt(this.#core.nowMs()),
        (error) => this.#core.onProblem(`queue "${live.queue.name}": ${error}`),
      ),
    )
  }

  expire(live: LiveQueue, entry: Entry): void {
    // The deadline that it was taken in with: the queue's settings may have changed since.
    const deadline = new Date(entry.deadlineAtMs).toISOString()
    if (live.queue.name === awaitedReplies) {
      this.endEntry(live, entry, 'expired', () => acknowledged)
      return
    }
    this.endEntry(live, entry, 'expired', () => jsonBody('expired', { deadline }))
  }

  /** No attempt is left, and none was answered. */
  lose(live: LiveQueue, entry: Entry): void {
    this.endEntry(live, entry, 'lost', () => jsonBody('lost', { attempts: entry.attempts }))
  }

  /** Pushes the oldest waiting message out of a full queue. */
  dropHead(live: LiveQueue): boolean {
    const entry = live.queue.candidate()
    if (!entry) {
      const block = live.queue.neededBlock()
      if (block) this.#bringBack(live, block)
      return false
    }
    this.endEntry(live, entry, 'full', () => jsonBody('rejected', { by: 'full' }))
    return true
  }

  /** Ends everything that waits, as canceled. Returns how many. */
  async purge(live: LiveQueue): Promise<number> {
    let count = 0
    const how = (): OutcomeBody => jsonBody('canceled', { reason: 'purged' })
    for (const entry of live.queue.entries()) {
      if (entry.state === entryStates.held) continue
      this.endEntry(live, entry, 'canceled', how)
      count++
    }
    for (const fifo of live.queue.fifos) {
      for (const block of [...fifo.blocks]) {
        if (block.live === 0) continue
        if (!block.columns) await this.#parts.pages.bringBack(block)
        for (let row = block.head; row < block.rows; row++) {
          if (!block.isLive(row)) continue
          this.endEntry(live, block.entryAt(row, fifo.priority), 'canceled', how)
          count++
        }
        // Deep queues: let what was gathered be written before more is.
        if (this.#core.journal.gatheredBytes > 1_000_000) await this.#core.journal.durable()
      }
    }
    await Promise.all(this.#ending)
    await this.#core.journal.durable()
    return count
  }

  /** All that is in a queue that was deleted; a promise when some of it must be read first. */
  discard(live: LiveQueue): Later<void> {
    const away = live.queue.fifos.some((fifo) =>
      fifo.blocks.some((block) => block.live > 0 && !block.columns),
    )
    if (!away) this.#discardInMemory(live)
    if (!away && this.#ending.size === 0) return
    const discarded = this.#discardAll(live)
    this.#keep(discarded)
    return discarded.then(() => undefined)
  }

  async #discardAll(live: LiveQueue): Promise<void> {
    for (const fifo of live.queue.fifos) {
      for (const block of [...fifo.blocks]) {
        if (block.live > 0 && !block.columns) await this.#parts.pages.bringBack(block)
        this.#discardRows(live, fifo, block)
        if (this.#core.journal.gatheredBytes > 1_000_000) await this.#core.journal.durable()
      }
    }
    this.#discardInMemory(live)
    await this.#reads
  }

  #discardInMemory(live: LiveQueue): void {
    for (const entry of live.queue.entries()) this.#discardEntry(live, entry)
    for (const fifo of live.queue.fifos) {
      for (const block of [...fifo.blocks]) this.#discardRows(live, fifo, block)
    }
  }

  #discardRows(live: LiveQueue, fifo: Fifo, block: IndexBlock): void {
    for (let row = block.head; row < block.rows; row++) {
      if (block.isLive(row)) this.#discardEntry(live, block.entryAt(row, fifo.priority))
    }
  }

  #discardEntry(live: LiveQueue, found: Entry): void {
    if (found.kind === messageKind) {
      const how = (): OutcomeBody => jsonBody('canceled', { reason: 'queue deleted' })
      this.endEntry(live, found, 'canceled', how)
      return
    }
    const entry = this.#takeOut(live, found, 'canceled')
    if (entry) this.#core.state.release(entry)
  }

  /** Ends one entry, wherever it stands, and writes its outcome as soon as its message is read. */
  endEntry(
    live: LiveQueue,
    found: Entry,
    because: Because,
    how: (stored: StoredMessage) => OutcomeBody,
  ): void {
    if (this.#core.journal.failure) return
    const entry = this.#takeOut(live, found, because)
    if (!entry) return
    if (entry.kind === plainKind && (because === 'canceled' || !live.queue.settings.deadLetter)) {
      // Of no further use to anybody, so it is not read.
      this.#leftUnread(live, entry)
      this.#parts.settling.remove(live, [entry])
      return
    }
    const end = (stored: StoredMessage): void => this.#finish(live, entry, stored, because, how)
    try {
      const stored = this.#core.peekMessage(entry)
      if (stored) {
        end(stored)
        return
      }
    } catch (error) {
      this.#quarantine(live, entry, error)
      return
    }
    this.#endWhenRead(live, entry, end)
  }

  /** Its bytes no longer wait; about as many as its record has when the message is not in memory. */
  #leftUnread(live: LiveQueue, entry: Entry): void {
    if (live.queue.settings.depthBytesMax === undefined) return
    const stored = this.#core.peekMessage(entry)
    if (stored) live.left(stored.message)
    else if (live.queue.waiting === 0) live.readyBytes = 0
    else live.readyBytes = Math.max(0, live.readyBytes - entry.bytes)
  }

  /** One read after the other: what expires together lies together, and is read along. */
  #endWhenRead(live: LiveQueue, entry: Entry, end: (stored: StoredMessage) => void): void {
    this.#reads = this.#reads
      .then(() => this.#load(entry))
      .then(
        (stored) => end(stored),
        (error) => this.#unread(live, entry, error),
      )
      .catch((error) => this.#core.onProblem(`ending a message failed: ${error}`))
    this.#keep(this.#reads)
  }

  async #load(entry: Entry): Promise<StoredMessage> {
    for (;;) {
      try {
        return await this.#core.loadMessage(entry)
      } catch (error) {
        if (this.#core.closed || !isPassingFault(error)) throw error
        this.#core.onProblem(`a message cannot be read now, it is tried again: ${error}`)
      }
      await sleep(this.#core.clock, readAgainMs)
    }
  }

  #unread(live: LiveQueue, entry: Entry, error: unknown): void {
    if (!isPassingFault(error)) {
      this.#quarantine(live, entry, error)
      return
    }
    // The engine closes before the machine had what was missing: the next start ends the message.
    entry.state = entryStates.ready
    live.queue.put(entry)
  }

  #finish(
    live: LiveQueue,
    entry: Entry,
    stored: StoredMessage,
    because: Because,
    how: (stored: StoredMessage) => OutcomeBody,
  ): void {
    const { message, acceptedAtMs } = stored
    live.left(message)
    if (because === 'expired' || because === 'full' || because === 'lost') {
      const reason = deathReasons[because]
      if (entry.kind === plainKind) {
        this.#parts.settling.died(live, entry, message, reason)
        return
      }
      if (this.#parts.settling.movedOn(live, entry, message, reason)) return
    }
    this.#parts.settling.finish(live, entry, message, acceptedAtMs, how(stored))
  }

  /** Out of the queue, away from its consumer. Undefined when it has left already. */
  #takeOut(live: LiveQueue, found: Entry, because: Because): Entry | undefined {
    const { queue } = live
    const entry = queue.entry(found.position)
    if (entry) {
      const delivery = entry.holder as HeldDelivery | undefined
      if (delivery && because === 'answered') this.#parts.delivering.answered(delivery)
      else if (delivery)
        this.#parts.settling.revoke(delivery, because === 'expired' ? because : 'canceled')
      if (entry.state === entryStates.parked) unparkForGood(live, entry)
      queue.remove(entry)
      return entry
    }
    if (found.lined) {
      queue.remove(found)
      return found
    }
    const there = queue.locate(found.position)
    const row = there?.block.columns ? there.block.rowOf(found.position) : -1
    return there && row >= 0 ? queue.removeRow(there.fifo, there.block, row) : undefined
  }

  /** A record that cannot be read: its entry leaves the queue, the record stays on disk for people. */
  damaged(live: LiveQueue, found: Entry, error: unknown): void {
    const entry = this.#takeOut(live, found, 'canceled')
    if (entry) this.#quarantine(live, entry, error)
  }

  #quarantine(live: LiveQueue, entry: Entry, error: unknown): void {
    const { name } = live.queue
    this.#core.state.segments.use(entry.segment).damaged = true
    this.damagedCounts.set(name, (this.damagedCounts.get(name) ?? 0) + 1)
    const text = error instanceof Error ? error.message : String(error)
    this.#core.onProblem(`a message of queue "${name}" cannot be read and is set aside: ${text}`)
  }

  #keep(work: Promise<unknown>): void {
    const kept: Promise<unknown> = work
      .catch((error) => {
        // When the journal has failed, everybody is told so already.
        if (!this.#core.journal.failure) this.#core.onProblem(`ending a message failed: ${error}`)
      })
      .finally(() => this.#ending.delete(kept))
    this.#ending.add(kept)
  }

  /** Resolves when the ends under way now are written. */
  async ended(): Promise<void> {
    await Promise.all(this.#ending)
  }

  get busy(): boolean {
    return this.#ending.size > 0
  }

  /** Resolves when no end is under way. */
  async settled(): Promise<void> {
    while (this.#ending.size > 0) await Promise.all(this.#ending)
  }
}

function unparkForGood(live: LiveQueue, entry: Entry): void {
  for (const key of live.keys.values()) {
    const at = key.parked.indexOf(entry)
    if (at < 0) continue
    key.parked.splice(at, 1)
    live.parked--
    return
  }
}
