import { type Duration, durationMs } from '../duration.ts'
import type { QueueSettings } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { limits } from '../limits.ts'
import { wholeNumber } from '../whole-number.ts'

/** At most `count` deliveries are started in any `per`. */
export interface Rate {
  readonly count: number
  readonly per: Duration
}

export interface PerKeyOptions {
  readonly rate?: Rate
  /** Messages of one key that are worked on at once. */
  readonly concurrency?: number
}

/** Limits that the engine keeps for the whole queue, over all its consumers. */
export interface QueueSettingsOptions {
  /** Messages that may wait; Infinity by default. */
  readonly depthMax?: number
  /** A full queue refuses the new message (`reject`, default) or ends the oldest as `rejected`. */
  readonly overflow?: 'reject' | 'drop-head'
  /** Longest wait of a message for its consumer before it is `expired`; no limit by default. */
  readonly ttl?: Duration
  readonly rate?: Rate
  /** Messages of the queue that are worked on at once, over all consumers. */
  readonly concurrency?: number
  /** The same two limits for messages that share a `key`. */
  readonly perKey?: PerKeyOptions
}

const rateOptions = new Set(['count', 'per'])
const perKeyOptions = new Set(['rate', 'concurrency'])

export function readQueueSettings(options: QueueSettingsOptions, of: string): QueueSettings {
  const { depthMax, overflow, ttl, rate, concurrency, perKey } = options
  if (overflow !== undefined && overflow !== 'reject' && overflow !== 'drop-head') {
    throw new HomingError(
      'bad-argument',
      `overflow of ${of} is ${JSON.stringify(overflow)}; give 'reject' or 'drop-head'`,
    )
  }
  return {
    ...(depthMax !== undefined && { depthMax: readDepth(depthMax, of) }),
    ...(overflow !== undefined && { overflow }),
    ...(ttl !== undefined && { messageTtlMs: durationMs(ttl, `ttl of ${of}`) }),
    ...(perKey !== undefined && { perKey: readPerKey(perKey, of) }),
    ...readLimits({ rate, concurrency }, of),
  }
}

function readPerKey(options: PerKeyOptions, of: string): NonNullable<QueueSettings['perKey']> {
  checkOptions(options, perKeyOptions, `perKey of ${of}`)
  return readLimits(options, `perKey of ${of}`)
}

function readLimits(
  { rate, concurrency }: { rate?: Rate | undefined; concurrency?: number | undefined },
  of: string,
): Pick<QueueSettings, 'rate' | 'concurrencyMax'> {
  return {
    ...(rate !== undefined && { rate: readRate(rate, of) }),
    ...(concurrency !== undefined && {
      concurrencyMax: wholeNumber(concurrency, `concurrency of ${of}`, 1, limits.concurrencyMax),
    }),
  }
}

function readRate(rate: Rate, of: string): NonNullable<QueueSettings['rate']> {
  checkOptions(rate, rateOptions, `rate of ${of}`)
  const perMs = durationMs(rate.per, `rate.per of ${of}`)
  if (perMs === 0) throw new HomingError('bad-duration', `rate.per of ${of} is 0; give a duration`)
  return { count: wholeNumber(rate.count, `rate.count of ${of}`, 1, 1_000_000_000), perMs }
}

function readDepth(depthMax: number, of: string): number {
  if (depthMax === Number.POSITIVE_INFINITY) return depthMax
  return wholeNumber(depthMax, `depthMax of ${of}`, 1, Number.MAX_SAFE_INTEGER)
}
