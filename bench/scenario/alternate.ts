/*
 * Systems take turns, so that whatever else the machine does falls on all of them:
 *
 *   round 1   A B C D
 *   round 2   D C B A
 *   round 3   A B C D …
 */

import type { Bench } from '../bench.ts'
import type { Load, LoadResult } from '../client/closed-loop.ts'
import { median } from '../statistics.ts'
import type { System } from '../system/system.ts'
import type { SystemFindings } from './scenario.ts'

export async function alternate(
  bench: Bench,
  systems: readonly System[],
  load: Load,
): Promise<readonly SystemFindings[]> {
  const results = new Map<System, LoadResult[]>(systems.map((system) => [system, []]))
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const system of round % 2 === 1 ? systems : systems.toReversed()) {
      const result = await system.run(load)
      results.get(system)?.push(result)
      bench.say(
        `  round ${round} of ${bench.options.rounds}  ${system.name.padEnd(20)} ` +
          `${Math.round(result.perSecond)}/s  p50 ${result.p50Ms.toFixed(3)} ms`,
      )
    }
  }
  return [...results].map(([system, rounds]) => findingsOf(system, rounds))
}

const findingsOf = (system: System, rounds: readonly LoadResult[]): SystemFindings => ({
  name: system.name,
  durability: system.durability,
  settings: system.settings,
  rounds,
  medianPerSecond: median(rounds.map((round) => round.perSecond)),
  medianP50Ms: median(rounds.map((round) => round.p50Ms)),
  medianP99Ms: median(rounds.map((round) => round.p99Ms)),
  peakBytes: Math.max(...rounds.map((round) => round.peakBytes)),
  ...useOf(rounds),
})

/** Nothing for a system of which it was not looked at. */
function useOf(
  rounds: readonly LoadResult[],
): Pick<SystemFindings, 'clientCpuUsPerTrip' | 'server'> {
  const servers = rounds.flatMap((round) => round.server ?? [])
  const clients = rounds.flatMap((round) => round.clientCpuUsPerTrip ?? [])
  const client = clients.length === 0 ? {} : { clientCpuUsPerTrip: median(clients) }
  if (servers.length === 0) return client
  return {
    ...client,
    server: {
      cpuUsPerTrip: median(servers.map((one) => one.cpuUsPerTrip)),
      residentBytes: median(servers.map((one) => one.residentBytes)),
    },
  }
}

export function loadOf(bench: Bench, inFlight: number): Load {
  const { seconds, warmUpSeconds } = bench.options
  return { inFlight, warmUpMs: warmUpSeconds * 1_000, measureMs: seconds * 1_000 }
}

/** A shorter load, to choose a setting by. */
export function tryingLoadOf(bench: Bench, inFlight: number): Load {
  const share = bench.options.quick ? 0.5 : 0.4
  return {
    inFlight,
    warmUpMs: 1_000 * share * bench.options.warmUpSeconds,
    measureMs: 1_000 * share * bench.options.seconds,
  }
}
