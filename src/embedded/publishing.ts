/*
 * From a producer into queues.
 *
 *   checks ─▶ known id? ─▶ route ─▶ one `accept` record ─▶ rows, or a consumer that waits ─▶ sync ─▶ confirm
 *
 * Rule: between the look-up of a chosen id and the record that claims it nothing is awaited, except
 * under a lock of that id; so of two sends with one id, one is stored and both get its receipt.
 */

import type { Accepted } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Later } from '../later.ts'
import { limits } from '../limits.ts'
import { type Message, mayBeDuplicate } from '../message/message.ts'
import type { Core } from './core.ts'
import type { Delivering } from './delivering.ts'
import type { IndexPages } from './index-pages.ts'
import { type AcceptedEntry, metaJson, writeAccept } from './journal/accept-record.ts'
import type { Waiter } from './journal/journal-options.ts'
import { recordTypes } from './journal/record.ts'
import type { KnownIds } from './known-ids.ts'
import type { LiveQueue, Subscriber } from './live-queue.ts'
import { checkChosenId, checkMessage, checkMeta } from './port-checks.ts'
import { Entry, entryStates, messageKind } from './queue/entry.ts'
import { checkRoom, roomFor } from './queue-room.ts'
import type { Relations } from './relations.ts'
import type { Lies } from './state.ts'

export interface PublishingParts {
  readonly core: Core
  readonly delivering: Delivering
  readonly pages: IndexPages
  readonly ids: KnownIds
  readonly relations: Relations
  /** Queues that the message goes to; fails with `unroutable`, `queue-unknown`, `exchange-unknown`. */
  route(message: Message): readonly LiveQueue[]
  /** Makes room by pushing out the oldest message of a full queue; false when there is none to push. */
  dropHead(live: LiveQueue): boolean
}

/** A record counts its entries in one byte. */
const entriesPerRecord = 255

interface Target {
  readonly live: LiveQueue
  readonly subscriber: Subscriber | undefined
  readonly entry: AcceptedEntry
}

export class Publishing {
  readonly #parts: PublishingParts
  readonly #core: Core
  readonly #ids: KnownIds
  /** Chosen ids whose look-up is under way. */
  readonly #looking = new Map<string, Promise<unknown>>()

  constructor(parts: PublishingParts) {
    this.#parts = parts
    this.#core = parts.core
    this.#ids = parts.ids
  }

  publish(message: Message): Promise<Accepted> {
    try {
      this.#refuseWhenFull()
      checkMessage(message)
      if (mayBeDuplicate(message)) return this.#publishChosen(message)
      if (this.#mustWait()) return this.#whenRoom().then(() => this.publish(message))
      this.accept(message)
      return this.#confirm(message.id, false)
    } catch (error) {
      this.#core.tally.refused++
      return Promise.reject(error)
    }
  }

  /**
   * All or none: every message is checked, every chosen id looked up and room found for all, and then
   * they are stored in one turn with one confirm.
   */
  publishMany(messages: readonly Message[]): Promise<readonly Accepted[]> {
    try {
      this.#refuseWhenFull()
      for (const message of messages) {
        checkMessage(message)
        checkMeta(message, metaJson(message))
      }
      // Without waiting when it can be: what one sender sends keeps its order.
      const unsure = messages.some((one) => mayBeDuplicate(one) && this.#mustLookUp(one.id))
      return unsure || this.#mustWait()
        ? this.#acceptAllLater(messages)
        : this.#acceptAll(messages, [])
    } catch (error) {
      this.#core.tally.refused += messages.length
      return Promise.reject(error)
    }
  }

  #mustLookUp(id: string): boolean {
    return this.#looking.has(id) || this.#ids.known(id) === undefined
  }

  async #acceptAllLater(messages: readonly Message[]): Promise<readonly Accepted[]> {
    await this.#whenRoom()
    const known: string[] = []
    for (const message of messages) {
      const { id } = message
      if (!mayBeDuplicate(message)) continue
      for (let other = this.#looking.get(id); other; other = this.#looking.get(id)) await other
      if (this.#ids.known(id) === undefined && (await this.#ids.isKnown(id))) known.push(id)
    }
    this.#refuseWhenFull()
    return this.#acceptAll(messages, known)
  }

  /** `lookedUp`: ids that are known and could be told so only by reading the disk. */
  async #acceptAll(
    messages: readonly Message[],
    lookedUp: readonly string[],
  ): Promise<readonly Accepted[]> {
    const known = new Set(lookedUp)
    const duplicates = messages.map((message) => {
      const { id } = message
      const duplicate = mayBeDuplicate(message) && (known.has(id) || this.#ids.known(id) === true)
      known.add(id)
      return duplicate
    })
    const fresh = messages.filter((_, n) => !duplicates[n])
    this.#checkRoomForAll(fresh)
    for (const message of fresh) this.#acceptWithRoom(message)
    await this.#core.journal.durable()
    const confirmedAtMs = this.#core.nowMs()
    return messages.map(({ id }, n) => ({ id, duplicate: duplicates[n] === true, confirmedAtMs }))
  }

  #checkRoomForAll(messages: readonly Message[]): void {
    const perQueue = new Map<LiveQueue, number>()
    for (const message of messages) {
      for (const live of this.#parts.route(message)) {
        perQueue.set(live, (perQueue.get(live) ?? 0) + 1)
      }
    }
    for (const [live, count] of perQueue) {
      if (live.queue.settings.overflow !== 'drop-head') checkRoom(live, count)
    }
  }

  /** Senders wait while the disk or the ledger is behind. */
  #mustWait(): boolean {
    const { journal, outcomes } = this.#core
    return journal.gatheredBytes > limits.commitBytesMax || outcomes.lagging
  }

  async #whenRoom(): Promise<void> {
    await this.#core.journal.durable()
    await this.#core.outcomes.drained()
    this.#refuseWhenFull()
  }

  #refuseWhenFull(): void {
    const { journal } = this.#core
    if (journal.failure) throw journal.failure
    if (this.#core.closed) throw new HomingError('closed', 'the engine is closed; nothing was sent')
    if (!journal.full) return
    void journal.retakeReserve()
    throw new HomingError(
      'disk-full',
      'the disk is full: new messages are refused, settling and reading results go on; free some space and send again',
    )
  }

  #confirm(id: string, duplicate: boolean): Promise<Accepted> {
    return new Promise((resolve, reject) => {
      this.#core.journal.tellDurable(new Confirm(this.#core, id, duplicate, resolve, reject))
    })
  }

  #publishChosen(message: Message): Promise<Accepted> {
    const { id } = message
    if (this.#looking.has(id)) return this.#publishLookedUp(message)
    // Nearly always the memory knows.
    const known = this.#ids.known(id)
    if (known === true) return this.#confirm(id, true)
    if (known === undefined || this.#mustWait()) return this.#publishLookedUp(message)
    this.accept(message)
    return this.#confirm(id, false)
  }

  async #publishLookedUp(message: Message): Promise<Accepted> {
    const { id } = message
    for (;;) {
      const other = this.#looking.get(id)
      if (!other) break
      await other
    }
    const known = this.#ids.known(id)
    if (known === true) return this.#confirm(id, true)
    if (known === false && !this.#mustWait()) {
      this.accept(message)
      return this.#confirm(id, false)
    }
    // Gone from the map before those who wait for it go on: what has settled is not waited for again.
    const looked = this.#lookAndAccept(message).finally(() => this.#looking.delete(id))
    this.#looking.set(
      id,
      looked.catch(() => undefined),
    )
    return this.#confirm(id, await looked)
  }

  /** True when the message was a duplicate. */
  async #lookAndAccept(message: Message): Promise<boolean> {
    await this.#whenRoom()
    if (await this.#ids.isKnown(message.id)) return true
    this.accept(message)
    return false
  }

  /** Puts the message into its queues; durable with the batch that is gathering. */
  accept(message: Message): void {
    const metaText = metaJson(message)
    checkMeta(message, metaText)
    const lives = this.#parts.route(message)
    for (const live of lives) this.#makeRoom(live)
    this.#store(message, lives, metaText)
  }

  /**
   * A broker's message with an outcome, into those queues. True when its chosen id is known and it was
   * not taken; a promise when that must be looked up on disk.
   */
  take(message: Message, lives: readonly LiveQueue[]): Later<boolean> {
    this.#refuseWhenFull()
    const metaText = metaJson(message)
    checkMeta(message, metaText)
    const { id, idChosen } = message
    if (idChosen) {
      checkChosenId(id)
      const known = this.#looking.has(id) ? undefined : this.#ids.known(id)
      if (known === undefined) return this.#lookAndTake(message, lives)
      if (known) return true
    }
    this.#store(message, lives, metaText)
    return false
  }

  async #lookAndTake(message: Message, lives: readonly LiveQueue[]): Promise<boolean> {
    for (let other = this.#looking.get(message.id); other; other = this.#looking.get(message.id)) {
      await other
    }
    const looked = this.#ids.isKnown(message.id)
    this.#looking.set(message.id, looked)
    const known = await looked.finally(() => this.#looking.delete(message.id))
    if (!known) this.#store(message, lives, metaJson(message))
    return known
  }

  /** The same for one of a batch: there is room, whatever its consumers do meanwhile. */
  #acceptWithRoom(message: Message): void {
    const lives = this.#parts.route(message)
    for (const live of lives) {
      const drops = live.queue.settings.overflow === 'drop-head' && roomFor(live) < 1
      if (drops) this.#parts.dropHead(live)
    }
    this.#store(message, lives, metaJson(message))
  }

  /** Puts it into the queues, room or not. */
  store(message: Message, lives: readonly LiveQueue[]): void {
    this.#store(message, lives, metaJson(message))
  }

  #store(message: Message, lives: readonly LiveQueue[], metaText: string | undefined): void {
    const nowMs = this.#core.nowMs()
    if (message.meta) this.#parts.relations.accepted(message.id, message.meta)
    if (lives.length <= entriesPerRecord) {
      this.#acceptInto(lives, message, metaText, nowMs)
      return
    }
    for (let at = 0; at < lives.length; at += entriesPerRecord) {
      this.#acceptInto(lives.slice(at, at + entriesPerRecord), message, metaText, nowMs)
    }
  }

  #acceptInto(
    lives: readonly LiveQueue[],
    message: Message,
    metaText: string | undefined,
    nowMs: number,
  ): void {
    const { journal, state } = this.#core
    const targets = lives.map((live) => this.#target(live, message, nowMs))
    const entries = targets.map((target) => target.entry)
    writeAccept(journal.begin(), message, nowMs, entries, metaText)
    journal.end(recordTypes.accept)
    const hash = state.hash(message.id)
    // Placing may append further records: where this one lies is noted before.
    const lies = { segment: journal.segment, from: journal.recordFrom, bytes: journal.recordBytes }
    for (const target of targets) this.#place(target, message, hash, nowMs, lies)
  }

  #target(live: LiveQueue, message: Message, nowMs: number): Target {
    const subscriber = this.#parts.delivering.startAtOnce(live, message, nowMs)
    const { queue } = live
    const delivered = subscriber !== undefined
    const entry = { queueNumber: queue.number, position: queue.nextPosition++, delivered }
    return { live, subscriber, entry }
  }

  #place(
    { live, subscriber, entry: { position } }: Target,
    message: Message,
    hash: number,
    nowMs: number,
    { segment, from, bytes }: Lies,
  ): void {
    const { delivering, pages } = this.#parts
    const { queue } = live
    const entry = new Entry(
      position,
      live.priorityOf(message),
      messageKind,
      hash,
      subscriber ? message.deadlineAtMs : live.waitsUntilMs(message, nowMs),
      segment,
      from,
      bytes,
    )
    entry.acceptedAtMs = nowMs
    this.#core.state.hold(entry)
    this.#core.tally.published(live, message.body.length)
    this.#core.observer?.waits(entry, message)
    if (subscriber) {
      entry.attempts = 1
      queue.pushHeld(entry)
      delivering.handing.handOutSoon(delivering.hold(live, entry, message, subscriber))
    } else if (message.availableAtMs > nowMs) {
      live.came(message)
      entry.state = entryStates.delayed
      entry.availableAtMs = message.availableAtMs
      queue.put(entry)
    } else {
      live.came(message)
      const filled = queue.push(entry)
      if (filled) pages.filled(filled)
      if (live.subscribers.length > 0) delivering.pump(live)
    }
    this.#core.wakeAt(queue.dueAtMs)
  }

  #makeRoom(live: LiveQueue): void {
    if (roomFor(live) >= 1) return
    if (live.queue.settings.overflow === 'drop-head' && this.#parts.dropHead(live)) return
    checkRoom(live, 1)
  }
}

/** A sender that waits for its message to be durable. */
class Confirm implements Waiter {
  readonly #core: Core
  readonly #id: string
  readonly #duplicate: boolean
  readonly #resolve: (accepted: Accepted) => void
  readonly #reject: (error: HomingError) => void

  constructor(
    core: Core,
    id: string,
    duplicate: boolean,
    resolve: (accepted: Accepted) => void,
    reject: (error: HomingError) => void,
  ) {
    this.#core = core
    this.#id = id
    this.#duplicate = duplicate
    this.#resolve = resolve
    this.#reject = reject
  }

  durable(error: HomingError | undefined): void {
    if (error) this.#reject(error)
    else {
      const confirmedAtMs = this.#core.nowMs()
      this.#resolve({ id: this.#id, duplicate: this.#duplicate, confirmedAtMs })
    }
  }
}
