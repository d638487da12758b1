import { pairedRatio } from '../statistics.ts'
import { bareLog } from '../system/disk.ts'
import { homingSends } from '../system/homing.ts'
import { withBestSetting } from '../system/system.ts'
import { alternate, loadOf, tryingLoadOf } from './alternate.ts'
import { type Findings, type Scenario, target } from './scenario.ts'

const bodyBytes = 100
const inFlight = 1_000
const ratioAtLeast = 0.4

export const confirmedSends: Scenario = {
  name: 'confirmed-sends',
  title: 'Confirmed sends, 100 bytes, 1,000 in flight, and the same bytes in a bare log',
  run: async (bench): Promise<Findings> => {
    const candidate = homingSends(bench, bodyBytes, 'confirmed-sends')
    const homing = await withBestSetting(candidate, tryingLoadOf(bench, inFlight), bench.say)
    const systems = await alternate(
      bench,
      [homing, bareLog(bench, bodyBytes)],
      loadOf(bench, inFlight),
    )
    const [ours = [], floor = []] = systems.map((system) =>
      system.rounds.map((round) => round.perSecond),
    )
    const label = 'confirmed sends, Homing to the bare log'
    return {
      systems,
      figures: [],
      targets: [target(label, { atLeast: ratioAtLeast }, '×', pairedRatio(ours, floor))],
      notes: [],
    }
  },
}
