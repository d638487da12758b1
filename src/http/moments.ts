/*
 * Times and durations as they come in queries and JSON bodies.
 *
 *   duration  `250ms` `30s` `5m` `2h` `7d`, or milliseconds
 *   moment    milliseconds since 1970, an ISO date with or without time; for a range also a duration ago: `1h`
 */

import { type Duration, durationMs } from '../duration.ts'
import { HomingError } from '../errors.ts'

const wholeNumber = /^\d{1,15}$/

/** Fails with `bad-duration`. */
export function durationFrom(given: string | number, what: string): number {
  const isNumber = typeof given === 'string' && wholeNumber.test(given)
  return durationMs((isNumber ? Number(given) : given) as Duration, what)
}

/** One above 0. Fails with `bad-duration`. */
export function positiveDurationFrom(given: string | number, what: string): number {
  const ms = durationFrom(given, what)
  if (ms > 0) return ms
  throw new HomingError('bad-duration', `${what} is 0; give a duration above it`)
}

/** Fails with `bad-argument`. */
export function momentFrom(given: string | number, what: string): number {
  const ms =
    typeof given === 'number' || wholeNumber.test(given)
      ? Number(given)
      : /^\d{4}-\d{2}-\d{2}/.test(given)
        ? Date.parse(given)
        : Number.NaN
  if (Number.isFinite(ms) && ms > 0) return ms
  throw new HomingError(
    'bad-argument',
    `${what} is ${JSON.stringify(given)?.slice(0, 60)}; give milliseconds since 1970 or a time like 2026-11-21T08:00:00Z`,
  )
}

/** A moment, or one so long ago. Fails with `bad-argument`. */
export function pastFrom(given: string | number, what: string, nowMs: number): number {
  const isAgo = typeof given === 'string' && /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/.test(given)
  return isAgo ? nowMs - durationMs(given as Duration, what) : momentFrom(given, what)
}
