/*
 * The channels of one connection, by number (AMQP 0-9-1 §1.5, §4.2.3).
 *
 * A number is free again once its close is answered. What settles deliveries of a channel that is
 * gone may still be under way then: it is let go by, where RabbitMQ would close the connection.
 */

import { Channel, type ChannelOwner } from './channel.ts'
import type { ChannelFacts } from './channel-facts.ts'
import { channelError, notAllowed } from './protocol/amqp-error.ts'
import { hotMethod } from './protocol/hot-methods.ts'
import { methodId } from './protocol/methods.ts'

const openId = methodId('channel.open')
/** Closed channels for which settlements may still be under way. */
const closedMax = 32

/** Deliveries that are not settled, or publishes that are not confirmed. */
export type Owed = 'held' | 'unconfirmed'

export interface ChannelLimits {
  readonly channelMax: number
  takeChannel(): void
  giveChannel(): void
}

export class Channels {
  readonly #owner: ChannelOwner
  readonly #limits: ChannelLimits
  readonly #channels = new Map<number, Channel>()
  /** Numbers of the channels that were closed last. */
  readonly #closed: number[] = []

  constructor(owner: ChannelOwner, limits: ChannelLimits) {
    this.#owner = owner
    this.#limits = limits
  }

  get count(): number {
    return this.#channels.size
  }

  get facts(): readonly ChannelFacts[] {
    return [...this.#channels.values()].map((channel) => channel.facts)
  }

  /** Of all channels together. */
  sum(what: Owed): number {
    let sum = 0
    for (const channel of this.#channels.values()) sum += channel[what]
    return sum
  }

  find(number: number): Channel | undefined {
    return this.#channels.get(number)
  }

  /** A method for a number that is no channel. Throws unless it opens one, or comes too late. */
  take(number: number, id: number): void {
    if (id === openId) this.#open(number)
    else if (!this.#closed.includes(number) || !isSettlement(id))
      throw channelError("expected 'channel.open'")
  }

  forget(channel: Channel): void {
    if (!this.#channels.delete(channel.number)) return
    if (this.#closed.push(channel.number) > closedMax) this.#closed.shift()
    this.#limits.giveChannel()
  }

  /** There may be room for deliveries again. */
  resume(): void {
    for (const channel of this.#channels.values()) channel.resume()
  }

  /** The connection is over. */
  end(): void {
    for (const channel of this.#channels.values()) {
      channel.end()
      this.#limits.giveChannel()
    }
    this.#channels.clear()
  }

  #open(number: number): void {
    const { channelMax } = this.#limits
    if (channelMax !== 0 && this.#channels.size >= channelMax)
      throw notAllowed(
        `number of channels opened (${this.count}) has reached the negotiated channel_max (${channelMax})`,
      )
    this.#limits.takeChannel()
    const channel = new Channel(number, this.#owner)
    this.#channels.set(number, channel)
    channel.send({ name: 'channel.open-ok' })
  }
}

const isSettlement = (id: number): boolean =>
  id === hotMethod.ack || id === hotMethod.nack || id === hotMethod.reject
