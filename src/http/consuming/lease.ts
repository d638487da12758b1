/*
 * One delivery in the hands of a client over HTTP, until it is settled or its time is up.
 */

import type { Timer } from '../../clock.ts'
import type { Delivery } from '../../message/delivery.ts'
import type { Taking } from './taking.ts'

export interface Lease {
  /** By which the client names it. */
  readonly name: string
  readonly user: string
  readonly delivery: Delivery
  /** What it came by; closed with the last of its leases. */
  readonly taking: Taking
  /** The engine's wall ms. */
  untilMs: number
  timer: Timer
}
