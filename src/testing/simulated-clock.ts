/*
 * A clock that moves only when told to.
 *
 *   advance(100):  microtasks ─▶ soon ─▶ microtasks ─▶ next timer due ─▶ microtasks ─▶ … ─▶ +100 ms
 *
 * Rule: timers run in the order in which they fall due, and those due together in the order in which
 * they were set; between any two of them all promises and all `soon` callbacks run to rest. Nothing
 * here depends on real time, so a program that takes its time only from this clock runs the same
 * way again. Monotonic time never goes back; wall time does what `jumpWall` says.
 */

import type { Clock, Timer } from '../clock.ts'

export interface SimulatedClockOptions {
  /** Wall ms at the start; default 2026-01-01T00:00:00Z. */
  readonly wallMs?: number
  /** Monotonic ms at the start; default 1,000. */
  readonly monotonicMs?: number
  /** Milliseconds by which a timer runs late; real ones do. Default 0. */
  readonly lateMs?: () => number
}

interface Pending {
  readonly dueMs: number
  readonly run: () => void
  canceled: boolean
}

/** Turns of the event loop within one instant after which something must be spinning. */
const turnsMax = 100_000

/**
 * The clock of a test: implements {@link Clock}, and moves on with `advance`.
 *
 * @example
 * const clock = new SimulatedClock()
 * clock.after(1000, () => console.log('a second has passed'))
 * await clock.advance(1000)
 */
export class SimulatedClock implements Clock {
  #monotonicMs: number
  #wallOffsetMs: number
  readonly #lateMs: () => number
  /** Sorted by due time, latest first, so that the next one is popped. */
  #timers: Pending[] = []
  #soon: (() => void)[] = []

  constructor(options: SimulatedClockOptions = {}) {
    this.#monotonicMs = options.monotonicMs ?? 1_000
    this.#wallOffsetMs = (options.wallMs ?? Date.UTC(2026, 0, 1)) - this.#monotonicMs
    this.#lateMs = options.lateMs ?? (() => 0)
  }

  wallMs(): number {
    return this.#monotonicMs + this.#wallOffsetMs
  }

  monotonicMs(): number {
    return this.#monotonicMs
  }

  after(delayMs: number, run: () => void): Timer {
    const dueMs = this.#monotonicMs + Math.max(0, delayMs) + this.#lateMs()
    const pending: Pending = { dueMs, run, canceled: false }
    this.#timers.splice(this.#placeOf(dueMs), 0, pending)
    return {
      cancel: () => {
        pending.canceled = true
      },
    }
  }

  soon(run: () => void): void {
    this.#soon.push(run)
  }

  /** The machine's wall clock is set forward, or back when negative. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms
  }

  /** Timers and `soon` callbacks that have not run yet. */
  get pending(): number {
    return this.#soon.length + this.#timers.filter((timer) => !timer.canceled).length
  }

  /** Lets all promises and `soon` callbacks, and timers due by now, run to rest; no time passes. */
  async settle(): Promise<void> {
    await this.advance(0)
  }

  /** Lets that many milliseconds pass, with everything that falls due in them. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms
    await this.#rest()
    for (let next = this.#popDue(endMs); next !== undefined; next = this.#popDue(endMs)) {
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs)
      next.run()
      await this.#rest()
    }
    this.#monotonicMs = Math.max(this.#monotonicMs, endMs)
  }

  /**
   * Lets time pass until the promise settles, and hands on what it settles to.
   * Throws when it has not settled after `limitMs`; default one hour.
   */
  async until<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false
    const mark = () => {
      settled = true
    }
    promise.then(mark, mark)
    const endMs = this.#monotonicMs + limitMs
    await this.#rest()
    while (!settled) {
      const next = this.#popDue(endMs)
      if (next === undefined) {
        throw new Error(`the promise waited for has not settled after ${limitMs} simulated ms`)
      }
      this.#monotonicMs = Math.max(this.#monotonicMs, next.dueMs)
      next.run()
      await this.#rest()
    }
    return promise
  }

  /**
   * The machine loses power and starts again: whatever was to run is forgotten, wall time has moved
   * on by `downMs`, and monotonic time starts at a number of its own.
   */
  restart(downMs: number, monotonicMs = 1_000): void {
    const wallMs = this.wallMs() + downMs
    this.#timers = []
    this.#soon = []
    this.#monotonicMs = monotonicMs
    this.#wallOffsetMs = wallMs - monotonicMs
  }

  async #rest(): Promise<void> {
    for (let turns = 0; ; turns++) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve)
      })
      if (this.#soon.length === 0) return
      if (turns > turnsMax)
        throw new Error(`callbacks went on for ${turnsMax} turns of one instant`)
      const due = this.#soon
      this.#soon = []
      for (const run of due) run()
    }
  }

  #popDue(endMs: number): Pending | undefined {
    for (let next = this.#timers.at(-1); next !== undefined; next = this.#timers.at(-1)) {
      if (!next.canceled && next.dueMs > endMs) return undefined
      this.#timers.pop()
      if (!next.canceled) return next
    }
    return undefined
  }

  /** Before all that are due at the same time or earlier: those were set first and run first. */
  #placeOf(dueMs: number): number {
    let low = 0
    let high = this.#timers.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#timers[middle] as Pending).dueMs > dueMs) low = middle + 1
      else high = middle
    }
    return low
  }
}
