/*
 * A consumer on a channel of its own.
 *
 *   arrived ─▶ read ─▶ looked up in the ledger (all of a turn at once, in order) ─▶ handed out
 *                │                │
 *                │                ├─ has its outcome: sent again, acknowledged
 *                │                ├─ its time is over, or its attempts are: its outcome
 *                │                └─ not yet due: delayed again
 *                └─ redelivered and not counted by the server: a copy that counts, acknowledged
 *
 * When its channel ends everything it holds is revoked as `closed`, and it consumes again on another
 * one, for as long as the link lasts.
 */

import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { type Clock, sleep } from '../../../clock.ts'
import type { SubscribeOptions, Subscription, SubscriptionHandler } from '../../../engine.ts'
import { Acknowledgements } from './acknowledgements.ts'
import type { Arrivals, ArrivedMessage } from './arrivals.ts'
import { brokerFault } from './broker-fault.ts'
import type { HeldDeliveries } from './held-deliveries.ts'
import { HeldDelivery, type Holder } from './held-delivery.ts'
import type { Settling } from './settling.ts'
import type { Topology } from './topology.ts'
import type { Carried } from './wire-message.ts'

export interface ConsumerParts {
  readonly connection: ChannelModel
  readonly topology: Topology
  readonly settling: Settling
  readonly arrivals: Arrivals
  readonly clock: Clock
  readonly onProblem: (text: string) => void
  readonly isOver: () => boolean
  readonly held: HeldDeliveries
  readonly gone: (subscription: RabbitSubscription) => void
}

/** Closing waits so long for what is being ended. */
const closeMsMax = 3_000
const againMsMin = 100
const againMsMax = 5_000

export class RabbitSubscription implements Subscription, Holder {
  readonly queue: string
  readonly handler: SubscriptionHandler
  readonly #parts: ConsumerParts
  readonly #options: SubscribeOptions
  readonly #held = new Set<HeldDelivery>()
  #channel: Channel | undefined
  /** Of that channel. */
  #acknowledgements: Acknowledgements | undefined
  #consumerTag: string | undefined
  #stopped = false
  #fault: unknown
  #arrived: ArrivedMessage[] = []
  #reading: Promise<void> | undefined
  #againMs = againMsMin
  #closing: Promise<void> | undefined
  /** What is being done to begin or to stop. */
  #changing: Promise<void>

  constructor(
    parts: ConsumerParts,
    queue: string,
    options: SubscribeOptions,
    handler: SubscriptionHandler,
  ) {
    this.#parts = parts
    this.queue = queue
    this.#options = options
    this.handler = handler
    this.#changing = this.#begin()
  }

  async #begin(): Promise<void> {
    while (!this.#stopped && !this.#parts.isOver()) {
      try {
        await this.#parts.topology.ensure(this.queue)
        await this.#consume()
        this.#againMs = againMsMin
        return
      } catch (error) {
        if (this.#stopped || this.#parts.isOver()) return
        const fault = brokerFault(this.#fault ?? error, `deliver from queue "${this.queue}"`)
        if (this.#againMs === againMsMin) this.#parts.onProblem(`${fault.message}; tried again`)
      }
      await sleep(this.#parts.clock, this.#againMs)
      this.#againMs = Math.min(this.#againMs * 2, againMsMax)
    }
  }

  async #consume(): Promise<void> {
    this.#fault = undefined
    const channel = await this.#parts.connection.createChannel()
    channel.on('error', (error: Error) => {
      this.#fault = error
    })
    channel.on('close', () => this.#over(channel))
    this.#channel = channel
    const acknowledgements = new Acknowledgements(channel, this.#parts.clock)
    this.#acknowledgements = acknowledgements
    await channel.prefetch(this.#options.prefetch)
    const { consumerTag } = await channel.consume(this.queue, (message) =>
      message === null ? this.#dropped(channel) : this.#take(acknowledgements, message),
    )
    this.#consumerTag = consumerTag
    if (this.#stopped) await this.#cancel()
  }

  /** The server has cancelled the consumer: its queue was deleted, or is led by another node now. */
  #dropped(channel: Channel): void {
    this.#parts.topology.forget(this.queue)
    channel.close().catch(() => undefined)
  }

  /** Its channel has ended. */
  #over(channel: Channel): void {
    if (this.#channel !== channel) return
    this.#channel = undefined
    this.#acknowledgements = undefined
    this.#consumerTag = undefined
    this.#arrived = []
    for (const held of [...this.#held]) {
      this.release(held)
      if (held.over === undefined) this.#parts.settling.revoke(held, 'closed')
    }
    if (this.#stopped || this.#parts.isOver()) return
    if (this.#fault !== undefined) {
      const fault = brokerFault(this.#fault, `keep the consumer of queue "${this.queue}"`)
      this.#parts.onProblem(`${fault.message}; it consumes again`)
      this.#parts.topology.forget(this.queue)
    }
    this.#changing = this.#begin()
  }

  #take(acknowledgements: Acknowledgements, { content, fields, properties }: ConsumeMessage): void {
    const { deliveryTag, redelivered } = fields
    acknowledgements.delivered(deliveryTag)
    this.#arrived.push({ acknowledgements, deliveryTag, redelivered, content, properties })
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined
      if (this.#arrived.length > 0) this.#reading = this.#read()
    })
  }

  async #read(): Promise<void> {
    // All that this turn brings is looked up at once.
    await new Promise<void>((resolve) => this.#parts.clock.soon(resolve))
    while (this.#arrived.length > 0) {
      const arrived = this.#arrived
      this.#arrived = []
      await this.#parts.arrivals.sort(arrived, {
        queue: this.queue,
        handOut: (one, carried) => this.#handOut(one, carried),
        isCurrent: (one) => one.acknowledgements === this.#acknowledgements,
      })
    }
  }

  #handOut({ acknowledgements, deliveryTag }: ArrivedMessage, carried: Carried): void {
    if (acknowledgements !== this.#acknowledgements) return
    const held = new HeldDelivery(
      carried,
      this.queue,
      this.#parts.held.nextTag(),
      deliveryTag,
      this,
    )
    this.#held.add(held)
    this.#parts.held.add(held)
    if (this.#stopped) {
      // It was on its way when the consumer stopped: as if it had not been delivered.
      held.over = 'closed'
      this.#parts.settling.giveBackUnseen(held)
      return
    }
    this.#parts.settling.watch(held)
    try {
      this.handler.deliver(held)
    } catch (error) {
      this.#parts.onProblem(`a consumer of queue "${this.queue}" threw: ${error}`)
    }
  }

  /** One of an earlier channel is no longer held: the server has taken it back. */
  acknowledge(held: HeldDelivery): void {
    if (this.#held.has(held)) this.#acknowledgements?.acknowledge(held.deliveryTag)
  }

  requeue(held: HeldDelivery): void {
    if (this.#held.has(held)) this.#acknowledgements?.requeue(held.deliveryTag)
  }

  release(held: HeldDelivery): void {
    this.#parts.settling.unwatch(held)
    if (this.#held.delete(held)) this.#parts.held.delete(held)
  }

  stop(): void {
    if (this.#stopped) return
    this.#stopped = true
    this.#changing = this.#changing.then(() => this.#cancel()).catch(() => undefined)
  }

  async #cancel(): Promise<void> {
    const tag = this.#consumerTag
    this.#consumerTag = undefined
    if (tag !== undefined) await this.#channel?.cancel(tag)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.stop()
    await this.#changing
    await this.#reading
    const back = [...this.#held].filter((held) => held.over === undefined)
    await Promise.all(back.map((held) => this.#parts.settling.closeHeld(held)))
    // Those that were being settled are, before their channel goes.
    if (this.#held.size > 0) await this.#idle()
    this.#acknowledgements?.flush()
    this.#acknowledgements = undefined
    const channel = this.#channel
    this.#channel = undefined
    await channel?.close().catch(() => undefined)
    this.#parts.gone(this)
  }

  /** What cannot be ended now comes again, to the next consumer. */
  #idle(): Promise<void> {
    const late = sleep(this.#parts.clock, closeMsMax)
    return Promise.race([this.#parts.settling.idle(), late])
  }
}
