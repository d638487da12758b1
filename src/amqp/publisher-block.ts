/*
 * What a broker that is low on memory or disk asks of one connection: nothing, until it publishes.
 * Then it is not read from any more, and told so if it can be (RabbitMQ's `connection.blocked`).
 */

import type { Reading } from './reading.ts'
import { stop } from './reading.ts'

/** Tells the client: the reason, or that it may go on. */
export type TellBlocked = (reason: string | undefined) => void

export class PublisherBlock {
  readonly #reading: Reading
  readonly #tell: TellBlocked
  #reason: string | undefined
  #isTold = false

  constructor(reading: Reading, tell: TellBlocked) {
    this.#reading = reading
    this.#tell = tell
  }

  get reason(): string | undefined {
    return this.#reason
  }

  set(reason: string): void {
    this.#reason = reason
  }

  lift(): void {
    this.#reason = undefined
    if (this.#isTold) this.#tell(undefined)
    this.#isTold = false
    this.#reading.clear(stop.blocked)
  }

  /** A message, or a piece of one, has come: it is taken, the next one has to wait. */
  publishing(): void {
    if (this.#reason === undefined) return
    this.#reading.stop(stop.blocked)
    if (!this.#isTold) this.#tell(this.#reason)
    this.#isTold = true
  }
}
