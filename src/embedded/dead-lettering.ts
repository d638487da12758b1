/*
 * Plain messages that die: where a broker's dead letters go.
 *
 *   rejected · expired · pushed out · delivered too often
 *        └─▶ the queue's dead-letter exchange ─▶ a copy with its history in `x-death` ─▶ queues
 *
 * Rule: the copies are appended before the record that removes the message, in one batch, so at no
 * moment does the disk hold neither (invariant 37). Where no exchange is named, or none leads on, the
 * message is dropped, as AMQP clients expect. A message that comes round without a rejection in
 * between is dropped by the queue it has been in (invariant 38). Dead letters never go to the names of
 * replies: whoever declares a queue could write into another user's replies.
 */

import {
  type DeathReason,
  deadLetteredProperties,
  deathCycle,
} from '../amqp/protocol/dead-letter-headers.ts'
import { decodeHeaders, headerOf, persistent } from '../amqp/protocol/properties.ts'
import { isReplyName } from '../direct-reply-names.ts'
import type { Message } from '../message/message.ts'
import { PlainMessage } from '../message/plain-message.ts'
import { baseName, scopedName, virtualHostOf } from '../scoped-name.ts'
import type { Core } from './core.ts'
import type { LiveQueue } from './live-queue.ts'
import type { PlainPublishing } from './plain-publishing.ts'

export interface DeadLetteringParts {
  readonly core: Core
  readonly publishing: Pick<PlainPublishing, 'carry'>
  /** Puts a message with an outcome to come into a queue. */
  store(message: Message, live: LiveQueue): void
}

export class DeadLettering {
  readonly #parts: DeadLetteringParts
  readonly #core: Core

  constructor(parts: DeadLetteringParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /** Sends the copies of a message that dies in that queue; what leads nowhere is dropped. */
  send(live: LiveQueue, message: Message, reason: DeathReason): void {
    const onward = this.#onward(live, message, reason)
    if (onward && onward.lives.length > 0) {
      this.#parts.publishing.carry(onward.copy, onward.lives, persistent(onward.copy.properties))
    }
  }

  /**
   * Moves a message with an outcome to come: under its id into the first durable queue it leads to,
   * as copies into the others. False when it leads to none.
   */
  moveOn(live: LiveQueue, message: Message, reason: DeathReason): boolean {
    const onward = this.#onward(live, message, reason)
    const next = onward?.lives.find((target) => target.durable)
    if (!onward || !next) return false
    const { copy, lives } = onward
    const { exchange, routingKey, properties } = copy
    const { ttlMs: _, ...meta } = message.meta ?? {}
    this.#parts.store({ ...message, exchange, routingKey, properties, meta }, next)
    const others = lives.filter((target) => target !== next)
    if (others.length > 0) this.#parts.publishing.carry(copy, others, persistent(properties))
    return true
  }

  #onward(
    live: LiveQueue,
    message: Message,
    reason: DeathReason,
  ): { readonly copy: PlainMessage; readonly lives: readonly LiveQueue[] } | undefined {
    const { deadLetter } = live.queue.settings
    const properties = message.properties
    if (!deadLetter || !properties) return undefined
    const { exchange, routingKey } = deadLetter
    const routingKeys = [message.routingKey, ...carbonCopies(properties)]
    const copied = deadLetteredProperties(properties, {
      queue: baseName(live.queue.name),
      reason,
      exchange: message.exchange,
      routingKeys,
      timeSeconds: Math.floor(this.#core.nowMs() / 1000),
      dropCC: routingKey !== undefined,
    })
    const keys = routingKey === undefined ? routingKeys : [routingKey]
    const lives = this.#route(live, exchange, keys, copied).filter(
      (target) => !deathCycle(copied, baseName(target.queue.name)),
    )
    const copy = new PlainMessage(baseName(exchange), keys[0] as string, copied, message.body)
    copy.priority = message.priority
    return { copy, lives }
  }

  #route(
    from: LiveQueue,
    exchange: string,
    keys: readonly string[],
    properties: Uint8Array,
  ): LiveQueue[] {
    const { routing } = this.#core.state
    const names = new Set<string>()
    if (baseName(exchange) === '') {
      const host = virtualHostOf(from.queue.name)
      for (const key of keys) names.add(scopedName(host, key))
    } else if (routing.exchange(exchange)) {
      const headers = decodeHeaders(properties)
      for (const key of keys) {
        for (const name of routing.route(exchange, key, headers)) names.add(name)
      }
    }
    return [...names]
      .filter((name) => !isReplyName(baseName(name)))
      .map((name) => this.#core.queue(name))
      .filter((live): live is LiveQueue => live !== undefined)
  }
}

/** Keys that the publisher named beside the routing key; BCC was taken out when it was published. */
function carbonCopies(properties: Uint8Array): readonly string[] {
  const copies = headerOf(properties, 'CC')
  return Array.isArray(copies) ? copies.filter((key) => typeof key === 'string') : []
}
