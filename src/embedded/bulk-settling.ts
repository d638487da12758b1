/*
 * Many deliveries settled at once, and nobody waits: how a broker's channels do it.
 *
 *   acknowledged ─▶ one `remove` record per run of one queue
 *   requeued     ─▶ back at the old place; too often ─▶ dead-lettered
 *   rejected     ─▶ dead-lettered, or dropped
 *
 * A delivery that is over already (its queue deleted, its time up, its outcome known) is passed by.
 * A message with an outcome of its own gets it: `ok` without a value, or `rejected`.
 */

import type { Delivering } from './delivering.ts'
import type { DeliveryTold, HeldDelivery, LiveQueue } from './live-queue.ts'
import type { PlainPublishing } from './plain-publishing.ts'
import { type Entry, messageKind, plainKind } from './queue/entry.ts'
import { jsonBody, type OutcomeBody, type Settling } from './settling.ts'

export interface BulkSettlingParts {
  readonly delivering: Delivering
  readonly settling: Settling
  readonly plainPublishing: Pick<PlainPublishing, 'dropHeads'>
}

const rejection: OutcomeBody = jsonBody('rejected', { by: 'consumer' })
const lost: DeliveryTold = { end: 'lost' }
const returned: DeliveryTold = { end: 'returned' }
const rejected: DeliveryTold = { end: 'rejected', failure: rejection }

export class BulkSettling {
  readonly #delivering: Delivering
  readonly #settling: Settling
  readonly #plainPublishing: Pick<PlainPublishing, 'dropHeads'>

  constructor({ delivering, settling, plainPublishing }: BulkSettlingParts) {
    this.#delivering = delivering
    this.#settling = settling
    this.#plainPublishing = plainPublishing
  }

  acknowledge(held: readonly HeldDelivery[]): void {
    let live: LiveQueue | undefined
    let run: Entry[] = []
    for (const delivery of held) {
      if (!this.#leave(delivery)) continue
      if (delivery.live !== live) {
        this.#removed(live, run)
        live = delivery.live
        run = []
      }
      if (delivery.entry.kind === messageKind) this.#settling.acknowledged(delivery)
      else run.push(delivery.entry)
    }
    this.#removed(live, run)
  }

  #removed(live: LiveQueue | undefined, run: readonly Entry[]): void {
    if (!live) return
    if (run.length > 0) this.#settling.remove(live, run)
    this.#delivering.pump(live)
  }

  /** `counted`: the delivery counts for the limits of queue and message. `isLost`: its channel is over. */
  requeue(held: readonly HeldDelivery[], counted: boolean, isLost = false): void {
    const lives = new Set<LiveQueue>()
    for (const delivery of held) {
      if (!this.#leave(delivery, isLost ? lost : returned)) continue
      lives.add(delivery.live)
      this.#back(delivery, counted)
    }
    for (const live of lives) {
      this.#delivering.pump(live)
      this.#plainPublishing.dropHeads(live)
    }
  }

  #back({ live, entry, message }: HeldDelivery, counted: boolean): void {
    const { deliveryLimit } = live.queue.settings
    const returns = entry.attempts - entry.excused
    if (entry.kind === plainKind) {
      const isOver = counted && deliveryLimit !== undefined && returns > deliveryLimit
      if (isOver) this.#settling.died(live, entry, message, 'delivery_limit')
      else this.#settling.giveBack(live, entry, 0, !counted)
    } else if (counted && isUsedUp(returns, message.attemptsMax, deliveryLimit)) {
      this.#settling.lose(live, entry, message)
    } else this.#settling.giveBack(live, entry, 0, !counted)
  }

  reject(held: readonly HeldDelivery[]): void {
    const lives = new Set<LiveQueue>()
    for (const delivery of held) {
      if (!this.#leave(delivery, rejected)) continue
      const { live, entry, message } = delivery
      lives.add(live)
      if (entry.kind === plainKind) this.#settling.died(live, entry, message, 'rejected')
      else if (entry.kind === messageKind) {
        this.#settling.copyDead(live, message, 'rejected')
        this.#settling.finish(live, entry, message, entry.acceptedAtMs, rejection)
      } else this.#settling.remove(live, [entry])
    }
    for (const live of lives) this.#delivering.pump(live)
  }

  /** False when it is over already. */
  #leave(delivery: HeldDelivery, told?: DeliveryTold): boolean {
    if (delivery.over) {
      if (delivery.isAnswered) this.#delivering.releaseAnswered(delivery)
      return false
    }
    if (told) delivery.told = told
    this.#delivering.release(delivery, 'settled')
    if (delivery.live.deleted) return false
    delivery.live.settled++
    return true
  }
}

/** The message's own limit counts deliveries, the queue's counts returns. */
const isUsedUp = (deliveries: number, attemptsMax: number, returnsMax: number | undefined) =>
  deliveries >= attemptsMax || (returnsMax !== undefined && deliveries > returnsMax)
