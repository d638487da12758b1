/*
 * How long to wait after a failed attempt.
 *
 *   fixed         base, base, base …
 *   exponential   base, base × factor, base × factor² … up to max
 *   function      whatever it returns for the attempt and what was thrown
 *
 * Jitter takes a random part of the upper half away (d/2 … d), so that messages which failed together
 * do not come back together.
 */

import { type Duration, durationMs } from '../duration.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { limits } from '../limits.ts'
import type { Backoff } from '../message/message.ts'
import { wholeNumber } from '../whole-number.ts'

export interface BackoffOptions {
  /** Default `exponential`. */
  readonly type?: 'fixed' | 'exponential'
  /** Wait after the first attempt. Default 1 s. */
  readonly base?: Duration
  /** Growth from one wait to the next. Default 2. */
  readonly factor?: number
  /** Longest wait. Default 1 h. */
  readonly max?: Duration
  /** Default true for `exponential`, false for `fixed`. */
  readonly jitter?: boolean
}

/** A wait after each attempt (a duration is a fixed one), or a function of attempt and error. */
export type BackoffChoice =
  | Duration
  | BackoffOptions
  | ((attempt: number, error: unknown) => Duration)

export interface RetryOptions {
  /** Attempts before the outcome is `thrown` or `lost`, the first one included. Default 5. */
  readonly attempts?: number
  /** Default: exponential from 1 s, doubling, at most 1 h, with jitter. */
  readonly backoff?: BackoffChoice
}

/** Milliseconds to wait after this attempt, counted from 1. */
export type Delay = (attempt: number, error: unknown) => number

export interface Retry {
  readonly attempts: number
  readonly delay: Delay
  /** Undefined when it is the default, or a function. */
  readonly backoff: Backoff | undefined
}

const retryOptions = new Set(['attempts', 'backoff'])
const backoffOptions = new Set(['type', 'base', 'factor', 'max', 'jitter'])

const defaultBackoff: Backoff = {
  baseMs: limits.backoffBaseMsDefault,
  factor: limits.backoffFactorDefault,
  maxMs: limits.backoffMsMax,
  jitter: true,
}

export function readRetry(options: RetryOptions | undefined, of: string): Retry {
  if (options === undefined) {
    return {
      attempts: limits.attemptsDefault,
      delay: backoffDelay(defaultBackoff),
      backoff: undefined,
    }
  }
  checkOptions(options, retryOptions, `retry of ${of}`)
  const { attempts = limits.attemptsDefault } = options
  return {
    attempts: wholeNumber(attempts, `retry.attempts of ${of}`, 1, limits.attemptsMax),
    ...readBackoff(options.backoff, of),
  }
}

export function readBackoff(
  choice: BackoffChoice | undefined,
  of: string,
): Pick<Retry, 'delay' | 'backoff'> {
  if (choice === undefined) return { delay: backoffDelay(defaultBackoff), backoff: undefined }
  const what = `the backoff of ${of}`
  if (typeof choice === 'function') {
    return {
      delay: (attempt, error) => durationMs(choice(attempt, error), what),
      backoff: undefined,
    }
  }
  const backoff =
    typeof choice === 'object' ? readBackoffOptions(choice, what) : fixed(durationMs(choice, what))
  return { delay: backoffDelay(backoff), backoff }
}

/** The waits of a backoff. `random` returns a number from 0 to below 1. */
export function backoffDelay(backoff: Backoff, random: () => number = Math.random): Delay {
  const { baseMs, factor, maxMs, jitter } = backoff
  return (attempt) => {
    const delayMs = Math.min(baseMs * factor ** (attempt - 1), maxMs)
    return Math.round(jitter ? delayMs * (0.5 + random() / 2) : delayMs)
  }
}

function readBackoffOptions(options: BackoffOptions, what: string): Backoff {
  checkOptions(options, backoffOptions, what)
  const { type = 'exponential', base, factor = limits.backoffFactorDefault, max, jitter } = options
  if (type !== 'fixed' && type !== 'exponential') {
    throw new HomingError(
      'bad-argument',
      `${what} is of type ${JSON.stringify(type)}; give 'fixed' or 'exponential', or a function`,
    )
  }
  const baseMs =
    base === undefined ? limits.backoffBaseMsDefault : durationMs(base, `base of ${what}`)
  if (type === 'fixed') return { ...fixed(baseMs), jitter: jitter === true }
  if (!(factor >= 1 && factor <= 100)) {
    throw new HomingError('bad-argument', `factor of ${what} is ${factor}; give 1 to 100`)
  }
  const maxMs = max === undefined ? limits.backoffMsMax : durationMs(max, `max of ${what}`)
  return { baseMs, factor, maxMs, jitter: jitter !== false }
}

function fixed(ms: number): Backoff {
  return { baseMs: ms, factor: 1, maxMs: ms, jitter: false }
}
