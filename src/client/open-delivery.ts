/*
 * One delivery from the moment it arrives until it is settled or taken away.
 *
 *   waiting ──▶ running ──▶ ended (settled · revoked · given back)
 *      └───────────────────▶ ended
 *
 * Rule: it ends once. What comes after (the handler returns late, throws, reports progress) changes
 * nothing, and is told to whoever asked to know.
 */

import { Buffer } from 'node:buffer'
import type { Engine } from '../engine.ts'
import type { Delivery, Revocation } from '../message/delivery.ts'
import type { Settlement } from '../message/settlement.ts'
import type { RunningWork } from './running-work.ts'
import type { DeliveryTrace } from './tracing.ts'

/** What an open delivery needs of the intake that holds it. */
export interface Holder {
  readonly engine: Engine
  /** It no longer needs its slot. */
  ended(open: OpenDelivery, wasRunning: boolean): void
  settle(open: OpenDelivery, settlement: Settlement): void
  /** The handler finished after the delivery was taken away. */
  late(open: OpenDelivery, by: string): void
}

interface Child {
  readonly engine: Engine
  readonly id: string
}

export class OpenDelivery implements RunningWork {
  readonly delivery: Delivery
  state: 'waiting' | 'running' | 'ended' = 'waiting'
  revokedBy: Revocation | undefined
  /** The intake's sweep has seen it waiting once. */
  swept = false
  /** Its answer is being checked, by a schema that takes its time. */
  answered = false
  /** Undefined where there are no traces. */
  trace: DeliveryTrace | undefined
  readonly #holder: Holder
  #abort: AbortController | undefined
  #children: Child[] | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(holder: Holder, delivery: Delivery) {
    this.#holder = holder
    this.delivery = delivery
  }

  get id(): string {
    return this.delivery.message.id
  }

  get deadlineAtMs(): number {
    return this.delivery.message.deadlineAtMs
  }

  get finished(): boolean {
    return this.state === 'ended' && this.revokedBy === undefined
  }

  /** Made when first asked for: most handlers never look. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController()
      if (this.revokedBy !== undefined) this.#abort.abort(abortReason(this.revokedBy))
    }
    return this.#abort.signal
  }

  adopt(engine: Engine, childId: string): void {
    const child = { engine, id: childId }
    if (this.#children === undefined) this.#children = [child]
    else this.#children.push(child)
  }

  /** Runs unless the delivery ends first. */
  after(delayMs: number, run: () => void): void {
    this.#timer = setTimeout(run, Math.min(delayMs, 2 ** 31 - 1))
    this.#timer.unref()
  }

  /** Ends it with a settlement. False when it had ended before. */
  settle(settlement: Settlement): boolean {
    if (this.state === 'ended') return false
    this.#end()
    if (this.trace !== undefined) this.trace.settled(settlement)
    this.#holder.settle(this, settlement)
    return true
  }

  /** The consumer's own limit for an attempt is over: the message goes back into the queue. */
  timeOut(): void {
    if (this.state === 'ended') return
    const attempts = this.delivery.attempt
    const body = Buffer.from(JSON.stringify({ attempts }))
    this.revoke('timeout')
    this.#holder.settle(this, { kind: 'retry', delayMs: 0, code: 'lost', body })
  }

  /** The handler is done. False when the delivery had ended before: then its answer is ignored. */
  done(): boolean {
    if (this.state !== 'ended') return true
    // Whoever closes a consumer knows that what outlives the grace time is cut off.
    if (this.revokedBy !== 'closed') this.#holder.late(this, this.revokedBy ?? 'settled')
    return false
  }

  /** Ends it because the engine, the consumer's own timeout or a shutdown took it away. */
  revoke(reason: Revocation): void {
    if (this.state === 'ended') return
    this.revokedBy = reason
    this.#end()
    if (this.trace !== undefined) this.trace.revoked(reason)
    this.#abort?.abort(abortReason(reason))
    if (reason === 'canceled' || reason === 'expired') this.#cancelChildren(reason)
  }

  #end(): void {
    const wasRunning = this.state === 'running'
    this.state = 'ended'
    if (this.#timer !== undefined) clearTimeout(this.#timer)
    this.#holder.ended(this, wasRunning)
  }

  #cancelChildren(reason: Revocation): void {
    const why = `the message "${this.id}" that sent it was ${reason}`
    for (const { engine, id } of this.#children ?? []) {
      // A child that is final already, or an engine that is closing, has nothing left to cancel.
      engine.cancel(id, why).catch(() => {})
    }
  }
}

function abortReason(reason: Revocation): DOMException {
  const why = {
    timeout: 'this attempt took longer than its timeout',
    expired: 'the deadline of the message has passed',
    canceled: 'the message was canceled',
    closed: 'the consumer was closed and its grace time is over, or its connection was lost',
  }[reason]
  return new DOMException(why, reason === 'timeout' ? 'TimeoutError' : 'AbortError')
}
