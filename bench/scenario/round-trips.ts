import type { Bench } from '../bench.ts'
import { pairedRatio } from '../statistics.ts'
import { homingName, homingRoundTrips } from '../system/homing.ts'
import { peerNames, startPeers } from '../system/round-trip-peers.ts'
import { withBestSetting } from '../system/system.ts'
import { alternate, loadOf, tryingLoadOf } from './alternate.ts'
import {
  type Findings,
  ratesOf,
  type Scenario,
  type SystemFindings,
  type Target,
  target,
} from './scenario.ts'

const inFlight = 1_000

const atLeast: ReadonlyMap<string, number> = new Map([
  [peerNames.everysec, 15],
  [peerNames.always, 60],
  [peerNames.rabbitmq, 10],
])

export const roundTrips: Scenario = {
  name: 'round-trips',
  title:
    'Awaited durable round trips, 1,000 in flight (send, confirm, process, outcome; ~100 bytes)',
  run: async (bench): Promise<Findings> => {
    const { systems, missing } = await measureWithPeers(bench, 'round-trips', inFlight)
    return { systems, figures: [], targets: targetsOf(systems), notes: missing }
  },
}

/** Homing and whichever peers are installed, in turns; the peers' servers run only meanwhile. */
export async function measureWithPeers(
  bench: Bench,
  scenario: string,
  lanes: number,
  further: Parameters<typeof alternate>[1] = [],
): Promise<{ systems: readonly SystemFindings[]; missing: readonly string[] }> {
  const peers = bench.options.noPeers
    ? { candidates: [], missing: ['peers left out by --no-peers'], stop: async () => undefined }
    : await startPeers(bench.freshDirectory('peers'), lanes)
  try {
    const systems = [...further]
    for (const candidate of [homingRoundTrips(bench, lanes, scenario), ...peers.candidates])
      systems.push(await withBestSetting(candidate, tryingLoadOf(bench, lanes), bench.say))
    return {
      systems: await alternate(bench, systems, loadOf(bench, lanes)),
      missing: peers.missing,
    }
  } finally {
    await peers.stop()
  }
}

function targetsOf(systems: readonly SystemFindings[]): Target[] {
  return systems.flatMap(({ name }) => {
    const bound = atLeast.get(name)
    if (bound === undefined) return []
    const ratio = pairedRatio(ratesOf(systems, homingName), ratesOf(systems, name))
    return [target(`round trips, Homing to ${name}`, { atLeast: bound }, '×', ratio)]
  })
}
