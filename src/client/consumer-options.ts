import { type BackoffChoice, type Delay, readBackoff } from '../contract/retry.ts'
import { type Duration, durationMs } from '../duration.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { limits } from '../limits.ts'
import { checkName } from '../name.ts'
import { wholeNumber } from '../whole-number.ts'
import type { Late } from './intake.ts'

export interface ConsumerOptions {
  /** Handlers running at once in this consumer. Default 1. */
  readonly concurrency?: number
  /** Messages held at once, waiting ones included. Default twice the concurrency, at least 32. */
  readonly prefetch?: number
  /** One attempt in this consumer, when shorter than what the message allows. */
  readonly timeout?: Duration
  /** In place of the contract's backoff. */
  readonly backoff?: BackoffChoice
  /** Shown to people. */
  readonly name?: string
  /** What `close()` and `home.close()` leave running handlers. Default 10 s. */
  readonly grace?: Duration
  /** Told when a handler finishes after its delivery was taken away; its result is ignored. */
  readonly onLate?: (late: Late) => void
}

export interface BatchOptions extends ConsumerOptions {
  /** Messages in a batch, at most. Default 100. */
  readonly batch?: number
  /** Longest wait for a batch to fill, from its first message. Default 50 ms. */
  readonly maxWait?: Duration
}

export interface ReadConsumerOptions {
  readonly concurrency: number
  readonly prefetch: number | undefined
  readonly timeoutMs: number
  readonly delay: Delay | undefined
  readonly name: string | undefined
  readonly graceMs: number
  readonly onLate: (late: Late) => void
}

export interface ReadBatchOptions extends ReadConsumerOptions {
  readonly batch: number
  readonly maxWaitMs: number
}

const optionNames: Record<keyof ConsumerOptions, true> = {
  concurrency: true,
  prefetch: true,
  timeout: true,
  backoff: true,
  name: true,
  grace: true,
  onLate: true,
}
export const consumerOptionNames: ReadonlySet<string> = new Set(Object.keys(optionNames))
const batchOptions = new Set([...consumerOptionNames, 'batch', 'maxWait'])

const batchDefault = 100
const batchMax = 10_000
const maxWaitMsDefault = 50

export function readConsumerOptions(options: ConsumerOptions, of: string): ReadConsumerOptions {
  checkOptions(options, consumerOptionNames, of)
  return readCommon(options, of)
}

export function readBatchOptions(options: BatchOptions, of: string): ReadBatchOptions {
  checkOptions(options, batchOptions, of)
  const { batch = batchDefault, maxWait } = options
  return {
    ...readCommon(options, of),
    batch: wholeNumber(batch, `batch of ${of}`, 1, batchMax),
    maxWaitMs: maxWait === undefined ? maxWaitMsDefault : durationMs(maxWait, `maxWait of ${of}`),
  }
}

function readCommon(options: ConsumerOptions, of: string): ReadConsumerOptions {
  const { concurrency = limits.concurrencyDefault, prefetch, timeout, backoff, name } = options
  if (name !== undefined) checkName(name, `the name of ${of}`)
  if (options.onLate !== undefined) checkFunction(options.onLate, `onLate of ${of}`)
  return {
    concurrency: wholeNumber(concurrency, `concurrency of ${of}`, 1, limits.concurrencyMax),
    prefetch:
      prefetch === undefined
        ? undefined
        : wholeNumber(prefetch, `prefetch of ${of}`, 1, limits.prefetchMax),
    timeoutMs: timeout === undefined ? 0 : readTimeout(timeout, of),
    delay: backoff === undefined ? undefined : readBackoff(backoff, of).delay,
    name,
    graceMs: readGrace(options.grace, of),
    onLate: options.onLate ?? (() => {}),
  }
}

export function readGrace(grace: Duration | undefined, of: string): number {
  return grace === undefined ? limits.graceMsDefault : durationMs(grace, `grace of ${of}`)
}

function readTimeout(timeout: Duration, of: string): number {
  const ms = durationMs(timeout, `timeout of ${of}`)
  if (ms > 0) return ms
  throw new HomingError('bad-duration', `timeout of ${of} is 0; give a duration above it`)
}

export function checkFunction(value: unknown, what: string): void {
  if (typeof value === 'function') return
  throw new HomingError('bad-argument', `${what} is ${typeof value}; give a function`)
}
