/*
 * Samples for charts: read once for the range, then one more each second.
 *
 *   5 minutes   read ─▶ and live        1 hour, 24 hours   read, and read again as they grow
 */

import { useState } from 'preact/hooks'
import type { Range } from '../../http/shapes/figures-shapes.ts'

/** Seconds of the range that is live. */
const liveSamplesMax = 300

export const rereadMs: Readonly<Record<Range, number | undefined>> = {
  '5m': undefined,
  '1h': 10_000,
  '24h': 60_000,
}

interface Timed {
  readonly atMs: number
}

/** What came live since the samples were read, in order and none twice. */
export function useLiveSamples<Sample extends Timed>(): {
  readonly live: readonly Sample[]
  add(sample: Sample | undefined): void
} {
  const [live, setLive] = useState<readonly Sample[]>([])
  return {
    live,
    add: (sample) => {
      if (sample === undefined) return
      setLive((before) =>
        (before.at(-1)?.atMs ?? 0) >= sample.atMs
          ? before
          : [...before, sample].slice(-liveSamplesMax),
      )
    },
  }
}

export function joined<Sample extends Timed>(
  read: readonly Sample[],
  live: readonly Sample[],
): readonly Sample[] {
  const lastMs = read.at(-1)?.atMs ?? 0
  return [...read, ...live.filter(({ atMs }) => atMs > lastMs)].slice(-liveSamplesMax)
}

/** As charts take it: the times, then a row for each of the values. */
export const columnsOf = <Sample extends Timed>(
  samples: readonly Sample[],
  values: readonly ((sample: Sample) => number)[],
): readonly (readonly number[])[] => [
  samples.map(({ atMs }) => atMs),
  ...values.map((value) => samples.map(value)),
]
