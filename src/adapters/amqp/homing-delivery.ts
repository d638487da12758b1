import type { SubscriptionHandler } from '../../engine.ts'
import type { Delivery, Revocation } from '../../message/delivery.ts'
import type { Message } from '../../message/message.ts'
import type { WireDelivery } from '../../port-wire/events.ts'

/** A subscription at a Homing broker. */
export interface HomingSubscription {
  readonly number: number
  readonly queue: string
  readonly handler: SubscriptionHandler
  /** The link it is of. */
  readonly of: object
  /** What still comes is given back. */
  stopped: boolean
}

/** One delivery of a Homing broker. */
export class HomingDelivery implements Delivery {
  readonly message: Message
  readonly attempt: number
  readonly redelivered: boolean
  readonly tag: number
  readonly acceptedAtMs: number
  readonly subscription: HomingSubscription
  /** Why it is no longer held, once it is not. */
  over: Revocation | 'settled' | undefined

  constructor(came: WireDelivery, subscription: HomingSubscription) {
    this.message = came.message
    this.attempt = came.attempt
    this.redelivered = came.redelivered
    this.tag = came.tag
    this.acceptedAtMs = came.acceptedAtMs
    this.subscription = subscription
  }

  get queue(): string {
    return this.subscription.queue
  }
}
