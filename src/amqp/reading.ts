/*
 * Why nothing is read from a client for now, and what follows when a reason goes away.
 *
 *   later     a call has no result yet; what comes behind it must wait, so that the order holds
 *   room      the engine has taken more than it can write for the moment
 *   blocked   a publisher, and the broker is low on memory or disk
 *   output    the client does not read the answers to what was read already
 *   leaving   the server stops: what was published already is confirmed first
 *
 * While there is a reason no frame is worked on. The socket is paused only when more arrives
 * meanwhile: most results are there sooner.
 */

import type { Outlet } from './outlet.ts'

export const stop = { later: 1, room: 2, blocked: 4, output: 8, leaving: 16 } as const
export type Stop = (typeof stop)[keyof typeof stop]

export class Reading {
  readonly #outlet: Outlet
  readonly #goOn: () => void
  #stops = 0
  #isPaused = false

  /** `goOn` works on the frames that have come meanwhile. */
  constructor(outlet: Outlet, goOn: () => void) {
    this.#outlet = outlet
    this.#goOn = goOn
  }

  get isStopped(): boolean {
    return this.#stops !== 0
  }

  is(reason: Stop): boolean {
    return (this.#stops & reason) !== 0
  }

  stop(reason: Stop): void {
    this.#stops |= reason
  }

  /** The reason is gone. */
  clear(reason: Stop): void {
    if ((this.#stops & reason) === 0) return
    this.#stops &= ~reason
    if (this.#stops !== 0) return
    this.#goOn()
    if (this.#stops !== 0 || !this.#isPaused) return
    this.#isPaused = false
    this.#outlet.resume()
  }

  /** More came while it is stopped. */
  overrun(): void {
    if (this.#isPaused) return
    this.#isPaused = true
    this.#outlet.pause()
  }
}
