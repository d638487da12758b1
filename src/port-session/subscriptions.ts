/*
 * The subscriptions of one session, and what they hold.
 *
 * Rule: a delivery is held from when it is told until its settle was accepted or refused, or it was
 * revoked. The engine fences late settles by itself.
 */

import type { Engine, SubscribeOptions, Subscription, SubscriptionHandler } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Delivery } from '../message/delivery.ts'
import type { EventWriter } from '../port-wire/events.ts'
import type { PortAccess } from './access.ts'
import type { Names } from './names.ts'

/** What the parts of a session share. */
export interface SessionShare {
  readonly engine: Engine
  readonly access: PortAccess
  readonly names: Names
  readonly events: EventWriter
  /** False while nothing more is to be told that can wait. */
  hasRoom(): boolean
  /** Something was written. */
  wake(): void
  failed(call: number, error: unknown): void
  onProblem(text: string): void
}

export interface SubscriptionsParts extends SessionShare {
  resume(queue: string): void
}

/** An engine that asks before it delivers is told when a client does not read. */
interface AskedHandler extends SubscriptionHandler {
  mayDeliver(): boolean
  /** Its queue was deleted. */
  gone(): void
}

export class Subscriptions {
  readonly #parts: SubscriptionsParts
  readonly #open = new Map<number, Subscription>()
  readonly #held = new Map<number, Delivery>()
  #isOver = false
  /** Somebody was told that there is no room. */
  #isStarving = false

  constructor(parts: SubscriptionsParts) {
    this.#parts = parts
  }

  held(tag: number): Delivery | undefined {
    return this.#held.get(tag)
  }

  ended(tag: number): void {
    this.#held.delete(tag)
  }

  /** Fails with `access-refused`, `bad-name`, `bad-argument`. */
  open(number: number, queue: string, options: SubscribeOptions): void {
    const { access, names, engine } = this.#parts
    const max = limits.consumersPerConnectionMax
    if (this.#open.has(number))
      throw new HomingError('bad-argument', `subscription ${number} is open already`)
    if (this.#open.size >= max)
      throw new HomingError(
        'memory-full',
        `the connection has ${max} consumers, which is the limit; use fewer, or another connection`,
      )
    access.checkConsume(queue)
    const handler = this.#handler(number, queue)
    const { connectionName, userName } = access
    const known = { ...options, connectionName, userName }
    this.#open.set(number, engine.subscribe(names.in(queue), known, handler))
  }

  stop(number: number): void {
    this.#open.get(number)?.stop()
  }

  async closeOne(number: number): Promise<void> {
    const subscription = this.#open.get(number)
    this.#open.delete(number)
    await subscription?.close()
  }

  /** There is room again. */
  resumeAll(): void {
    if (!this.#isStarving) return
    this.#isStarving = false
    const queues = new Set([...this.#open.values()].map(({ queue }) => queue))
    for (const queue of queues) this.#parts.resume(queue)
  }

  close(): void {
    this.#isOver = true
    const open = [...this.#open.values()]
    this.#open.clear()
    // All stop before the first gives back what it holds, or that would go to the others.
    for (const subscription of open) subscription.stop()
    for (const subscription of open)
      subscription
        .close()
        .catch((error) => this.#parts.onProblem(`closing a consumer failed: ${error}`))
    this.#held.clear()
  }

  #gone(number: number, queue: string): void {
    if (!this.#open.delete(number)) return
    const text = `queue "${queue}" was deleted; declare it and consume from it again`
    this.#parts.failed(number, new HomingError('queue-unknown', text))
  }

  #handler(number: number, queue: string): AskedHandler {
    const { names, events } = this.#parts
    return {
      mayDeliver: () => {
        const may = this.#parts.hasRoom()
        if (!may) this.#isStarving = true
        return may
      },
      gone: () => this.#gone(number, queue),
      deliver: (delivery) => {
        if (this.#isOver) return
        this.#held.set(delivery.tag, delivery)
        events.deliver(number, delivery, names.messageOut(delivery.message), queue)
        this.#parts.wake()
      },
      revoke: (delivery, reason) => {
        this.#held.delete(delivery.tag)
        if (this.#isOver) return
        events.revoke(delivery.tag, reason)
        this.#parts.wake()
      },
    }
  }
}
