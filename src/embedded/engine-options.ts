/*
 * What can be set when the embedded engine is opened.
 */

import type { Duration } from '../duration.ts'
import { durationMs } from '../duration.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { limits } from '../limits.ts'
import type { Sync } from './journal/segment-writer.ts'
import type { Retention } from './ledger/ledger.ts'

export interface EmbeddedOptions {
  /**
   * When a confirm is given. `always` (default): after fdatasync. `{ every: '50ms' }`: after the
   * write, synced that often; a power cut can take the last moments. `never`: after the write.
   */
  readonly sync?: 'always' | 'never' | { readonly every: Duration }
  /** How long, and how many, outcomes are kept. Default 7 days and 10,000,000. */
  readonly retain?: { readonly for?: Duration; readonly count?: number }
  /** Told what no caller can be told: damage found, a full disk. Default: a line on stderr. */
  readonly onProblem?: (text: string) => void
  /**
   * Told once when the disk has failed and nothing more is confirmed. Default: a line on stderr and
   * exit code 74 (EX_IOERR), since going on would pretend.
   */
  readonly onFailed?: (error: HomingError) => void
  /** Bytes of a journal segment. Default 64 MiB. */
  readonly segmentBytes?: number
  /** Bytes of journal between checkpoints. Default 64 MiB. */
  readonly checkpointBytes?: number
  /** Bytes of queue index in memory; the rest is on disk. Default 8 MiB. */
  readonly indexBytes?: number
  /** Bytes of fresh messages in memory. Default 8 MiB. */
  readonly tailBytes?: number
  /** Bytes kept free for settling when the disk is full. Default 4 MiB. */
  readonly reserveBytes?: number
}

/** Options as the engine uses them. */
export interface EngineOptions {
  readonly sync: Sync
  readonly retention: Retention
  readonly onProblem: (text: string) => void
  readonly onFailed: (error: HomingError) => void
  readonly segmentBytes: number
  readonly checkpointBytes: number
  readonly indexBytesMax: number
  readonly tailBytesMax: number
  readonly reserveBytes: number
}

export const engineOptionNames: ReadonlySet<string> = new Set([
  'sync',
  'retain',
  'onProblem',
  'onFailed',
  'segmentBytes',
  'checkpointBytes',
  'indexBytes',
  'tailBytes',
  'reserveBytes',
])

/** Places in a segment are kept in four bytes, and the last batch goes over this size. */
const segmentBytesMax = 2 ** 30

/** Exit code when the disk failed: EX_IOERR of sysexits. */
export const exitCodeDiskFailed = 74

/** Fails with `unknown-option`, `bad-argument`, `bad-duration`. */
export function engineOptions(options: EmbeddedOptions = {}): EngineOptions {
  checkOptions(options, engineOptionNames, 'homing()')
  return {
    sync: syncOf(options.sync),
    retention: retentionOf(options.retain),
    onProblem: functionOf('onProblem', options.onProblem) ?? sayProblem,
    onFailed: functionOf('onFailed', options.onFailed) ?? exitNow,
    segmentBytes: bytesOf(
      'segmentBytes',
      options.segmentBytes,
      limits.segmentBytes,
      4096,
      segmentBytesMax,
    ),
    checkpointBytes: bytesOf(
      'checkpointBytes',
      options.checkpointBytes,
      limits.checkpointBytes,
      4096,
    ),
    indexBytesMax: bytesOf('indexBytes', options.indexBytes, limits.indexBytesMax, 0),
    tailBytesMax: bytesOf('tailBytes', options.tailBytes, limits.tailBytesMax, 0),
    reserveBytes: bytesOf('reserveBytes', options.reserveBytes, limits.reserveBytes, 0),
  }
}

function syncOf(sync: EmbeddedOptions['sync'] = 'always'): Sync {
  if (sync === 'always' || sync === 'never') return sync
  if (typeof sync === 'object' && sync !== null) {
    checkOptions(sync, new Set(['every']), 'sync')
    if ('every' in sync) return { everyMs: durationMs(sync.every, 'sync.every') }
  }
  throw new HomingError(
    'bad-argument',
    `sync is ${JSON.stringify(sync)}; give 'always', 'never' or { every: '50ms' }`,
  )
}

function retentionOf(retain: EmbeddedOptions['retain'] = {}): Retention {
  checkOptions(retain, new Set(['for', 'count']), 'retain')
  const { for: time = limits.retainMsDefault, count } = retain
  return {
    retainMs: durationMs(time, 'retain.for'),
    retainCount: bytesOf('retain.count', count, limits.retainCountMax, 0),
  }
}

function functionOf<F>(name: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === 'function') return value
  throw new HomingError('bad-argument', `${name} is ${typeof value}; give a function`)
}

function bytesOf(
  name: string,
  value: number | undefined,
  standard: number,
  min: number,
  max = 2 ** 32 - 1,
): number {
  if (value === undefined) return standard
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  throw new HomingError(
    'bad-argument',
    `${name} is ${value}; give a whole number from ${min} to ${max}`,
  )
}

function sayProblem(text: string): void {
  console.error(`homing: ${text}`)
}

function exitNow(error: HomingError): void {
  console.error(`homing: ${error.message}`)
  process.exit(exitCodeDiskFailed)
}
