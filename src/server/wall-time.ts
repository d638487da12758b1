/*
 * Wall time in parts of a millisecond, for spans that stand beside those of other machines.
 *
 *   machine's clock     ├──── 17 ms ────┤──── 18 ms ────┤   whole ones; may be set while we run
 *   monotonic clock          ·      ·        ·              goes on evenly within them
 *
 * Rule: the time told lies within the millisecond that the machine's clock shows. So it follows that
 * clock when it is set, which the engine's own time does not (src/clock.ts).
 */

import type { Clock } from '../clock.ts'

const lastPart = 0.999

export function wallTime(clock: Pick<Clock, 'wallMs' | 'monotonicMs'>): () => number {
  let offsetMs = 0
  return () => {
    const monotonicMs = clock.monotonicMs()
    const wallMs = clock.wallMs()
    const nowMs = Math.min(Math.max(offsetMs + monotonicMs, wallMs), wallMs + lastPart)
    offsetMs = nowMs - monotonicMs
    return nowMs
  }
}
