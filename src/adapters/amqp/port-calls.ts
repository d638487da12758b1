/*
 * Calls on their way to a Homing broker, by number. Watches and subscriptions have numbers of the same
 * kind, so a refusal names one of them as well.
 */

import type { Accepted, DeadLetter, QueueStats } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import type { Message } from '../../message/message.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import type { WireError } from '../../port-wire/events.ts'
import type { HomingDelivery } from './homing-delivery.ts'

/** What a call is answered with, by its kind. */
export interface OpenCall {
  readonly resolve: (value: never) => void
  readonly reject: (error: HomingError) => void
  /** A list that comes one by one. */
  readonly list?: (StoredOutcome | DeadLetter | QueueStats)[]
  readonly publish?: PublishCall
  /** Of a settle. */
  readonly delivery?: HomingDelivery
}

export interface PublishCall {
  readonly messages: readonly Message[]
  readonly again: boolean
  readonly accepted: (accepted: readonly Accepted[]) => void
}

const numberMax = 2 ** 32 - 1

export class PortCalls {
  readonly #open = new Map<number, OpenCall>()
  readonly #isTaken: (number: number) => boolean
  #last = 0

  /** `isTaken`: by a watch or a subscription. */
  constructor(isTaken: (number: number) => boolean) {
    this.#isTaken = isTaken
  }

  nextNumber(): number {
    do this.#last = this.#last >= numberMax ? 1 : this.#last + 1
    while (this.#open.has(this.#last) || this.#isTaken(this.#last))
    return this.#last
  }

  add(number: number, call: OpenCall): void {
    this.#open.set(number, call)
  }

  get(number: number): OpenCall | undefined {
    return this.#open.get(number)
  }

  /** It is answered. Undefined when nobody asked. */
  take(number: number): OpenCall | undefined {
    const call = this.#open.get(number)
    this.#open.delete(number)
    return call
  }

  /** Publishes that were sent from that one on, in order; they are no longer open. */
  takePublishesFrom(number: number): PublishedCall[] {
    const taken: PublishedCall[] = []
    let isBehind = false
    for (const [other, call] of this.#open) {
      isBehind ||= other === number
      if (!isBehind || call.publish === undefined) continue
      taken.push({ call, publish: call.publish })
      this.#open.delete(other)
    }
    return taken
  }

  failAll(error: HomingError): void {
    const open = [...this.#open.values()]
    this.#open.clear()
    for (const { reject } of open) reject(error)
  }
}

export interface PublishedCall {
  readonly call: OpenCall
  readonly publish: PublishCall
}

export function errorFrom({ code, message, id, data }: WireError): HomingError {
  return new HomingError(code, message, { ...(id !== undefined && { id }), data })
}
