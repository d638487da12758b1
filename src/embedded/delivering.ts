/*
 * From queues to consumers.
 *
 *   accepted, a consumer waits ──────────────▶ handed out at the end of this turn
 *   waiting in the queue ── `delivered` record ── sync ──▶ handed out
 *   the same, without acknowledgement ── `remove` record ── sync ──▶ handed over
 *   transient ────────────────────────────────▶ handed out at once
 *
 * Rule: whatever a consumer has seen is on record with it. A message handed out in the turn that
 * accepts it says so in its own accept record; any other delivery is on disk before it is made. So
 * `redelivered` and `attempt` stay true across a crash (invariants 9, 10).
 */

import { gatheredContentType } from '../message/homecoming.ts'
import type { Message } from '../message/message.ts'
import type { Core } from './core.ts'
import { HandingOut, type HandingOutParts } from './handing-out.ts'
import type { IndexPages } from './index-pages.ts'
import { writePositions } from './journal/entry-records.ts'
import { recordTypes } from './journal/record.ts'
import {
  HeldDelivery,
  type KeyState,
  type LiveQueue,
  Subscriber,
  type Taker,
  type TakingOptions,
} from './live-queue.ts'
import { isPassingFault, readAgainMs } from './passing-fault.ts'
import { type Entry, plainKind } from './queue/entry.ts'

/** Messages of busy keys that are taken out of the line so that others can pass. */
const parkedMax = 10_000
/** Deliveries put on record in one go, and the bytes of their bodies. */
const pumpMax = 1_024
const pumpBytesMax = 1024 * 1024

export interface DeliveringParts extends HandingOutParts {
  readonly pages: IndexPages
  readonly firstTag: number
  /** A message whose deadline has passed, or whose record cannot be read, is for the others. */
  expire(live: LiveQueue, entry: Entry): void
  damaged(live: LiveQueue, entry: Entry, error: unknown): void
  /** Its consumers died with it as often as it may be tried. */
  lose(live: LiveQueue, entry: Entry): void
}

export class Delivering {
  readonly #parts: DeliveringParts
  readonly #core: Core
  #nextTag: number
  readonly handing: HandingOut
  #takenBytes = 0

  constructor(parts: DeliveringParts) {
    this.#parts = parts
    this.#core = parts.core
    this.handing = new HandingOut(parts)
    this.#nextTag = parts.firstTag
  }

  subscribe(live: LiveQueue, options: TakingOptions, handler: Taker): Subscriber {
    const subscriber = new Subscriber(live, options, handler)
    live.addSubscriber(subscriber)
    return subscriber
  }

  /**
   * The subscriber that may have a new message at once: nothing waits before it and no limit holds
   * it back. The limits are charged, and it is told that one is on its way.
   */
  startAtOnce(live: LiveQueue, message: Message, nowMs: number): Subscriber | undefined {
    if (live.subscribers.length === 0 || live.queue.waiting > 0) return undefined
    if (message.availableAtMs > nowMs) return undefined
    const { settings } = live.queue
    const limited = settings.rate !== undefined || settings.concurrencyMax !== undefined
    if (limited && live.limiter.waitMs(nowMs) > 0) return undefined
    const key = this.#keyState(live, message, nowMs)
    if (key && (key.parked.length > 0 || key.limiter.waitMs(nowMs) > 0)) return undefined
    // What is brought home never comes before what it tells of is durable (invariant 30).
    if (message.idChosen && message.contentType === gatheredContentType) return undefined
    const subscriber = live.nextSubscriber()
    if (!subscriber) return undefined
    // Its message would be on record as delivered and not as gone (invariant 16).
    if (subscriber.noAck && (live.recording > 0 || this.handing.busy)) return undefined
    live.limiter.start()
    key?.limiter.start()
    subscriber.handler.onItsWay?.(1)
    return subscriber
  }

  /** Gives an entry, already held and counted, to a subscriber; it is told at the end of this turn. */
  hold(live: LiveQueue, entry: Entry, message: Message, subscriber: Subscriber): HeldDelivery {
    const delivery = new HeldDelivery(message, live, entry, subscriber, this.#nextTag++)
    entry.message = message
    // What is held has been delivered in time; only the deadline of an outcome goes on.
    entry.deadlineAtMs = entry.kind === plainKind ? Number.POSITIVE_INFINITY : message.deadlineAtMs
    entry.holder = delivery
    subscriber.held.add(delivery)
    return delivery
  }

  /** Delivers what can be delivered. Call it whenever something may have changed. */
  pump(live: LiveQueue): void {
    if (live.queue.waiting === live.parked || live.loading || this.#core.closed) return
    if (this.#core.journal.failure) return
    const taken: HeldDelivery[] = []
    const bytesBefore = this.#takenBytes
    while (taken.length < pumpMax && this.#takeOne(live, taken)) {
      if (this.#takenBytes - bytesBefore > pumpBytesMax) break
    }
    if (taken.length > 0) this.#record(live, taken)
  }

  /** True when another one may follow. */
  #takeOne(live: LiveQueue, taken: HeldDelivery[]): boolean {
    const core = this.#core
    const { queue } = live
    if (!live.hasCredit) return false
    const entry = queue.candidate()
    if (!entry) {
      const block = queue.neededBlock()
      if (block) this.#after(live, this.#parts.pages.bringBack(block))
      return false
    }
    const nowMs = core.turnMs()
    const waitMs = live.limiter.waitMs(nowMs)
    if (waitMs > 0) {
      if (waitMs < Number.POSITIVE_INFINITY) this.#pumpIn(live, waitMs)
      return false
    }
    const stored = this.#stored(live, entry)
    if (!stored) return false
    if (entry.deadlineAtMs <= nowMs) {
      this.#parts.expire(live, entry)
      return queue.candidate() !== entry
    }
    if (entry.attempts - entry.excused >= stored.message.attemptsMax) {
      this.#parts.lose(live, entry)
      return queue.candidate() !== entry
    }
    const key = this.#keyState(live, stored.message, nowMs)
    if (key && !this.#keyMayStart(live, key, entry, nowMs)) return live.parked < parkedMax
    queue.take(entry)
    entry.attempts++
    entry.acceptedAtMs = stored.acceptedAtMs
    live.limiter.start()
    if (key) {
      key.limiter.start()
      this.#unparkNext(live, key, nowMs)
    }
    this.#takenBytes += stored.message.body.length
    live.left(stored.message)
    const subscriber = live.nextSubscriber() as Subscriber
    subscriber.handler.onItsWay?.(1)
    taken.push(this.hold(live, entry, stored.message, subscriber))
    return true
  }

  #stored(live: LiveQueue, entry: Entry): { message: Message; acceptedAtMs: number } | undefined {
    try {
      const stored = this.#core.peekMessage(entry)
      if (stored) return stored
    } catch (error) {
      this.#parts.damaged(live, entry, error)
      return undefined
    }
    const load = this.#core.journal.load(entry.segment, entry.from)
    this.#after(
      live,
      load.catch((error) => {
        if (isPassingFault(error)) throw error
        this.#parts.damaged(live, entry, error)
      }),
    )
    return undefined
  }

  #keyMayStart(live: LiveQueue, key: KeyState, entry: Entry, nowMs: number): boolean {
    const waitMs = key.limiter.waitMs(nowMs)
    const next = key.parked[0]
    if (waitMs <= 0 && (!next || entry.position < next.position)) return true
    if (live.parked >= parkedMax) return false
    live.queue.park(entry)
    live.parked++
    // One that was in the line again stands before those that were parked after it.
    const { parked } = key
    let at = parked.length
    while (at > 0 && (parked[at - 1] as Entry).position > entry.position) at--
    parked.splice(at, 0, entry)
    this.#unparkNext(live, key, nowMs)
    return false
  }

  /** The key's next parked message: back in the line, or looked at again when its limit lets it go. */
  #unparkNext(live: LiveQueue, key: KeyState, nowMs: number): void {
    if (key.parked.length === 0) return
    const waitMs = key.limiter.waitMs(nowMs)
    if (waitMs <= 0) {
      live.parked--
      live.queue.unpark(key.parked.shift() as Entry)
    } else if (waitMs < Number.POSITIVE_INFINITY) {
      this.#pumpIn(live, waitMs)
    }
  }

  #keyState(live: LiveQueue, message: Message, nowMs: number): KeyState | undefined {
    const { perKey } = live.queue.settings
    const key = message.meta?.key
    return perKey && key !== undefined ? live.key(key, perKey, nowMs) : undefined
  }

  /** Parked messages whose key may go on return to their places in the line. */
  unpark(live: LiveQueue): void {
    if (live.parked === 0) return
    const nowMs = this.#core.nowMs()
    for (const [name, key] of live.keys) {
      // One at a time: the next one is judged when this one has started.
      this.#unparkNext(live, key, nowMs)
      if (key.parked.length === 0 && key.limiter.idle(nowMs)) live.keys.delete(name)
    }
  }

  /** The settings of the queue are others now: what a limit held back that is gone may go. */
  settingsChanged(live: LiveQueue): void {
    if (live.queue.settings.perKey) this.unpark(live)
    else {
      for (const { parked } of live.keys.values()) {
        for (const entry of parked) live.queue.unpark(entry)
      }
      live.keys.clear()
      live.parked = 0
    }
    this.pump(live)
  }

  #record(live: LiveQueue, taken: readonly HeldDelivery[]): void {
    const { journal } = this.#core
    const stored = taken.filter(({ entry }) => !entry.transient)
    // What is transient still waits for older ones that are being put on record (invariant 13).
    if (stored.length === 0 && live.recording === 0) this.handing.handOutNext(taken)
    else {
      this.#write(live, recordTypes.delivered, stored, (one) => !isHandedOver(one))
      this.#write(live, recordTypes.remove, stored, isHandedOver)
      live.recording++
      // What is accepted from here on and delivered at once is handed out behind these.
      const following: HeldDelivery[] = []
      live.following = following
      journal.whenDurable((error) => {
        live.recording--
        if (error) return
        this.handing.handOut(taken)
        this.handing.handOut(following)
      })
    }
    // There may be more than one batch holds.
    if (live.queue.waiting > live.parked && live.hasCredit)
      this.#core.clock.soon(() => this.pump(live))
  }

  #write(
    live: LiveQueue,
    type: typeof recordTypes.delivered | typeof recordTypes.remove,
    taken: readonly HeldDelivery[],
    which: (delivery: HeldDelivery) => boolean,
  ): void {
    const positions: number[] = []
    for (const delivery of taken) {
      if (!which(delivery)) continue
      positions.push(delivery.entry.position)
      delivery.isGoneOnRecord = type === recordTypes.remove
    }
    if (positions.length === 0) return
    const { journal } = this.#core
    writePositions(journal.begin(), live.queue.number, positions)
    journal.end(type)
  }

  /** A delivery is over, in whatever way: its consumer may take another, its limits are freed. */
  release(delivery: HeldDelivery, over: NonNullable<HeldDelivery['over']>): void {
    delivery.over = over
    this.#core.observer?.released(delivery)
    const { entry, live, subscriber } = delivery
    entry.holder = undefined
    if (entry.kind !== plainKind) entry.lastHolder = delivery
    subscriber.held.delete(delivery)
    if (subscriber.hasLeft && subscriber.held.size === 0) live.leavers.delete(subscriber)
    if (!delivery.seen) subscriber.handler.onItsWay?.(-1)
    live.limiter.end()
    const { perKey } = live.queue.settings
    const key = delivery.message.meta?.key
    if (perKey && key !== undefined) live.keys.get(key)?.limiter.end()
    this.unpark(live)
  }

  /** Its result came as a reply: it is final, and its consumer's to acknowledge all the same. */
  answered(delivery: HeldDelivery): void {
    delivery.over = 'settled'
    delivery.isAnswered = true
    this.#core.observer?.released(delivery)
    delivery.entry.holder = undefined
    delivery.entry.lastHolder = delivery
  }

  /** What was answered is acknowledged, or given back: only now its consumer may take another. */
  releaseAnswered(delivery: HeldDelivery): void {
    delivery.isAnswered = false
    this.release(delivery, 'settled')
    this.pump(delivery.live)
  }

  #after(live: LiveQueue, loaded: Promise<unknown>): void {
    live.loading = true
    const goOn = (): void => {
      live.loading = false
      this.pump(live)
    }
    loaded.then(goOn, (error) => {
      this.#core.onProblem(`reading queue "${live.queue.name}" failed: ${error}`)
      // What cannot be read is still what comes next: it is tried again, but not in a rush.
      this.#core.clock.after(readAgainMs, goOn)
    })
  }

  /** Looks again when a limit lets the next one go; one timer a queue. */
  #pumpIn(live: LiveQueue, waitMs: number): void {
    const atMs = this.#core.clock.monotonicMs() + waitMs
    if (live.pumpsAtMs <= atMs) return
    live.pumpTimer?.cancel()
    live.pumpsAtMs = atMs
    live.pumpTimer = this.#core.clock.after(waitMs, () => {
      live.pumpsAtMs = Number.POSITIVE_INFINITY
      live.pumpTimer = undefined
      this.unpark(live)
      this.pump(live)
    })
  }
}

/** Its record says that it is gone, not that it was delivered. */
const isHandedOver = ({ entry, subscriber }: HeldDelivery): boolean =>
  subscriber.noAck && entry.kind === plainKind
