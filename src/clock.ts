/*
 * The clock. Two times that must not be mixed:
 * wall time (ms since 1970, may jump, is what gets stored) and
 * monotonic time (ms since start, never jumps, is what durations are measured with).
 * `wallMs` of an engine is derived: the wall time at its opening plus monotonic time since.
 */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Milliseconds since 1970 as the machine believes now. May jump. */
  wallMs(): number
  /** Milliseconds since some fixed moment. Never jumps. */
  monotonicMs(): number
  /** Runs once after the delay, or after 24 days when that is longer; does not keep the process alive. */
  after(delayMs: number, run: () => void): Timer
  /** Runs once at the end of this turn of the event loop. */
  soon(run: () => void): void
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, Math.min(Math.max(delayMs, 0), 2 ** 31 - 1))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
  soon: (run) => {
    setImmediate(run)
  },
}

/** Resolves after the delay, unless the process ends before. */
export const sleep = (clock: Clock, ms: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(ms, resolve)
  })

/**
 * A wall clock that cannot jump: machine wall time when made, then monotonic time. Deadlines set before
 * and judged after a jump of the machine's clock stay right (invariant 34). `notBefore` moves it
 * forward: what was stored with a later time is not yet in the future after a restart.
 */
export interface SteadyTime {
  (): number
  notBefore(wallMs: number): void
}

export function steadyWallClock(clock: Clock): SteadyTime {
  let offsetMs = clock.wallMs() - clock.monotonicMs()
  const now = (): number => Math.floor(offsetMs + clock.monotonicMs())
  return Object.assign(now, {
    notBefore(wallMs: number): void {
      offsetMs = Math.max(offsetMs, wallMs - clock.monotonicMs())
    },
  })
}
