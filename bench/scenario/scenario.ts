import type { Bench } from '../bench.ts'
import type { LoadResult, ServerUse } from '../client/closed-loop.ts'

export interface Scenario {
  readonly name: string
  readonly title: string
  /** Left out of a quick run. */
  readonly slow?: boolean
  run(bench: Bench): Promise<Findings>
}

export interface Findings {
  readonly systems: readonly SystemFindings[]
  readonly figures: readonly Figure[]
  readonly targets: readonly Target[]
  /** What a reader must know, such as a peer that is not installed. */
  readonly notes: readonly string[]
}

export interface SystemFindings {
  readonly name: string
  readonly durability: string
  readonly settings: string
  /** One result per round, in order: the same index is the same round for every system. */
  readonly rounds: readonly LoadResult[]
  readonly medianPerSecond: number
  readonly medianP50Ms: number
  readonly medianP99Ms: number
  readonly peakBytes: number
  /** CPU of the load program for a trip, median of the rounds. */
  readonly clientCpuUsPerTrip?: number
  /** What the server took: medians of the rounds. */
  readonly server?: ServerUse
}

/** Of one system, round by round. */
export const ratesOf = (systems: readonly SystemFindings[], name: string): number[] =>
  systems.find((system) => system.name === name)?.rounds.map((round) => round.perSecond) ?? []

export interface Figure {
  readonly label: string
  readonly value: number
  readonly unit: 'MB' | 'ms' | 'µs' | 's' | '/s' | '×' | 'messages'
}

export interface Target {
  readonly label: string
  readonly value: number
  /** Smallest and largest of the rounds, where there are rounds. */
  readonly min?: number
  readonly max?: number
  readonly bound: number
  readonly atLeast: boolean
  readonly unit: '×' | 'MB' | 'ms' | 'µs' | '/s'
  readonly met: boolean
}

export function target(
  label: string,
  bound: { readonly atLeast: number } | { readonly atMost: number },
  unit: Target['unit'],
  measured: { readonly median: number; readonly min?: number; readonly max?: number },
): Target {
  const atLeast = 'atLeast' in bound
  const limit = atLeast ? bound.atLeast : bound.atMost
  const { median: value, ...spread } = measured
  const met = atLeast ? value >= limit : value <= limit
  return { label, value, ...spread, bound: limit, atLeast, unit, met }
}
