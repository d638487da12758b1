/*
 * One message on request, as `basic.get` wants it: no consumer, no prefetch.
 *
 * The same rule as for consumers: what is kept on disk is on record as delivered, or as gone, before
 * anybody has it.
 */

import type { SubscribeOptions } from '../engine.ts'
import type { Later } from '../later.ts'
import type { Core } from './core.ts'
import type { Delivering } from './delivering.ts'
import type { Ending } from './ending.ts'
import type { IndexPages } from './index-pages.ts'
import { writePositions } from './journal/entry-records.ts'
import { recordTypes } from './journal/record.ts'
import { type HeldDelivery, type LiveQueue, Subscriber, type Taker } from './live-queue.ts'
import { isPassingFault } from './passing-fault.ts'
import { type Entry, plainKind } from './queue/entry.ts'
import type { Settling } from './settling.ts'
import type { StoredMessage } from './stored-message.ts'

export interface GettingParts {
  readonly core: Core
  readonly pages: IndexPages
  readonly delivering: Delivering
  readonly settling: Settling
  readonly ending: Pick<Ending, 'expire' | 'damaged'>
}

const taker: Taker = { deliver: () => undefined, revoke: () => undefined }

/** Who gets it, for people. */
export type Who = Pick<SubscribeOptions, 'connectionName' | 'userName'>

export class Getting {
  readonly #parts: GettingParts
  readonly #core: Core

  constructor(parts: GettingParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /** The oldest message that may be delivered. `noAck`: it is settled with this. */
  get(live: LiveQueue, noAck: boolean, who?: Who): Later<HeldDelivery | undefined> {
    for (;;) {
      if (this.#core.closed || live.deleted || live.paused) return undefined
      if (this.#core.journal.failure) throw this.#core.journal.failure
      const entry = live.queue.candidate()
      if (!entry) {
        const block = live.queue.neededBlock()
        if (!block) return undefined
        return this.#parts.pages.bringBack(block).then(() => this.get(live, noAck, who))
      }
      const stored = this.#peek(live, entry)
      if (stored === 'damaged') continue
      if (!stored) return this.#load(live, entry).then(() => this.get(live, noAck, who))
      if (entry.deadlineAtMs > this.#core.nowMs())
        return this.#take(live, entry, stored, { ...who, noAck })
      this.#parts.ending.expire(live, entry)
      if (live.queue.candidate() === entry) return undefined
    }
  }

  #peek(live: LiveQueue, entry: Entry): StoredMessage | 'damaged' | undefined {
    try {
      return this.#core.peekMessage(entry)
    } catch (error) {
      this.#parts.ending.damaged(live, entry, error)
      return 'damaged'
    }
  }

  async #load(live: LiveQueue, entry: Entry): Promise<void> {
    try {
      await this.#core.journal.load(entry.segment, entry.from)
    } catch (error) {
      if (isPassingFault(error)) throw error
      this.#parts.ending.damaged(live, entry, error)
    }
  }

  #take(
    live: LiveQueue,
    entry: Entry,
    { message, acceptedAtMs }: StoredMessage,
    asked: Who & { readonly noAck: boolean },
  ): Later<HeldDelivery | undefined> {
    const { journal } = this.#core
    const { noAck } = asked
    live.queue.take(entry)
    live.left(message)
    entry.attempts++
    entry.acceptedAtMs = acceptedAtMs
    live.limiter.start()
    const getter = new Subscriber(live, { ...asked, prefetch: 1, consumerName: 'basic.get' }, taker)
    const delivery = this.#parts.delivering.hold(live, entry, message, getter)
    live.hasLeft(getter)
    if (!entry.transient) {
      const isGone = noAck && entry.kind === plainKind
      writePositions(journal.begin(), live.queue.number, [entry.position])
      journal.end(isGone ? recordTypes.remove : recordTypes.delivered)
      delivery.isGoneOnRecord = isGone
    }
    if (entry.transient && live.recording === 0) return this.#taken(delivery)
    return journal.durable().then(() => this.#taken(delivery))
  }

  #taken(delivery: HeldDelivery): Later<HeldDelivery | undefined> {
    const { live, subscriber } = delivery
    const { noAck } = subscriber
    // It expired, or was purged, while that was put on record.
    if (delivery.over && !(live.deleted && noAck)) return this.get(live, noAck, subscriber.options)
    delivery.seen = true
    if (delivery.entry.kind !== plainKind) delivery.deliveredAtMs = this.#core.nowMs()
    live.delivered++
    if (delivery.redelivered) live.redelivered++
    // Asked for before its queue was deleted, and gone on record: it is still handed over.
    if (delivery.over) return delivery
    this.#core.observer?.delivered(delivery)
    if (noAck) this.#parts.settling.handedOver(delivery)
    else this.#parts.delivering.handing.begun(delivery)
    return delivery
  }
}
