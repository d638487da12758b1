/*
 * A queue at work: the state machine, those who consume from it, its limits and its books.
 */

import type { Timer } from '../clock.ts'
import type { QueueSettings, SubscribeOptions, SubscriptionHandler } from '../engine.ts'
import type { Delivery } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import type { Entry } from './queue/entry.ts'
import { Limiter, type LimitSettings } from './queue/limiter.ts'
import { Queue } from './queue/queue.ts'

/** One handing of one entry to one subscription. */
export class HeldDelivery implements Delivery {
  readonly message: Message
  readonly live: LiveQueue
  readonly entry: Entry
  readonly subscriber: Subscriber
  readonly attempt: number
  readonly redelivered: boolean
  readonly tag: number
  /** Why the delivery is no longer held, once it is not. */
  over: 'timeout' | 'expired' | 'canceled' | 'settled' | 'closed' | undefined
  /** Handed out: the consumer has seen it. */
  seen = false

  constructor(
    message: Message,
    live: LiveQueue,
    entry: Entry,
    subscriber: Subscriber,
    tag: number,
  ) {
    this.message = message
    this.live = live
    this.entry = entry
    this.subscriber = subscriber
    this.attempt = entry.attempts
    this.redelivered = entry.attempts > 1
    this.tag = tag
  }

  get queue(): string {
    return this.live.queue.name
  }

  get acceptedAtMs(): number {
    return this.entry.acceptedAtMs
  }
}

export class Subscriber {
  readonly live: LiveQueue
  readonly options: SubscribeOptions
  readonly handler: SubscriptionHandler
  readonly held = new Set<HeldDelivery>()
  stopped = false

  constructor(live: LiveQueue, options: SubscribeOptions, handler: SubscriptionHandler) {
    this.live = live
    this.options = options
    this.handler = handler
  }

  /** Deliveries it may still take. */
  get credit(): number {
    return this.stopped ? 0 : this.options.prefetch - this.held.size
  }

  get hasCredit(): boolean {
    return this.credit > 0
  }
}

export interface KeyState {
  readonly limiter: Limiter
  readonly parked: Entry[]
}

const keysSweptMin = 1_024

export class LiveQueue {
  readonly queue: Queue
  readonly subscribers: Subscriber[] = []
  #turn = 0
  readonly limiter: Limiter
  readonly keys = new Map<string, KeyState>()
  #sweepKeysAt = keysSweptMin
  parked = 0
  /** Totals since the engine was opened. */
  accepted = 0
  delivered = 0
  settled = 0
  /** When a limit lets the next one go (monotonic ms), and the timer that looks then. */
  pumpsAtMs = Number.POSITIVE_INFINITY
  pumpTimer: Timer | undefined
  /** Batches of deliveries that are being put on record, and are handed out when that is durable. */
  recording = 0
  /** A read from disk is under way for the head of the queue. */
  loading = false

  constructor(number: number, name: string, settings: QueueSettings, nowMs: number) {
    this.queue = new Queue(number, name, settings)
    this.limiter = new Limiter(settings, nowMs)
  }

  change(settings: QueueSettings): void {
    this.queue.settings = settings
    this.limiter.change(settings)
    for (const key of this.keys.values()) key.limiter.change(settings.perKey ?? {})
  }

  /** Wall ms until when the message may wait undelivered: its deadline, or its time to live if shorter. */
  waitsUntilMs(message: Message, acceptedAtMs: number): number {
    const ttlMs = message.meta?.ttlMs ?? this.queue.settings.messageTtlMs
    if (ttlMs === undefined) return message.deadlineAtMs
    return Math.min(message.deadlineAtMs, Math.max(acceptedAtMs, message.availableAtMs) + ttlMs)
  }

  /** The next subscriber in turn that may take one more. */
  nextSubscriber(): Subscriber | undefined {
    const { subscribers } = this
    for (let n = 0; n < subscribers.length; n++) {
      this.#turn = this.#turn + 1 >= subscribers.length ? 0 : this.#turn + 1
      const subscriber = subscribers[this.#turn] as Subscriber
      if (subscriber.hasCredit) return subscriber
    }
    return undefined
  }

  key(name: string, settings: LimitSettings, nowMs: number): KeyState {
    let key = this.keys.get(name)
    if (!key) {
      if (this.keys.size >= this.#sweepKeysAt) this.#sweepKeys(nowMs)
      key = { limiter: new Limiter(settings, nowMs), parked: [] }
      this.keys.set(name, key)
    }
    return key
  }

  /** Forgets keys that nothing is known about any more. */
  #sweepKeys(nowMs: number): void {
    for (const [name, key] of this.keys) {
      if (key.parked.length === 0 && key.limiter.idle(nowMs)) this.keys.delete(name)
    }
    this.#sweepKeysAt = Math.max(keysSweptMin, this.keys.size * 2)
  }
}
