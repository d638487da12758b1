/*
 * What all simulated clients of one run share: numbers that go on over all lives, the history, what is
 * declared, and the broker they connect to in this life.
 */

import type { Clock } from '../../../src/clock.ts'
import type { RandomSource } from '../../../src/testing/random.ts'
import { asksQueue, type BrokerPlan } from './broker-plan.ts'
import type { Serving } from './broker-system.ts'
import type { History, Routed } from './history.ts'
import { routeOf } from './topology.ts'
import { WireClient } from './wire-client.ts'

/** What the requests of a run are known by, in the history of outcomes. */
export interface RequestBook {
  publishing(publish: number, id: string, digest: string): void
  confirmed(publish: number, id: string): void
  notified(body: Buffer): void
  /** Their queue is about to be deleted. */
  deleting(): void
}

export interface SiteParts {
  readonly plan: BrokerPlan
  readonly history: History
  readonly clock: Clock
  readonly random: RandomSource
  readonly requests: RequestBook
  /** Errors outside of any rule. */
  readonly wrong: unknown[]
}

export class Site {
  readonly plan: BrokerPlan
  readonly history: History
  readonly random: RandomSource
  readonly requests: RequestBook
  readonly #parts: SiteParts
  /** Queues that are being deleted, or are not declared again yet. */
  readonly inFlux = new Set<string>()
  serving: Serving | undefined
  #numbers = new Map<string, number>()

  constructor(parts: SiteParts) {
    this.#parts = parts
    this.plan = parts.plan
    this.history = parts.history
    this.random = parts.random
    this.requests = parts.requests
  }

  /** The next number of that kind, from 1. */
  next(kind: 'channel' | 'publish' | 'consumer' | 'tx' | 'token'): number {
    const number = (this.#numbers.get(kind) ?? 0) + 1
    this.#numbers.set(kind, number)
    return number
  }

  connect(): WireClient {
    const { clock, random, wrong } = this.#parts
    const serving = this.serving as Serving
    return new WireClient({
      serving,
      clock,
      random: random.fork(),
      // A journal that has failed refuses everything: that is told where it failed.
      broke: (thrown) => {
        if (Reflect.get(Object(thrown), 'code') !== 'disk-failed') wrong.push(thrown)
      },
    })
  }

  /** When the broker's own call that runs now has returned. */
  soon(run: () => void): void {
    this.#parts.clock.soon(run)
  }

  /** A queue is about to be deleted. */
  deleting(queue: string): void {
    this.inFlux.add(queue)
    if (queue === asksQueue.name) this.requests.deleting()
    this.history.record({ kind: 'deleting', queue })
  }

  route(exchange: string, key: string): Routed {
    const names = routeOf(this.plan.queues, exchange, key)
    return {
      certain: names.filter((name) => !this.inFlux.has(name)),
      possible: names.filter((name) => this.inFlux.has(name)),
    }
  }
}
