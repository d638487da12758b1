/*
 * Deliveries held by clients over HTTP. There is no connection that says that a consumer is gone; so each
 * is held for a time.
 *
 *   take ─▶ leased ─┬─ settled by its user ─▶ over
 *                   ├─ asked for more time ─▶ leased
 *                   ├─ time is up ─▶ back in its place, the attempt counts; `lost` when it was the last
 *                   └─ user lost a right, server stops ─▶ back, and does not count
 *
 * Rules: a lease is its user's; for everybody else there is none of that name. How many are held is bounded,
 * by user and in all. Who went away while waiting takes nothing along.
 */

import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Clock } from '../../clock.ts'
import type { Engine } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { Delivery } from '../../message/delivery.ts'
import type { Settlement } from '../../message/settlement.ts'
import type { Lease } from './lease.ts'
import { type Take, Taking } from './taking.ts'

export interface LeasesParts {
  readonly engine: Engine
  readonly clock: Clock
  readonly onProblem: (error: unknown) => void
}

export interface TakeForUser extends Take {
  readonly user: string
  readonly leaseMs: number
}

const lapsed: Settlement = {
  kind: 'retry',
  delayMs: 0,
  code: 'lost',
  body: Buffer.from('{"reason":"it was not settled in the time of its lease"}'),
}

export class Leases {
  readonly #parts: LeasesParts
  readonly #leases = new Map<string, Lease>()
  readonly #byDelivery = new Map<Delivery, Lease>()
  /** Held and asked for, by user. */
  readonly #counts = new Map<string, number>()
  #total = 0

  constructor(parts: LeasesParts) {
    this.#parts = parts
  }

  get count(): number {
    return this.#leases.size
  }

  /** Fails with `queue-unknown`, `memory-full`, `closed`. */
  async take(take: TakeForUser): Promise<readonly Lease[]> {
    const { user, max, leaseMs } = take
    this.#reserve(user, max)
    let count = 0
    try {
      const taking = new Taking(this.#takingParts, take)
      const deliveries = await taking.taken(take)
      count = deliveries.length
      if (count === 0) {
        await taking.giveBack()
        return []
      }
      return deliveries.map((delivery) => this.#lease({ user, delivery, taking }, leaseMs))
    } finally {
      this.#release(user, max - count)
    }
  }

  /** Fails with `fenced` when the user holds none of that name. */
  async settle(user: string, name: string, settlement: Settlement): Promise<void> {
    const lease = this.#find(user, name)
    const settled = await this.#parts.engine.settle(lease.delivery, settlement)
    this.#end(lease)
    if (!settled.accepted) throw notHeld(name)
  }

  /** Until when it is held now. Fails with `fenced`. */
  extend(user: string, name: string, leaseMs: number): number {
    const lease = this.#find(user, name)
    // The time of the attempt begins anew with it.
    this.#parts.engine.begun?.(lease.delivery)
    lease.timer.cancel()
    this.#startTime(lease, leaseMs)
    return lease.untilMs
  }

  /** Fails with `fenced`. */
  held(user: string, name: string): Delivery {
    return this.#find(user, name).delivery
  }

  /** What the user holds goes back, uncounted. */
  giveBackAllOf(user: string): void {
    this.#giveBack([...this.#leases.values()].filter((lease) => lease.user === user))
  }

  close(): void {
    this.#giveBack([...this.#leases.values()])
  }

  #giveBack(leases: readonly Lease[]): void {
    for (const lease of leases) {
      this.#parts.engine.settle(lease.delivery, { kind: 'return' }).catch(this.#parts.onProblem)
      this.#end(lease)
    }
  }

  get #takingParts(): ConstructorParameters<typeof Taking>[0] {
    return {
      ...this.#parts,
      revoked: (delivery) => {
        const lease = this.#byDelivery.get(delivery)
        if (lease !== undefined) this.#end(lease)
      },
    }
  }

  #lease(of: Pick<Lease, 'user' | 'delivery' | 'taking'>, leaseMs: number): Lease {
    const name = `${of.delivery.tag.toString(36)}-${randomBytes(9).toString('base64url')}`
    const lease: Lease = { ...of, name, untilMs: 0, timer: { cancel: () => undefined } }
    this.#leases.set(name, lease)
    this.#byDelivery.set(of.delivery, lease)
    this.#startTime(lease, leaseMs)
    return lease
  }

  #startTime(lease: Lease, leaseMs: number): void {
    const { engine, clock } = this.#parts
    // The engine takes back what a consumer holds beyond the message's own time-out.
    const { timeoutMs } = lease.delivery.message
    const heldMs = timeoutMs > 0 ? Math.min(leaseMs, timeoutMs) : leaseMs
    lease.untilMs = engine.nowMs() + heldMs
    lease.timer = clock.after(heldMs, () => this.#lapse(lease))
  }

  #lapse(lease: Lease): void {
    this.#parts.engine.settle(lease.delivery, lapsed).catch(this.#parts.onProblem)
    this.#end(lease)
  }

  #end(lease: Lease): void {
    if (!this.#leases.delete(lease.name)) return
    this.#byDelivery.delete(lease.delivery)
    lease.timer.cancel()
    lease.taking.ended(lease.delivery)
    this.#release(lease.user, 1)
  }

  #find(user: string, name: string): Lease {
    const lease = this.#leases.get(name)
    if (lease === undefined || lease.user !== user) throw notHeld(name)
    return lease
  }

  /** Fails with `memory-full`. */
  #reserve(user: string, count: number): void {
    const own = (this.#counts.get(user) ?? 0) + count
    const all = this.#total + count
    if (own > limits.httpHeldPerUserMax || all > limits.httpHeldMax) {
      const max = own > limits.httpHeldPerUserMax ? limits.httpHeldPerUserMax : limits.httpHeldMax
      throw new HomingError(
        'memory-full',
        `user "${user}" would hold more deliveries over HTTP than the limit of ${max} allows; settle some first`,
      )
    }
    this.#counts.set(user, own)
    this.#total = all
  }

  #release(user: string, count: number): void {
    const left = (this.#counts.get(user) ?? 0) - count
    this.#total -= count
    if (left > 0) this.#counts.set(user, left)
    else this.#counts.delete(user)
  }
}

const notHeld = (name: string): HomingError =>
  new HomingError(
    'fenced',
    `delivery "${name.slice(0, 60)}" is not held: its time was up, it was canceled or settled, or it is not yours`,
  )
