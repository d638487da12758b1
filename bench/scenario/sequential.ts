import { pairedRatio } from '../statistics.ts'
import { disk, diskName } from '../system/disk.ts'
import { homingName } from '../system/homing.ts'
import { measureWithPeers } from './round-trips.ts'
import { type Findings, type Scenario, type SystemFindings, target } from './scenario.ts'

/** What one round trip carries: the order's body. */
const bytes = 100
const ratioAtMost = 1.5

export const sequential: Scenario = {
  name: 'sequential',
  title: 'The same round trips one at a time, and one write + fdatasync of the same disk',
  run: async (bench): Promise<Findings> => {
    const disks = [disk(bench, 'sync', bytes), disk(bench, 'async', bytes)]
    const { systems, missing } = await measureWithPeers(bench, 'sequential', 1, disks)
    const label = 'sequential p50, Homing to one write + fdatasync'
    const ratio = pairedRatio(p50s(systems, homingName), p50s(systems, diskName))
    return {
      systems,
      figures: [],
      targets: [target(label, { atMost: ratioAtMost }, '×', ratio)],
      notes: missing,
    }
  },
}

const p50s = (systems: readonly SystemFindings[], name: string): number[] =>
  systems.find((system) => system.name === name)?.rounds.map((round) => round.p50Ms) ?? []
