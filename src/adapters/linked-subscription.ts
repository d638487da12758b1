/*
 * A subscription that outlives its link.
 *
 * Rule: what a link delivered belongs to that link. When it is lost, whatever is still held is revoked
 * as `closed`, and the next link delivers anew, with tags that were never used before.
 */

import type { SubscribeOptions, Subscription, SubscriptionHandler } from '../engine.ts'
import type { Delivery, Revocation } from '../message/delivery.ts'
import type { Link } from './link.ts'
import { LinkedDelivery } from './linked-delivery.ts'
import { isLoss } from './open-calls.ts'

export interface LinkedSubscriptionParts {
  readonly queue: string
  readonly options: SubscribeOptions
  readonly handler: SubscriptionHandler
  readonly nextTag: () => number
  readonly onProblem: (text: string) => void
  readonly closed: (subscription: LinkedSubscription) => void
}

export class LinkedSubscription implements Subscription {
  readonly queue: string
  readonly #parts: LinkedSubscriptionParts
  /** By the tag of the link. */
  readonly #held = new Map<number, LinkedDelivery>()
  #link: Link | undefined
  #onLink: Subscription | undefined
  #stopped = false
  #closing: Promise<void> | undefined

  constructor(parts: LinkedSubscriptionParts) {
    this.queue = parts.queue
    this.#parts = parts
  }

  begin(link: Link): void {
    if (this.#stopped) return
    this.#link = link
    const { queue, options } = this.#parts
    this.#onLink = link.subscribe(queue, options, {
      deliver: (origin) => this.#deliver(link, origin),
      revoke: (origin, reason) => {
        const delivery = this.#link === link ? this.#held.get(origin.tag) : undefined
        if (delivery !== undefined) this.#revoke(delivery, reason)
      },
    })
  }

  #deliver(link: Link, origin: Delivery): void {
    if (this.#link !== link) return
    const delivery = new LinkedDelivery(origin, link, this, this.#parts.nextTag())
    this.#held.set(origin.tag, delivery)
    this.#parts.handler.deliver(delivery)
  }

  #revoke(delivery: LinkedDelivery, reason: Revocation): void {
    this.#held.delete(delivery.origin.tag)
    delivery.over ??= reason
    try {
      this.#parts.handler.revoke(delivery, reason)
    } catch (error) {
      this.#parts.onProblem(`a consumer of queue "${this.queue}" threw: ${error}`)
    }
  }

  /** Settled, or refused for good. */
  ended(delivery: LinkedDelivery): void {
    if (this.#held.get(delivery.origin.tag) === delivery) this.#held.delete(delivery.origin.tag)
  }

  lost(): void {
    this.#link = undefined
    this.#onLink = undefined
    this.#revokeAll()
  }

  /** Those that are being settled are no longer the consumer's: their settlement says what became of them. */
  #revokeAll(): void {
    const held = [...this.#held.values()]
    this.#held.clear()
    for (const delivery of held) {
      if (delivery.settling === undefined) this.#revoke(delivery, 'closed')
      else delivery.over ??= 'closed'
    }
  }

  stop(): void {
    this.#stopped = true
    this.#onLink?.stop()
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.stop()
    const onLink = this.#onLink
    this.#revokeAll()
    this.#parts.closed(this)
    await onLink?.close().catch((error: unknown) => {
      // With its connection it is closed too.
      if (!isLoss(error)) throw error
    })
  }
}
