/*
 * The consumers of one channel and how much they may hold.
 *
 *   basic.qos global=false   each consumer that begins from now on, for itself
 *   basic.qos global=true    all consumers of the channel together   (RabbitMQ 3.x; 4.3 has one kind)
 *
 * Consumers that had to wait, for the shared prefetch or for a slow reader, are remembered and resumed
 * in the order in which they began to wait.
 */

import { randomBytes } from 'node:crypto'
import { after, type Later } from '../later.ts'
import type { Got } from '../virtual-host/port.ts'
import { ChannelConsumer, type ConsumerSide } from './channel-consumer.ts'
import type { ConsumerFacts } from './channel-facts.ts'
import type { ChannelLine } from './channel-line.ts'
import type { EndOfTurn } from './output.ts'
import { notAllowed, notImplemented } from './protocol/amqp-error.ts'
import type { MethodNamed } from './protocol/methods.ts'
import { Settling } from './settling.ts'

export class Consuming implements ConsumerSide, EndOfTurn {
  readonly line: ChannelLine
  readonly settling: Settling<ChannelConsumer>
  sharedPrefetch = 0
  onItsWay = 0
  #prefetch = 0
  readonly #consumers = new Map<string, ChannelConsumer>()
  #waiting = new Set<ChannelConsumer>()
  #resumesAtEnd = false
  /** Consumers the client is to be told of. */
  #cancelled: string[] = []
  #holdsCancels = false

  constructor(line: ChannelLine) {
    this.line = line
    this.settling = new Settling(line, () => this.resume())
  }

  /** For each new consumer; 0 for no limit. */
  get prefetch(): number {
    return this.#prefetch
  }

  get count(): number {
    return this.#consumers.size
  }

  get facts(): readonly ConsumerFacts[] {
    return [...this.#consumers.values()].map(({ facts }) => facts)
  }

  qos(method: MethodNamed<'basic.qos'>): void {
    if (method.prefetchSize !== 0) throw notImplemented(`prefetch_size!=0 (${method.prefetchSize})`)
    const { session } = this.line
    if (method.global)
      session.warnPortability(
        'global_qos',
        'basic.qos with global=true is the same as global=false in RabbitMQ 4.3',
      )
    const shared = method.global && session.compat === undefined
    if (!shared) this.#prefetch = method.prefetchCount
    this.sharedPrefetch = shared ? method.prefetchCount : 0
    this.line.send({ name: 'basic.qos-ok' })
    this.resume()
  }

  consume(method: MethodNamed<'basic.consume'>): Later<void> {
    if (this.#consumers.has(method.consumerTag))
      throw notAllowed(`attempt to reuse consumer tag '${method.consumerTag}'`)
    const tag = method.consumerTag || `amq.ctag-${randomBytes(16).toString('base64url')}`
    const { queue, noAck, exclusive, args } = method
    const prefetch = noAck ? 0 : this.#prefetch
    const asked = { consumerTag: tag, noAck, exclusive, prefetch, args }
    const consumer = new ChannelConsumer(asked, this)
    const later = this.line.host.consume(this.line, { queue, ...asked }, consumer)
    return after(later, (begun) => {
      if (!consumer.isOver) this.#consumers.set(tag, consumer)
      if (!method.nowait) this.line.send({ name: 'basic.consume-ok', consumerTag: tag })
      consumer.begin(begun)
    })
  }

  cancel(method: MethodNamed<'basic.cancel'>): void {
    const { consumerTag, nowait } = method
    const consumer = this.#consumers.get(consumerTag)
    const left = (): void => {
      if (!nowait) this.line.send({ name: 'basic.cancel-ok', consumerTag })
    }
    if (consumer === undefined) {
      left()
      return
    }
    consumer.cancel(left)
    this.#forget(consumer)
  }

  /** Somebody who manages the broker wants the consumer to end. False when there is none. */
  cancelByServer(consumerTag: string): boolean {
    const consumer = this.#consumers.get(consumerTag)
    if (consumer === undefined) return false
    consumer.cancel(() => this.cancelled(consumer))
    this.#forget(consumer)
    return true
  }

  get(method: MethodNamed<'basic.get'>): Later<void> {
    const { line } = this
    return after(line.host.get(line, method.queue, method.noAck), (got) => this.#got(got))
  }

  held(consumer: ChannelConsumer): void {
    this.#waiting.add(consumer)
  }

  /** Not resumed at once: what arrives takes up its place only after this. */
  arrivedOrNot(): void {
    if (this.#waiting.size === 0 || this.sharedPrefetch === 0 || this.#resumesAtEnd) return
    this.#resumesAtEnd = true
    this.line.output.before(this)
  }

  endOfTurn(): void {
    this.#resumesAtEnd = false
    this.resume()
  }

  /** Its queue is gone. A client that does not know of such cancels is not told. */
  cancelled(consumer: ChannelConsumer): void {
    this.#forget(consumer)
    if (!this.line.capabilities.consumerCancelNotify) return
    this.#cancelled.push(consumer.tag)
    if (!this.#holdsCancels) this.#tellCancels()
  }

  /** Clients are to hear first that a queue is deleted and then of its consumers. */
  holdCancels(): void {
    this.#holdsCancels = true
  }

  tellCancels(): void {
    this.#holdsCancels = false
    this.#tellCancels()
  }

  /** There may be room again for those who wait. */
  resume(): void {
    if (this.#waiting.size === 0) return
    const waiting = this.#waiting
    this.#waiting = new Set()
    for (const consumer of waiting) consumer.resume()
  }

  /** The channel is over: consumers first, so that nothing that goes back comes again. */
  release(): void {
    for (const consumer of this.#consumers.values()) consumer.cancel()
    this.#consumers.clear()
    this.#waiting.clear()
    this.settling.release()
  }

  #tellCancels(): void {
    const tags = this.#cancelled
    this.#cancelled = []
    if (!this.line.isOpen) return
    for (const consumerTag of tags)
      this.line.send({ name: 'basic.cancel', consumerTag, nowait: true })
  }

  #forget(consumer: ChannelConsumer): void {
    if (this.#consumers.get(consumer.tag) === consumer) this.#consumers.delete(consumer.tag)
    this.#waiting.delete(consumer)
  }

  #got(got: Got | undefined): void {
    const { line } = this
    if (got === undefined) {
      line.send({ name: 'basic.get-empty' })
      return
    }
    const { message, redelivered } = got
    line.send({
      name: 'basic.get-ok',
      deliveryTag: this.settling.delivered(got.held, undefined),
      redelivered,
      exchange: message.exchange,
      routingKey: message.routingKey,
      messageCount: got.remaining,
    })
    line.output.writer.content(line.number, got.properties, message.body, line.frameMax)
  }
}
