/*
 * How a connection is led to its end by a server that stops:
 *
 *   nothing more is delivered ─▶ the client settles what it holds ─▶ nothing more is read
 *   ─▶ what it published is confirmed ─▶ connection.close
 *
 * Rule: only what can still be settled or confirmed is waited for; the close itself is the connection's.
 */

import type { Channels, Owed } from './channels.ts'
import type { Output } from './output.ts'
import { type Reading, stop } from './reading.ts'

export class Leaving {
  readonly #output: Output
  readonly #reading: Reading
  readonly #channels: () => Channels | undefined

  constructor(output: Output, reading: Reading, channels: () => Channels | undefined) {
    this.#output = output
    this.#reading = reading
    this.#channels = channels
  }

  deliverNoMore(): void {
    this.#output.takeNoMoreDeliveries()
  }

  readNoMore(): void {
    this.#reading.stop(stop.leaving)
  }

  owes(what: Owed): number {
    return this.#channels()?.sum(what) ?? 0
  }
}
