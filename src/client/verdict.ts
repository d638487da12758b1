/*
 * What a handler throws to say how its message is to end: fail, retryIn, reject.
 * They are Errors, so that they pass through code that rethrows, but carry no stack: they are answers.
 */

import { type Duration, durationMs } from '../duration.ts'
import { HomingError } from '../errors.ts'

export type Ruling =
  | { readonly kind: 'fail'; readonly code: string; readonly data: unknown }
  | { readonly kind: 'retry'; readonly delayMs: number; readonly because: unknown }
  | { readonly kind: 'reject'; readonly reason: string }

export class Verdict extends Error {
  readonly ruling: Ruling

  constructor(message: string, ruling: Ruling) {
    const { stackTraceLimit } = Error
    Error.stackTraceLimit = 0
    super(message)
    Error.stackTraceLimit = stackTraceLimit
    this.name = 'Verdict'
    this.ruling = ruling
  }
}

/** A declared error: final, not retried. Fails with `bad-argument` when the contract knows no such error. */
export function failVerdict(
  declared: ReadonlyMap<string, unknown>,
  queue: string,
  code: string,
  data: unknown,
): Verdict {
  if (declared.has(code)) return new Verdict(`declared error ${code}`, { kind: 'fail', code, data })
  const names = [...declared.keys()].join(', ') || 'none'
  throw new HomingError(
    'bad-argument',
    `queue "${queue}" declares no error "${String(code).slice(0, 80)}"; declared are: ${names}. Declare it in the contract's errors, or throw an ordinary Error to be retried`,
  )
}

/** Try again after this delay, whatever the backoff says. The attempt counts. */
export function retryVerdict(delay: Duration, because?: unknown): Verdict {
  const delayMs = durationMs(delay, 'the delay of retryIn')
  return new Verdict(`to be tried again in ${delayMs} ms`, { kind: 'retry', delayMs, because })
}

/** Refused for good: the outcome is `rejected`, and the message a dead letter. */
export function rejectVerdict(reason: string): Verdict {
  return new Verdict(`rejected: ${reason}`, { kind: 'reject', reason: String(reason) })
}
