import { pairedRatio } from '../statistics.ts'
import { homingName, homingRoundTrips } from '../system/homing.ts'
import { joinedBoth, joinedNames, joinedProducer } from '../system/joined.ts'
import { withBestSetting } from '../system/system.ts'
import { alternate, loadOf, tryingLoadOf } from './alternate.ts'
import { type Findings, type Scenario, target } from './scenario.ts'

const inFlight = 1_000
const atLeast = 0.4

export const joined: Scenario = {
  name: 'joined',
  title:
    'Awaited durable round trips, 1,000 in flight, by a process that joined the owner of the data directory',
  run: async (bench): Promise<Findings> => {
    const systems = []
    for (const candidate of [
      homingRoundTrips(bench, inFlight, 'joined'),
      joinedBoth(bench, inFlight),
      joinedProducer(bench, inFlight),
    ]) {
      systems.push(await withBestSetting(candidate, tryingLoadOf(bench, inFlight), bench.say))
    }
    const found = await alternate(bench, systems, loadOf(bench, inFlight))
    const rates = (name: string): number[] =>
      found.find((system) => system.name === name)?.rounds.map((round) => round.perSecond) ?? []
    const targets = Object.values(joinedNames).map((name) =>
      target(
        `round trips, ${name} to one process`,
        { atLeast },
        '×',
        pairedRatio(rates(name), rates(homingName)),
      ),
    )
    return { systems: found, figures: [], targets, notes: [] }
  },
}
