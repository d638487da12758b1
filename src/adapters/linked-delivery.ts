import type { Delivery, Revocation } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import type { Settled } from '../message/settlement.ts'
import type { Link } from './link.ts'

/** The subscription that holds it. */
export interface DeliveryHolder {
  ended(delivery: LinkedDelivery): void
}

/** A delivery of a link, with a tag that is unique over all links. */
export class LinkedDelivery implements Delivery {
  readonly message: Message
  readonly queue: string
  readonly attempt: number
  readonly redelivered: boolean
  readonly tag: number
  readonly acceptedAtMs: number
  /** As the link gave it. */
  readonly origin: Delivery
  readonly link: Link
  readonly holder: DeliveryHolder
  /** Who ended it; undefined while it is held. */
  over: Revocation | 'settled' | undefined
  /** Its settlement is on its way: the consumer is done with it. */
  settling: Promise<Settled> | undefined

  constructor(origin: Delivery, link: Link, holder: DeliveryHolder, tag: number) {
    this.message = origin.message
    this.queue = origin.queue
    this.attempt = origin.attempt
    this.redelivered = origin.redelivered
    this.tag = tag
    this.acceptedAtMs = origin.acceptedAtMs
    this.origin = origin
    this.link = link
    this.holder = holder
  }
}
