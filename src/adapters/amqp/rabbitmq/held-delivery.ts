import type { Delivery } from '../../../message/delivery.ts'
import type { Message } from '../../../message/message.ts'
import type { Settled } from '../../../message/settlement.ts'
import type { Carried } from './wire-message.ts'

export type Late = Extract<Settled, { accepted: false }>['by']

/** What a delivery needs of the consumer that holds it. */
export interface Holder {
  /** Done with the copy on the server. Nothing happens when its channel is over: it comes again. */
  acknowledge(held: HeldDelivery): void
  /** Back into the queue by the server itself. */
  requeue(held: HeldDelivery): void
  /** No longer held. */
  release(held: HeldDelivery): void
  readonly handler: {
    revoke(delivery: Delivery, reason: 'timeout' | 'expired' | 'canceled' | 'closed'): void
  }
}

/** One attempt, in the hands of a consumer of this process. */
export class HeldDelivery implements Delivery {
  readonly carried: Carried
  readonly queue: string
  readonly tag: number
  readonly attempt: number
  readonly holder: Holder
  /** The server's tag on the channel of its consumer. */
  readonly deliveryTag: number
  /** Why a settle is late. */
  over: Late | undefined
  timeoutAtMs = Number.POSITIVE_INFINITY

  constructor(carried: Carried, queue: string, tag: number, deliveryTag: number, holder: Holder) {
    this.carried = carried
    this.queue = queue
    this.tag = tag
    this.attempt = carried.attempts + 1
    this.deliveryTag = deliveryTag
    this.holder = holder
  }

  get message(): Message {
    return this.carried.message
  }

  get redelivered(): boolean {
    return this.attempt > 1
  }

  get acceptedAtMs(): number {
    return this.carried.acceptedAtMs
  }
}
