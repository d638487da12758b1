/*
 * A consumer of a client at a queue of the engine.
 *
 *   queue ─▶ HostConsumer ─▶ the channel's sink
 *
 * A consumer with a time-out of its own (`x-consumer-timeout`) is looked at now and then: when what it
 * has held longest is the same as one time-out ago, its channel is closed. So a delivery costs nothing
 * for it, and a time-out is noticed at most half of it late. Where RabbitMQ 4.3 is the measure, a
 * consumer of a quorum queue has a time-out always, and is cancelled by it: what it held goes back.
 */

import type { Clock, Timer } from '../clock.ts'
import type { HeldDelivery, LiveQueue, Subscriber, Taker } from '../embedded/live-queue.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import type { Message } from '../message/message.ts'
import { defaultVirtualHost } from '../scoped-name.ts'
import type { HostQueue } from './host-queue.ts'
import { propertiesOf, shownMessage, withDeliveryCount } from './message-properties.ts'
import type { ConsumeRequest, Consumer, ConsumerSink, Session } from './port.ts'
import { consumerTimeoutMsOf43, noteHeldLong } from './portability.ts'

export interface ConsumerParts {
  readonly session: Session
  readonly door: QueueDoor
  readonly clock: Clock
  /** It takes no more. */
  left(consumer: HostConsumer): void
}

export class HostConsumer implements Consumer, Taker {
  readonly hostQueue: HostQueue
  readonly consumerTag: string
  readonly #parts: ConsumerParts
  readonly #sink: ConsumerSink
  readonly #countsDeliveries: boolean
  /** Names are the same for clients and the engine there. */
  readonly #isDefaultHost: boolean
  readonly #timeoutMs: number | undefined
  /** The time-out is its own, or its queue's, and not only RabbitMQ 4.3's. */
  readonly #isTimed: boolean
  #subscriber: Subscriber | undefined
  #begun = false
  #isOver = false
  #timer: Timer | undefined
  /** What it held longest when it was looked at last, and since when. */
  #oldest: { readonly held: HeldDelivery; readonly sinceMs: number } | undefined
  readonly onItsWay?: (change: 1 | -1) => void

  constructor(
    hostQueue: HostQueue,
    request: ConsumeRequest,
    { sink, ...parts }: ConsumerParts & { readonly sink: ConsumerSink },
  ) {
    this.hostQueue = hostQueue
    this.consumerTag = request.consumerTag
    this.#parts = parts
    this.#sink = sink
    this.#isDefaultHost = hostQueue.resource.virtualHost === defaultVirtualHost
    this.#countsDeliveries = hostQueue.declared.type === 'quorum'
    const timeout = request.args.get('x-consumer-timeout')
    this.#isTimed = timeout !== undefined && !request.noAck
    this.#timeoutMs = this.#isTimed ? Number(timeout) : this.#usualTimeoutMs(request)
    if (sink.onItsWay !== undefined && !request.noAck)
      this.onItsWay = (change) => sink.onItsWay?.(change)
  }

  get queue(): string {
    return this.hostQueue.name
  }

  get heldCount(): number {
    return this.#subscriber?.held.size ?? 0
  }

  get countsReturns(): boolean {
    return this.live.queue.settings.deliveryLimit !== undefined
  }

  get live(): LiveQueue {
    return this.hostQueue.live
  }

  /** Comes into the queue's books; delivered to after the first `resume`. */
  enter({ noAck, prefetch, args, consumerTag }: ConsumeRequest): void {
    const options = {
      noAck,
      prefetch: noAck || prefetch === 0 ? Number.POSITIVE_INFINITY : prefetch,
      priority: Number(args.get('x-priority') ?? 0),
      consumerName: consumerTag,
      connectionName: this.#parts.session.connectionName,
      userName: this.#parts.session.user,
    }
    this.#subscriber = this.#parts.door.subscribe(this.live, options, this)
    if (this.#timeoutMs !== undefined) this.#watch(this.#timeoutMs)
  }

  resume(): void {
    if (this.#isOver) return
    this.#begun = true
    this.#parts.door.resume(this.live)
  }

  cancel(left?: () => void): void {
    if (this.#isOver || this.#subscriber === undefined) {
      left?.()
      return
    }
    this.#end()
    this.#parts.door.unsubscribe(this.#subscriber, left)
    this.#parts.left(this)
  }

  mayDeliver(): boolean {
    return this.#begun && this.#sink.mayDeliver()
  }

  deliver(delivery: HeldDelivery): void {
    const { redelivered, attempt } = delivery
    const message = this.#shown(delivery.message)
    this.#sink.deliver(message, this.#properties(message, attempt), redelivered, delivery)
  }

  handOver(came: Message, redelivered: boolean, attempt: number): void {
    const message = this.#shown(came)
    this.#sink.deliver(message, this.#properties(message, attempt), redelivered, undefined)
  }

  revoke(delivery: HeldDelivery): void {
    this.#sink.revoked(delivery)
  }

  gone(): void {
    if (this.#isOver) return
    this.#end()
    this.#parts.left(this)
    this.#sink.cancelled()
  }

  heldTooLong(): void {
    this.#tooLong(this.live.queue.settings.consumerTimeoutMs ?? 0)
  }

  #end(): void {
    this.#isOver = true
    this.#timer?.cancel()
    this.#oldest = undefined
  }

  #shown(message: Message): Message {
    return this.#isDefaultHost ? message : shownMessage(message)
  }

  #properties(message: Message, attempt: number): Uint8Array {
    const properties = message.properties ?? propertiesOf(message)
    if (!this.#countsDeliveries || attempt <= 1) return properties
    return withDeliveryCount(properties, attempt - 1)
  }

  #watch(timeoutMs: number): void {
    this.#timer = this.#parts.clock.after(timeoutMs / 2, () => {
      if (this.#isOver) return
      if (!this.#isTooLate(timeoutMs)) this.#watch(timeoutMs)
      else if (this.#isTimed || this.#isLike43) this.#tooLong(timeoutMs)
      else noteHeldLong(this.#parts.session, this.hostQueue.resource)
    })
  }

  /** That of RabbitMQ 4.3, at which it is told, or does as it does there. */
  #usualTimeoutMs({ noAck }: ConsumeRequest): number | undefined {
    const isOfQueue = this.live.queue.settings.consumerTimeoutMs !== undefined
    return noAck || isOfQueue || !this.#countsDeliveries ? undefined : consumerTimeoutMsOf43
  }

  get #isLike43(): boolean {
    return this.#countsDeliveries && this.#parts.session.compat === 'rabbitmq-4.3'
  }

  #isTooLate(timeoutMs: number): boolean {
    const nowMs = this.#parts.clock.monotonicMs()
    const [held] = this.#subscriber?.held ?? []
    if (held === undefined) this.#oldest = undefined
    else if (this.#oldest?.held !== held) this.#oldest = { held, sinceMs: nowMs }
    return this.#oldest !== undefined && nowMs - this.#oldest.sinceMs >= timeoutMs
  }

  #tooLong(timeoutMs: number): void {
    if (this.#isLike43) {
      // The engine may be in the middle of its queues now.
      this.#parts.clock.soon(() => this.#takeBack())
      return
    }
    this.#sink.timedOut(
      `delivery acknowledgement by consumer '${this.consumerTag}' timed out. Timeout value used: ${timeoutMs} ms. This timeout value can be configured, see consumers doc guide to learn more`,
    )
  }

  /** It is cancelled, and what it holds goes to others. */
  #takeBack(): void {
    const subscriber = this.#subscriber
    if (this.#isOver || subscriber === undefined) return
    const held = [...subscriber.held].filter(({ seen }) => seen)
    this.#end()
    this.#parts.door.unsubscribe(subscriber)
    for (const delivery of held) this.#sink.revoked(delivery)
    this.#parts.door.requeue(held, true)
    this.#parts.left(this)
    this.#sink.cancelled()
  }
}
