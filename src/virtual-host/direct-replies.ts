/*
 * Direct reply-to: a reply goes straight to the channel that asked, through no queue.
 *
 *   requester ─ consume amq.rabbitmq.reply-to ─▶ address of its own
 *             ─ publish, reply_to amq.rabbitmq.reply-to ─▶ reply_to becomes the address
 *   responder ─ publish to the default exchange, routing key = address ─▶ basic.deliver to the requester
 *
 * Rules: one such consumer a channel, without acknowledgement; a reply is delivered at most once. While
 * the requester's socket does not drain, replies wait for it, up to a number of bytes; beyond that, and
 * when it is gone, they are kept for its user (kept-replies.ts). An address counts in its own virtual
 * host only.
 */

import { preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import { directReplyQueue, isReplyAddress } from '../direct-reply-names.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import type { HostParts } from './host-parts.ts'
import type { KeptReplies } from './kept-replies.ts'
import type { ChannelSession, ConsumeRequest, Consumer, ConsumerSink, PublishFate } from './port.ts'
import { type AddressMaking, replyAddress, userOfAddress } from './reply-address.ts'

const waitingBytesMax = 1024 * 1024
const randomLength = 12

export interface DirectReplyParts extends Pick<HostParts, 'randomBytes' | 'replySecret'> {
  readonly kept: KeptReplies
}

export class DirectReplies {
  readonly #parts: DirectReplyParts
  readonly #making: AddressMaking
  readonly #byAddress = new Map<string, ReplyConsumer>()

  constructor(virtualHost: string, parts: DirectReplyParts) {
    this.#parts = parts
    this.#making = { secret: parts.replySecret, virtualHost }
  }

  consume(channel: ChannelSession, request: ConsumeRequest, sink: ConsumerSink): Consumer {
    if (!request.noAck) throw preconditionFailed('reply consumer cannot acknowledge')
    if (channel.replyConsumer instanceof ReplyConsumer)
      throw preconditionFailed('reply consumer already set')
    const { user } = channel.session
    const address = replyAddress(this.#making, user, this.#parts.randomBytes(randomLength))
    const consumer = new ReplyConsumer(address, request.consumerTag, {
      sink,
      over: (left) => {
        this.#byAddress.delete(address)
        if (channel.replyConsumer === consumer) channel.replyConsumer = undefined
        for (const reply of left) this.#parts.kept.keep(user, reply)
      },
    })
    channel.replyConsumer = consumer
    this.#byAddress.set(address, consumer)
    return consumer
  }

  /** What reply_to becomes when this channel asks. */
  addressOf(channel: ChannelSession): string {
    if (channel.replyConsumer instanceof ReplyConsumer) return channel.replyConsumer.address
    throw preconditionFailed('fast reply consumer does not exist')
  }

  isAlive(name: string): boolean {
    return name === directReplyQueue || this.#byAddress.has(name)
  }

  /** A reply, by its address: the routing key, or another that was named beside it. */
  publish(reply: PlainMessage, address: string = reply.routingKey): PublishFate {
    const consumer = this.#byAddress.get(address)
    if (consumer?.take(reply)) return 'done'
    if (!isReplyAddress(address)) return 'unroutable'
    const user = userOfAddress(this.#making, address)
    return user === undefined ? 'unroutable' : this.#parts.kept.keep(user, reply)
  }

  channelClosed(channel: ChannelSession): void {
    if (channel.replyConsumer instanceof ReplyConsumer) channel.replyConsumer.cancel()
  }
}

interface ReplySides {
  readonly sink: ConsumerSink
  /** It takes no more; these had to wait and were not delivered. */
  over(left: readonly PlainMessage[]): void
}

class ReplyConsumer implements Consumer {
  readonly queue = directReplyQueue
  readonly address: string
  readonly consumerTag: string
  readonly #sides: ReplySides
  #waiting: PlainMessage[] = []
  #waitingBytes = 0
  #isOver = false

  constructor(address: string, consumerTag: string, sides: ReplySides) {
    this.address = address
    this.consumerTag = consumerTag
    this.#sides = sides
  }

  /** False when it cannot. */
  take(reply: PlainMessage): boolean {
    if (this.#isOver) return false
    if (this.#waiting.length === 0 && this.#sides.sink.mayDeliver()) {
      this.#deliver(reply)
      return true
    }
    if (this.#waitingBytes > waitingBytesMax) return false
    this.#waiting.push(reply)
    this.#waitingBytes += reply.body.length + reply.properties.length
    return true
  }

  resume(): void {
    if (this.#waiting.length === 0) return
    let count = 0
    while (count < this.#waiting.length && !this.#isOver && this.#sides.sink.mayDeliver())
      this.#deliver(this.#waiting[count++] as PlainMessage)
    this.#waiting = this.#waiting.slice(count)
    this.#waitingBytes = this.#waiting.reduce(
      (sum, { body, properties }) => sum + body.length + properties.length,
      0,
    )
  }

  cancel(left?: () => void): void {
    const wasOver = this.#isOver
    this.#isOver = true
    left?.()
    if (wasOver) return
    const waiting = this.#waiting
    this.#waiting = []
    this.#sides.over(waiting)
  }

  #deliver(reply: PlainMessage): void {
    this.#sides.sink.deliver(reply, reply.properties, false, undefined)
  }
}
