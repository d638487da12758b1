/*
 * The last step of a delivery: its consumer has it.
 *
 *   accepted in this turn ─▶ at the end of the turn, so that what runs now sees its own confirm first;
 *                            while older ones are being put on record, behind them (invariant 13)
 *   on record, or transient ─▶ now
 */

import type { Core } from './core.ts'
import type { HeldDelivery, Subscriber } from './live-queue.ts'
import { plainKind } from './queue/entry.ts'

export interface HandingOutParts {
  readonly core: Core
  /** Its consumer stopped before it was handed out. */
  giveBack(delivery: HeldDelivery): void
  /** Handed to a consumer that acknowledges nothing. */
  handedOver(delivery: HeldDelivery): void
}

export class HandingOut {
  readonly #parts: HandingOutParts
  readonly #core: Core
  #handouts: HeldDelivery[] = []

  constructor(parts: HandingOutParts) {
    this.#parts = parts
    this.#core = parts.core
  }

  /** Hands out once the code that runs now has finished. */
  handOutSoon(delivery: HeldDelivery): void {
    if (delivery.live.recording > 0) {
      delivery.live.following.push(delivery)
      return
    }
    if (this.#handouts.push(delivery) > 1) return
    queueMicrotask(() => {
      const handouts = this.#handouts
      this.#handouts = []
      this.handOut(handouts)
    })
  }

  /** Hands out, behind those of this turn. */
  handOutNext(deliveries: readonly HeldDelivery[]): void {
    if (!this.busy) this.handOut(deliveries)
    else for (const delivery of deliveries) this.handOutSoon(delivery)
  }

  /** Hands out what is on record. */
  handOut(deliveries: readonly HeldDelivery[]): void {
    const nowMs = this.#core.turnMs()
    for (const delivery of deliveries) {
      if (delivery.over) continue
      if (delivery.subscriber.stopped) {
        this.#parts.giveBack(delivery)
        continue
      }
      this.#give(delivery, nowMs)
    }
  }

  #give(delivery: HeldDelivery, nowMs: number): void {
    const { live, subscriber } = delivery
    delivery.seen = true
    if (delivery.entry.kind !== plainKind) delivery.deliveredAtMs = nowMs
    live.delivered++
    if (delivery.redelivered) live.redelivered++
    this.#core.observer?.delivered(delivery)
    subscriber.handler.onItsWay?.(-1)
    if (subscriber.noAck) this.#parts.handedOver(delivery)
    try {
      if (subscriber.noAck && subscriber.handler.handOver) {
        subscriber.handler.handOver(delivery.message, delivery.redelivered, delivery.attempt)
      } else subscriber.handler.deliver(delivery)
    } catch (error) {
      // The others of this turn have their deliveries all the same.
      this.#core.onProblem(`a consumer of queue "${live.queue.name}" threw: ${error}`)
    }
    if (!subscriber.noAck) this.begun(delivery)
  }

  /** Gives now what is on its way: for a consumer that acknowledges nothing and is about to go. */
  giveNow(subscriber: Subscriber): void {
    const nowMs = this.#core.nowMs()
    for (const delivery of [...subscriber.held]) {
      if (!delivery.seen && !delivery.over) this.#give(delivery, nowMs)
    }
  }

  /** The hot path of a broker: to a consumer that waits, in the turn that accepts it. */
  handOutNow(delivery: HeldDelivery, nowMs: number): void {
    // Others of this turn may be on their way: they go first.
    if (this.#handouts.length > 0 || delivery.live.recording > 0) this.handOutSoon(delivery)
    else this.#give(delivery, nowMs)
  }

  /** True while deliveries of this turn are still to be handed out. */
  get busy(): boolean {
    return this.#handouts.length > 0
  }

  /**
   * The time of the attempt counts from now, not from the time of the turn: others of this turn may have
   * been at work for long.
   */
  begun({ entry, live, message, over }: HeldDelivery): void {
    const timeoutMs = message.timeoutMs || (live.queue.settings.consumerTimeoutMs ?? 0)
    if (over || timeoutMs === 0) return
    entry.timeoutAtMs = this.#core.nowMs() + timeoutMs
    live.queue.watchTimeout(entry)
    this.#core.wakeAt(live.queue.dueAtMs)
  }
}
