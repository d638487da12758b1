/*
 * Log lines about strangers: so many a second, and then how many more there were. Who is not let in shall
 * not fill the disk either.
 */

import type { Clock } from '../clock.ts'
import type { ServerLog } from './server-log.ts'

const linesPerSecondMax = 20
const secondMs = 1_000

export class ScarceLog {
  readonly #log: ServerLog
  readonly #clock: Clock
  #secondFromMs = Number.NEGATIVE_INFINITY
  #lines = 0
  #leftOut = 0

  constructor(log: ServerLog, clock: Clock) {
    this.#log = log
    this.#clock = clock
  }

  warn(facts: object, text: string): void {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#secondFromMs >= secondMs) this.#begin(nowMs)
    if (this.#lines >= linesPerSecondMax) {
      this.#leftOut++
      return
    }
    this.#lines++
    this.#log.warn(facts, text)
  }

  #begin(nowMs: number): void {
    if (this.#leftOut > 0) {
      this.#log.warn({ lines: this.#leftOut }, 'more was refused than is told')
    }
    this.#secondFromMs = nowMs
    this.#lines = 0
    this.#leftOut = 0
  }
}
