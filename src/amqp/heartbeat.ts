/*
 * Heartbeats of one connection (AMQP 0-9-1 §4.2.7), both ways.
 *
 *   every half interval:  nothing sent since the last look     ─▶ send a heartbeat
 *                         nothing received for four looks      ─▶ the client is dead
 *
 * Any byte counts as life. While the connection itself has stopped reading it hears nothing, so it
 * does not judge. One timer per connection; nothing is done per frame but the setting of a flag.
 */

import type { Clock, Timer } from '../clock.ts'

/** Half intervals of silence after which a peer is dead: two whole ones. */
const silentLooksMax = 4

export interface HeartbeatActions {
  send(): void
  dead(): void
  /** True while nothing is read for our own reasons. */
  isDeaf(): boolean
  /** Written so far, heartbeats included. */
  writtenBytes(): number
}

export class Heartbeat {
  readonly #clock: Clock
  readonly #halfMs: number
  readonly #actions: HeartbeatActions
  #timer: Timer | undefined
  #writtenBytes = 0
  #received = false
  #silentLooks = 0

  constructor(clock: Clock, intervalSeconds: number, actions: HeartbeatActions) {
    this.#clock = clock
    this.#halfMs = intervalSeconds * 500
    this.#actions = actions
  }

  /** Does nothing when the interval is 0. */
  start(): void {
    if (this.#halfMs === 0) return
    this.#writtenBytes = this.#actions.writtenBytes()
    this.#timer = this.#clock.after(this.#halfMs, this.#look)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  received(): void {
    this.#received = true
  }

  readonly #look = (): void => {
    const actions = this.#actions
    const silent = !this.#received && !actions.isDeaf()
    this.#silentLooks = silent ? this.#silentLooks + 1 : 0
    if (this.#silentLooks >= silentLooksMax) {
      actions.dead()
      return
    }
    if (actions.writtenBytes() === this.#writtenBytes) actions.send()
    this.#writtenBytes = actions.writtenBytes()
    this.#received = false
    this.#timer = this.#clock.after(this.#halfMs, this.#look)
  }
}
