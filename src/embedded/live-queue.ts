/*
 * A queue at work: the state machine, those who consume from it, its limits and its books.
 */

import type { Timer } from '../clock.ts'
import type { QueueSettings, SubscribeOptions, SubscriptionHandler } from '../engine.ts'
import type { Delivery } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import { consumerLabel } from './consumer-label.ts'
import { Chain, type Link } from './queue/chain.ts'
import { type Entry, entryStates } from './queue/entry.ts'
import { Limiter, type LimitSettings } from './queue/limiter.ts'
import { Queue } from './queue/queue.ts'
import type { QueueTally } from './tally.ts'

export interface ReportedProgress {
  readonly contentType: string
  readonly body: Uint8Array
  readonly reportedAtMs: number
}

/** `lost`: its consumer is gone, with its channel or connection. */
export type DeliveryEnd = 'retried' | 'returned' | 'rejected' | 'lost'

/** What is told of a delivery beside that it was made. */
export interface DeliveryTold {
  /** What was thrown, or with which code it was ended or rejected. */
  readonly failure?: { readonly code: string; readonly body: Uint8Array }
  /** What its consumer reported last. */
  readonly progress?: ReportedProgress
  /** How it ended, when it neither timed out nor is done with. */
  readonly end?: DeliveryEnd
}

/** One handing of one entry to one subscription. */
export class HeldDelivery implements Delivery, Link<HeldDelivery> {
  readonly message: Message
  readonly live: LiveQueue
  readonly entry: Entry
  readonly subscriber: Subscriber
  readonly attempt: number
  readonly redelivered: boolean
  readonly tag: number
  /** Why the delivery is no longer held, once it is not. */
  over: 'timeout' | 'expired' | 'canceled' | 'settled' | 'closed' | undefined
  /** Its record says that it is gone: it is for a consumer that acknowledges nothing. */
  isGoneOnRecord = false
  /** Its result has come as a reply; it still counts as its consumer's. */
  isAnswered = false
  /** Its neighbours among those of its consumer. */
  before: HeldDelivery | undefined
  after: HeldDelivery | undefined
  /** Handed out: the consumer has seen it. */
  seen = false
  /** Wall ms of that; not of plain messages, which have no story. */
  deliveredAtMs: number | undefined
  /** What few deliveries have. */
  told: DeliveryTold | undefined

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

/** Beyond what every engine offers: how the consumer of a broker takes its messages. */
export interface TakingOptions extends SubscribeOptions {
  /** What is handed over is done with. */
  readonly noAck?: boolean
  /** Higher ones are served first; 0 by default. */
  readonly priority?: number
}

/** Who takes deliveries. What is optional is asked by brokers only. */
export interface Taker extends SubscriptionHandler {
  /** False while it cannot take more, whatever its prefetch says. */
  mayDeliver?(): boolean
  /** One more delivery is on its way to it (1), or has arrived or been taken back (-1). */
  onItsWay?(change: 1 | -1): void
  /** For a consumer without acknowledgement: the message is its own with this. */
  handOver?(message: Message, redelivered: boolean, attempt: number): void
  /** Its queue was deleted. */
  gone?(): void
  /** It has held the delivery for longer than its queue allows. */
  heldTooLong?(delivery: HeldDelivery): void
}

export class Subscriber {
  readonly live: LiveQueue
  readonly options: TakingOptions
  readonly handler: Taker
  readonly noAck: boolean
  readonly priority: number
  readonly held = new Chain<HeldDelivery>()
  /** Its name, its connection and its user in UTF-8, for records. */
  readonly label: Uint8Array
  /** It is among its queue's consumers no more. */
  hasLeft = false
  stopped = false

  constructor(live: LiveQueue, options: TakingOptions, handler: Taker) {
    this.live = live
    this.options = options
    this.handler = handler
    this.noAck = options.noAck === true
    this.priority = options.priority ?? 0
    this.label = consumerLabel(options)
  }

  /** Deliveries it may still take. */
  get credit(): number {
    if (this.stopped || this.handler.mayDeliver?.() === false) return 0
    return this.options.prefetch - this.held.size
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
/** About what a record has beside the body of its message. */
const recordOverheadBytes = 72

const bodyBytesOf = (entry: Entry): number =>
  entry.message?.body.length ?? Math.max(0, entry.bytes - recordOverheadBytes)

export class LiveQueue implements QueueTally {
  readonly queue: Queue
  readonly subscribers: Subscriber[] = []
  /** Those that are gone and still hold something. */
  readonly leavers = new Set<Subscriber>()
  #turn = -1
  readonly limiter: Limiter
  readonly keys = new Map<string, KeyState>()
  #sweepKeysAt = keysSweptMin
  parked = 0
  /** Totals since the engine was opened. */
  accepted = 0
  acceptedBytes = 0
  refused = 0
  delivered = 0
  redelivered = 0
  settled = 0
  outcomes = 0
  failed = 0
  /** When a limit lets the next one go (monotonic ms), and the timer that looks then. */
  pumpsAtMs = Number.POSITIVE_INFINITY
  pumpTimer: Timer | undefined
  /** Batches of deliveries that are being put on record, and are handed out when that is durable. */
  recording = 0
  /** Deliveries that were on record from the start and wait for the last of those batches. */
  following: HeldDelivery[] = []
  /** A read from disk is under way for the head of the queue. */
  loading = false
  /** Bytes of the bodies that wait; kept only where the settings limit them, and near after a restart. */
  readyBytes = 0
  /** Not all subscribers have the same priority. */
  #ranked = false
  /** Deleted: what consumers still hold is nobody's any more. */
  deleted = false

  constructor(number: number, name: string, settings: QueueSettings, nowMs: number) {
    this.queue = new Queue(number, name, settings)
    this.limiter = new Limiter(settings, nowMs)
  }

  change(settings: QueueSettings): void {
    const isNew = this.queue.settings.depthBytesMax === undefined
    this.queue.settings = settings
    if (isNew) this.estimateReadyBytes()
    this.limiter.change(settings)
    for (const key of this.keys.values()) key.limiter.change(settings.perKey ?? {})
  }

  /** Wall ms until when the message may wait undelivered: its deadline, or its time to live if shorter. */
  waitsUntilMs(message: Message, acceptedAtMs: number): number {
    const ttlMs = message.meta?.ttlMs ?? this.queue.settings.messageTtlMs
    if (ttlMs === undefined) return message.deadlineAtMs
    return Math.min(message.deadlineAtMs, Math.max(acceptedAtMs, message.availableAtMs) + ttlMs)
  }

  /** Nothing is delivered until it is resumed. */
  get paused(): boolean {
    return this.queue.settings.paused === true
  }

  get durable(): boolean {
    return this.queue.settings.durable !== false
  }

  /** Whether a consumer may take one more. */
  get hasCredit(): boolean {
    if (this.queue.settings.paused) return false
    if (this.queue.settings.singleActive) return this.#active() !== undefined
    for (const subscriber of this.subscribers) if (subscriber.hasCredit) return true
    return false
  }

  /** After a restart only the lengths of the records are known: they are taken for the bodies'. */
  estimateReadyBytes(): void {
    if (this.queue.settings.depthBytesMax === undefined) return
    let bytes = 0
    for (const entry of this.queue.entries()) {
      if (entry.state === entryStates.ready) bytes += bodyBytesOf(entry)
    }
    for (const fifo of this.queue.fifos) {
      for (const block of fifo.blocks) bytes += block.bytes(recordOverheadBytes)
    }
    this.readyBytes = bytes
  }

  /** A message has come to wait, or come back. */
  came(message: Message): void {
    if (this.queue.settings.depthBytesMax !== undefined) this.readyBytes += message.body.length
  }

  /** A waiting message has left. */
  left(message: Message): void {
    if (this.queue.settings.depthBytesMax === undefined) return
    const left = Math.max(0, this.readyBytes - message.body.length)
    this.readyBytes = this.queue.waiting === 0 ? 0 : left
  }

  /** The highest priority that counts here. */
  priorityOf(message: Message): number {
    const { priorityMax } = this.queue.settings
    return priorityMax === undefined ? message.priority : Math.min(message.priority, priorityMax)
  }

  addSubscriber(subscriber: Subscriber): void {
    this.subscribers.push(subscriber)
    this.#rank()
  }

  removeSubscriber(subscriber: Subscriber): boolean {
    const at = this.subscribers.indexOf(subscriber)
    if (at < 0) return false
    this.subscribers.splice(at, 1)
    this.hasLeft(subscriber)
    this.#rank()
    return true
  }

  /** What it holds stays held. */
  hasLeft(subscriber: Subscriber): void {
    subscriber.hasLeft = true
    if (subscriber.held.size > 0) this.leavers.add(subscriber)
  }

  /** What consumers hold, also those that are gone. */
  *held(): Generator<HeldDelivery> {
    for (const subscriber of [...this.subscribers, ...this.leavers]) {
      for (const delivery of subscriber.held) if (!delivery.over) yield delivery
    }
  }

  #rank(): void {
    const [first] = this.subscribers
    this.#ranked = this.subscribers.some(({ priority }) => priority !== first?.priority)
  }

  /** The next subscriber in turn that may take one more. */
  nextSubscriber(): Subscriber | undefined {
    if (this.queue.settings.paused) return undefined
    if (this.queue.settings.singleActive) return this.#active()
    return this.#ranked ? this.#nextRanked() : this.#nextInTurn()
  }

  /** The consumer that has been there longest. */
  #active(): Subscriber | undefined {
    const [active] = this.subscribers
    return active?.hasCredit ? active : undefined
  }

  #nextRanked(): Subscriber | undefined {
    let best: Subscriber | undefined
    const { length } = this.subscribers
    let bestAt = 0
    for (let n = 1; n <= length; n++) {
      const at = (this.#turn + n) % length
      const subscriber = this.subscribers[at] as Subscriber
      if (best && subscriber.priority <= best.priority) continue
      if (!subscriber.hasCredit) continue
      best = subscriber
      bestAt = at
    }
    if (best) this.#turn = bestAt
    return best
  }

  #nextInTurn(): Subscriber | undefined {
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
