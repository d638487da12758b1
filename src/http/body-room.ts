/*
 * Room for the bodies of requests that are being read, all together. What has been read is in the engine
 * in a moment, which has limits of its own.
 *
 * Rule: what is declared is taken before a byte of it is read; what is not declared as it comes. Small ones
 * are not counted: their number is bounded by that of connections.
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'

const smallBytes = 65_536

export class BodyRoom {
  #taken = 0

  get taken(): number {
    return this.#taken
  }

  open(): TakenRoom {
    return new TakenRoom((change) => this.#change(change))
  }

  #change(change: number): void {
    if (change > 0 && this.#taken + change > limits.httpBodiesBytesMax) {
      throw new HomingError(
        'memory-full',
        'the server reads as many bytes of bodies at once as it may; send again in a moment',
      )
    }
    this.#taken += change
  }
}

/** Of one request. */
export class TakenRoom implements Disposable {
  readonly #change: (change: number) => void
  #bytes = 0

  constructor(change: (change: number) => void) {
    this.#change = change
  }

  /** So many bytes are there or to come, in all. Fails with `memory-full`. */
  need(bytes: number): void {
    if (bytes <= smallBytes || bytes <= this.#bytes) return
    this.#change(bytes - this.#bytes)
    this.#bytes = bytes
  }

  [Symbol.dispose](): void {
    if (this.#bytes > 0) this.#change(-this.#bytes)
    this.#bytes = 0
  }
}
