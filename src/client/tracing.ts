/*
 * What the client asks of tracing. A home without it holds `undefined` here, and nothing is made or
 * called for a message.
 *
 *   send ──────────▶ span, whose context the messages carry
 *   call, wait ────▶ span until the outcome is there
 *   a delivery ────▶ span from its beginning until it is settled or taken away; the handler runs in it
 */

import type { Accepted } from '../engine.ts'
import type { Delivery, Revocation } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import type { Settlement } from '../message/settlement.ts'

export interface Tracing {
  send(message: Message, publish: (traced: Message) => Promise<Accepted>): Promise<Accepted>
  sendMany(
    messages: readonly Message[],
    publish: (traced: readonly Message[]) => Promise<readonly Accepted[]>,
  ): Promise<readonly Accepted[]>
  /** There and back: what is sent meanwhile is within it. */
  call<T>(queue: string, run: () => Promise<T>): Promise<T>
  /** `codeOf` tells the outcome's code. */
  wait<T>(
    awaited: { readonly queue: string; readonly id: string },
    run: () => Promise<T>,
    codeOf: (value: T) => string,
  ): Promise<T>
  process(delivery: Delivery): DeliveryTrace
  callback(delivery: Delivery): DeliveryTrace
  /** The run of a handler over many deliveries, each of which has its own trace as well. */
  batch<T>(queue: string, deliveries: readonly Delivery[], run: () => T): T
}

/** Ended once; what comes later changes nothing. */
export interface DeliveryTrace {
  within<T>(run: () => T): T
  settled(settlement: Settlement): void
  revoked(reason: Revocation): void
}
