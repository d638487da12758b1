import type { Bench } from '../bench.ts'
import { pairedRatio } from '../statistics.ts'
import { homingName, homingRoundTrips } from '../system/homing.ts'
import { homingBroker } from '../system/homing-broker.ts'
import { joinedBoth, joinedNames, joinedProducer } from '../system/joined.ts'
import { withBestSetting } from '../system/system.ts'
import { alternate, loadOf, tryingLoadOf } from './alternate.ts'
import { type Findings, ratesOf, type Scenario, type SystemFindings, target } from './scenario.ts'

const atLeast = 0.4

export const joined: Scenario = {
  name: 'joined',
  title:
    'Awaited durable round trips, 1,000 in flight: in one process, by one that joined the owner of the data directory, through a Homing broker',
  run: async (bench): Promise<Findings> => {
    const systems = await measured(bench, 'joined', 1_000)
    const ours = ratesOf(systems, homingName)
    const targets = Object.values(joinedNames).map((name) =>
      target(
        `round trips, ${name} to one process`,
        { atLeast },
        '×',
        pairedRatio(ratesOf(systems, name), ours),
      ),
    )
    return { systems, figures: [], targets, notes: [] }
  },
}

export const joinedSingle: Scenario = {
  name: 'joined-single',
  title: 'The same, one at a time',
  run: async (bench): Promise<Findings> => {
    const systems = await measured(bench, 'joined-single', 1)
    return { systems, figures: [], targets: [], notes: [] }
  },
}

async function measured(
  bench: Bench,
  scenario: string,
  inFlight: number,
): Promise<readonly SystemFindings[]> {
  const systems = []
  for (const candidate of [
    homingRoundTrips(bench, inFlight, scenario),
    joinedBoth(bench, inFlight, scenario),
    joinedProducer(bench, inFlight, scenario),
    homingBroker(bench, inFlight, scenario),
  ]) {
    systems.push(await withBestSetting(candidate, tryingLoadOf(bench, inFlight), bench.say))
  }
  return await alternate(bench, systems, loadOf(bench, inFlight))
}
