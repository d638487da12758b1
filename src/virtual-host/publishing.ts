/*
 * Publishing, the hot path: rights and route, what the properties ask for, into the queues.
 *
 *   plain properties (none of: headers, priority, reply_to, expiration, user_id) ─▶ route ─▶ queues
 *   others ─▶ checks, in RabbitMQ's order ─▶ CC, delay, reply address ─▶ route ─▶ queues
 *
 * Rule: nothing is made per message beside the message that came, unless its bytes must change. A
 * refused publish has changed nothing.
 */

import { carbonCopies, checkCarbonCopies, withoutBcc } from '../amqp/protocol/carbon-copies.ts'
import {
  headerBytesOf,
  headerOf,
  priorityOf,
  propertyFlags,
  replyToOf,
} from '../amqp/protocol/properties.ts'
import { withHeaders, withText } from '../amqp/protocol/property-splice.ts'
import { tableWith } from '../amqp/protocol/table-splice.ts'
import { directReplyQueue, isReplyAddress } from '../direct-reply-names.ts'
import type { LiveQueue } from '../embedded/live-queue.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import type { Later } from '../later.ts'
import { PlainMessage } from '../message/plain-message.ts'
import { checkUserId, delayMs, expirationMs, isPersistent } from './content-checks.ts'
import type { DirectReplies } from './direct-replies.ts'
import { headerInterests, interest } from './header-interests.ts'
import type { ChannelSession, PublishFate } from './port.ts'
import type { Routes } from './routes.ts'

/** A message that may ask for a result, or be one: it has a reply_to, a correlation id, a header of ours. */
export interface ResultCandidate {
  readonly channel: ChannelSession
  readonly message: PlainMessage
  readonly lives: readonly LiveQueue[]
  /** Delivery mode 2. */
  readonly persistent: boolean
  /** True when a header begins with `x-homing-`. */
  readonly hasOwnHeaders: boolean
}

/** Where results for clients are looked after. */
export interface TakesResults {
  /** Undefined lets the message go the plain way. */
  take(candidate: ResultCandidate): Later<PublishFate> | undefined
}

export interface PublishingParts {
  readonly door: QueueDoor
  readonly routes: Routes
  readonly replies: DirectReplies
  readonly results: TakesResults
}

const { headers, priority, correlationId, replyTo, expiration, messageId, userId } = propertyFlags
/** Flags of properties that ask something of the broker. */
const askingFlags = headers | priority | replyTo | correlationId | expiration | userId
const resultFlags = replyTo | correlationId
const copies = interest.carbonCopy | interest.blindCopy
const nobody: readonly string[] = []
/** What became of a message in one place counts for all when it stands behind what became of it in others. */
const fates: readonly PublishFate[] = ['unroutable', 'done', 'durable', 'refused']

export class Publishing {
  readonly #parts: PublishingParts

  constructor(parts: PublishingParts) {
    this.#parts = parts
  }

  publish(channel: ChannelSession, message: PlainMessage): Later<PublishFate> {
    const { properties, exchange } = message
    const flags = flagsOf(properties)
    const isReply = exchange === '' && isReplyAddress(message.routingKey)
    if ((flags & askingFlags) !== 0 || isReply) return this.#asking(channel, message, flags)
    const route = this.#parts.routes.of(channel.session, message)
    if (route.deduplicates && (flags & messageId) !== 0)
      return this.#asking(channel, message, flags)
    return this.#into(message, route.lives, isPersistent(properties))
  }

  /** Throws what `publish` would refuse, and does nothing. */
  check(channel: ChannelSession, message: PlainMessage): void {
    this.#parts.routes.of(channel.session, message)
    this.#checked(channel, message, flagsOf(message.properties))
    checkCarbonCopies(message.properties)
  }

  #asking(channel: ChannelSession, came: PlainMessage, flags: number): Later<PublishFate> {
    const found = (flags & headers) === 0 ? 0 : headerInterests(came.properties)
    const { routes, replies, results } = this.#parts
    let route = routes.of(channel.session, came)
    let message = this.#checked(channel, came, flags)
    let addresses: readonly string[] = nobody
    if ((found & copies) !== 0) {
      checkCarbonCopies(came.properties)
      const keys = carbonCopies(came.properties)
      route = routes.withKeys(channel.session, came, keys)
      message = this.#copied(message)
      if (came.exchange === '') addresses = furtherAddresses(came.routingKey, keys)
    }
    if (route.delays && (found & interest.delay) !== 0) message = this.#delayed(message)
    this.#setTimes(message, flags)
    const hasOwnHeaders = (found & interest.homing) !== 0
    const kept = isPersistent(message.properties)
    if ((flags & resultFlags) !== 0 || hasOwnHeaders || route.deduplicates) {
      const candidate = { channel, message, lives: route.lives, persistent: kept, hasOwnHeaders }
      const fate = results.take(candidate)
      if (fate !== undefined) return this.#repliedTo(message, addresses, fate)
    }
    if (message.exchange === '' && isReplyAddress(message.routingKey))
      return this.#repliedTo(message, addresses, replies.publish(message))
    return this.#repliedTo(message, addresses, this.#into(message, route.lives, kept))
  }

  /** The same message as a reply to each of these, and what became of it in all. */
  #repliedTo(
    message: PlainMessage,
    addresses: readonly string[],
    came: Later<PublishFate>,
  ): Later<PublishFate> {
    if (addresses.length === 0) return came
    if (came instanceof Promise)
      return came.then((fate) => this.#repliedTo(message, addresses, fate))
    let weightiest = came
    for (const address of addresses) {
      const fate = this.#parts.replies.publish(message, address)
      if (fates.indexOf(fate) > fates.indexOf(weightiest)) weightiest = fate
    }
    return weightiest
  }

  /** What may be refused of the properties; the message with its reply address. */
  #checked(channel: ChannelSession, message: PlainMessage, flags: number): PlainMessage {
    const { properties } = message
    let checked = message
    if ((flags & replyTo) !== 0 && replyToOf(properties) === directReplyQueue) {
      const address = this.#parts.replies.addressOf(channel)
      checked = withProperties(message, withText(properties, 'replyTo', address))
    }
    if ((flags & userId) !== 0) checkUserId(channel.session, properties)
    if ((flags & expiration) !== 0) expirationMs(properties)
    isPersistent(properties)
    return checked
  }

  #copied(message: PlainMessage): PlainMessage {
    const properties = withoutBcc(message.properties)
    return properties === message.properties ? message : withProperties(message, properties)
  }

  /** Not before its time. The header is turned negative, as RabbitMQ's plugin does: it was obeyed. */
  #delayed(message: PlainMessage): PlainMessage {
    const { properties } = message
    const waitMs = delayMs(headerOf(properties, 'x-delay'))
    if (waitMs === 0) return message
    const table = tableWith(
      headerBytesOf(properties) as Uint8Array,
      new Map([['x-delay', -waitMs]]),
    )
    const delayed = withProperties(message, withHeaders(properties, table))
    delayed.availableAtMs = this.#parts.door.nowMs() + waitMs
    return delayed
  }

  #setTimes(message: PlainMessage, flags: number): void {
    if ((flags & priority) !== 0) message.priority = priorityOf(message.properties)
    if ((flags & expiration) === 0) return
    const fromMs = message.availableAtMs || this.#parts.door.nowMs()
    message.deadlineAtMs = fromMs + expirationMs(message.properties)
  }

  #into(message: PlainMessage, lives: readonly LiveQueue[], kept: boolean): PublishFate {
    return lives.length === 0 ? 'unroutable' : this.#parts.door.publish(message, lives, kept)
  }
}

/** Requesters that are named beside the routing key, each once. */
function furtherAddresses(routingKey: string, keys: readonly string[]): readonly string[] {
  const addresses = new Set(keys.filter(isReplyAddress))
  addresses.delete(routingKey)
  return [...addresses]
}

const flagsOf = (properties: Uint8Array): number =>
  ((properties[0] as number) << 8) | (properties[1] as number)

const withProperties = (
  { exchange, routingKey, body, availableAtMs }: PlainMessage,
  properties: Uint8Array,
): PlainMessage => {
  const message = new PlainMessage(exchange, routingKey, properties, body)
  message.availableAtMs = availableAtMs
  return message
}
