/*
 * One consumer of a channel: what its queue hands it becomes basic.deliver frames.
 *
 * Rule: nothing is delivered before its consume-ok is written, nothing after its cancel-ok. What it
 * delivered stays the channel's when it is cancelled.
 */

import { Buffer } from 'node:buffer'
import type { Message } from '../message/message.ts'
import type { ConsumeRequest, Consumer, ConsumerSink, HeldMessage } from '../virtual-host/port.ts'
import type { ConsumerFacts } from './channel-facts.ts'
import type { ChannelLine } from './channel-line.ts'
import type { EndOfTurn } from './output.ts'
import { preconditionFailed } from './protocol/amqp-error.ts'
import type { Settling } from './settling.ts'

/** What a consumer asks of the channel's consuming. */
export interface ConsumerSide {
  readonly line: ChannelLine
  readonly settling: Settling<ChannelConsumer>
  /** Unsettled deliveries all consumers of the channel may hold together; 0 for no limit. */
  readonly sharedPrefetch: number
  /** Deliveries that a queue has taken out for one of them and not handed over yet. */
  onItsWay: number
  /** One of those is no longer on its way, and was perhaps not handed over. */
  arrivedOrNot(): void
  /** It has to wait; it is resumed when there is room. */
  held(consumer: ChannelConsumer): void
  /** Its queue is gone. */
  cancelled(consumer: ChannelConsumer): void
}

export class ChannelConsumer implements ConsumerSink {
  readonly tag: string
  readonly #tagBytes: Buffer
  readonly #side: ConsumerSide
  readonly #noAck: boolean
  #consumer: Consumer | undefined
  #isOver = false

  readonly #asked: Omit<ConsumeRequest, 'queue'>

  constructor(asked: Omit<ConsumeRequest, 'queue'>, side: ConsumerSide) {
    this.tag = asked.consumerTag
    this.#tagBytes = Buffer.from(this.tag)
    this.#noAck = asked.noAck
    this.#asked = asked
    this.#side = side
  }

  get facts(): ConsumerFacts {
    const { queue = '', heldCount: unacknowledged = 0 } = this.#consumer ?? {}
    return { ...this.#asked, queue, unacknowledged }
  }

  /** True when it was cancelled, or its queue is gone. */
  get isOver(): boolean {
    return this.#isOver
  }

  get countsReturns(): boolean {
    return this.#consumer?.countsReturns === true
  }

  /** Its consume-ok is written: from now on it takes messages. */
  begin(consumer: Consumer): void {
    this.#consumer = consumer
    if (this.#isOver) consumer.cancel()
    else consumer.resume()
  }

  resume(): void {
    if (!this.#isOver) this.#consumer?.resume()
  }

  /** `left` is called when nothing more comes, and before another consumer takes its place. */
  cancel(left?: () => void): void {
    const consumer = this.#isOver ? undefined : this.#consumer
    this.#isOver = true
    if (consumer === undefined) left?.()
    else consumer.cancel(left)
  }

  deliver(
    message: Message,
    properties: Uint8Array,
    redelivered: boolean,
    held: HeldMessage | undefined,
  ): void {
    const { line, settling } = this.#side
    if (!line.isOpen) {
      // Nobody would ever settle it.
      if (held !== undefined) line.host.requeue([held], false)
      return
    }
    const { output, number } = line
    const tag = settling.delivered(held, this)
    const { exchange, routingKey } = message
    output.writer.deliver(number, this.#tagBytes, tag, redelivered, exchange, routingKey)
    output.writer.content(number, properties, message.body, line.frameMax)
    output.wake()
  }

  mayDeliver(): boolean {
    const { line } = this.#side
    if (this.#consumer === undefined || this.#isOver || !line.isOpen) return false
    const hasRoom = line.output.takesDelivery() && (this.#noAck || this.#hasSharedRoom)
    if (!hasRoom) this.#side.held(this)
    return hasRoom
  }

  get #hasSharedRoom(): boolean {
    const { settling, sharedPrefetch, onItsWay } = this.#side
    return sharedPrefetch === 0 || settling.consumed + onItsWay < sharedPrefetch
  }

  onItsWay(change: 1 | -1): void {
    this.#side.onItsWay += change
    if (change === -1) this.#side.arrivedOrNot()
  }

  atEndOfTurn(writer: EndOfTurn): void {
    this.#side.line.output.before(writer)
  }

  blockedFor(): string | undefined {
    const { blockedFor } = this.#side.line
    if (blockedFor !== undefined) this.#side.held(this)
    return blockedFor
  }

  revoked(held: HeldMessage): void {
    this.#side.settling.revoked(held)
  }

  cancelled(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#side.cancelled(this)
  }

  timedOut(text: string): void {
    this.#side.line.fail(preconditionFailed(text))
  }
}
