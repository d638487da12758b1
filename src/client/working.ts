/*
 * What consumers of every kind have in common: one queue, one intake, a way to close.
 *
 *   stop taking ──▶ give back what waits ──▶ running handlers finish, within the grace time
 *                                       └──▶ then: abort their signals, give their messages back
 */

import type { Duration } from '../duration.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { limits } from '../limits.ts'
import type { Delivery } from '../message/delivery.ts'
import type { BoundContract } from './bound-contract.ts'
import { type ReadConsumerOptions, readGrace } from './consumer-options.ts'
import { Intake } from './intake.ts'
import type { OpenDelivery } from './open-delivery.ts'
import type { DeliveryTrace } from './tracing.ts'

export interface CloseOptions {
  /** How long running handlers may go on. Default: the consumer's `grace`, 10 s. */
  readonly grace?: Duration
}

/** Something at work until it is closed. */
export interface Consumer extends AsyncDisposable {
  /** The queue it reads from. */
  readonly queue: string
  /** Resolves when it takes messages; rejects when it cannot start. */
  readonly ready: Promise<void>
  /** Takes no more, lets running handlers finish within the grace time, gives the rest back. */
  close(options?: CloseOptions): Promise<void>
}

/** A full disk, say, may pass. */
const startAgainMs = 1_000

const closeOptions = new Set(['grace'])

export interface WorkingParts {
  readonly bound: BoundContract
  readonly queue: string
  readonly options: ReadConsumerOptions
  /** Messages that can be in work at once. */
  readonly inWorkMax: number
  /** What must be there before the first delivery. */
  readonly prepare: () => Promise<void>
  readonly begin: (open: OpenDelivery) => void
  readonly closed: (working: Working) => void
}

/** Where there are traces each delivery has one from its beginning on. */
export function beginning(
  run: { begin(open: OpenDelivery): void },
  traced: ((delivery: Delivery) => DeliveryTrace) | undefined,
): (open: OpenDelivery) => void {
  if (traced === undefined) return (open) => run.begin(open)
  return (open) => {
    open.trace = traced(open.delivery)
    run.begin(open)
  }
}

export class Working implements Consumer {
  readonly queue: string
  readonly ready: Promise<void>
  readonly bound: BoundContract
  readonly #intake: Intake
  readonly #parts: WorkingParts
  #closing: Promise<void> | undefined

  constructor(parts: WorkingParts) {
    const { bound, queue, options, inWorkMax, begin } = parts
    const { name, onLate } = options
    const prefetch = options.prefetch ?? Math.min(Math.max(2 * inWorkMax, 32), limits.prefetchMax)
    const prefetchMin = Math.min(prefetch, inWorkMax)
    this.queue = queue
    this.bound = bound
    this.#parts = parts
    this.#intake = new Intake(
      bound.engine,
      { queue, concurrency: inWorkMax, prefetch, prefetchMin, name, log: bound.log },
      begin,
      onLate,
    )
    this.ready = this.#start()
  }

  async #start(): Promise<void> {
    for (;;) {
      try {
        await this.#parts.prepare()
        this.#intake.start()
        return
      } catch (error) {
        if (this.#closing !== undefined) return
        if (!(error instanceof HomingError && error.retryable)) {
          this.#parts.closed(this)
          throw error
        }
        this.bound.log.warn(
          { error, queue: this.queue },
          'a consumer could not start; trying again',
        )
      }
      await new Promise((resolve) => setTimeout(resolve, startAgainMs))
    }
  }

  close(options: CloseOptions = {}): Promise<void> {
    checkOptions(options, closeOptions, 'close')
    const graceMs =
      options.grace === undefined ? this.#parts.options.graceMs : readGrace(options.grace, 'close')
    this.#closing ??= this.#close(graceMs)
    return this.#closing
  }

  async #close(graceMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const grace = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs)
    })
    await Promise.race([this.#intake.stop(), grace])
    clearTimeout(timer)
    await this.#intake.abandon()
    this.#parts.closed(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
