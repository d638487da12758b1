import type { Bench } from '../bench.ts'
import { pairedRatio } from '../statistics.ts'
import { overRabbitmqNames, startOverRabbitmq } from '../system/over-rabbitmq.ts'
import { withBestSetting } from '../system/system.ts'
import { alternate, loadOf, tryingLoadOf } from './alternate.ts'
import { type Findings, ratesOf, type Scenario, type SystemFindings, target } from './scenario.ts'

/** The layer may cost a quarter of what the plain client does by itself. */
const atLeast = 0.75

export const overRabbitmq: Scenario = {
  name: 'over-rabbitmq',
  title:
    'Awaited durable round trips through RabbitMQ, 1,000 in flight: written by hand with amqplib, and by Homing',
  run: async (bench): Promise<Findings> => {
    const { systems, notes } = await measured(bench, 'over-rabbitmq', 1_000)
    const { byHand, ...ours } = overRabbitmqNames
    const targets = Object.values(ours)
      .filter((name) => systems.some((system) => system.name === name))
      .map((name) =>
        target(
          `round trips over RabbitMQ, ${name} to ${byHand}`,
          { atLeast },
          '×',
          pairedRatio(ratesOf(systems, name), ratesOf(systems, byHand)),
        ),
      )
    return { systems, figures: [], targets, notes }
  },
}

export const overRabbitmqSingle: Scenario = {
  name: 'over-rabbitmq-single',
  title: 'The same through RabbitMQ, one at a time',
  run: async (bench): Promise<Findings> => {
    const { systems, notes } = await measured(bench, 'over-rabbitmq-single', 1)
    return { systems, figures: [], targets: [], notes }
  },
}

async function measured(
  bench: Bench,
  scenario: string,
  inFlight: number,
): Promise<{ readonly systems: readonly SystemFindings[]; readonly notes: readonly string[] }> {
  if (bench.options.noPeers) return { systems: [], notes: ['RabbitMQ left out by --no-peers'] }
  const over = await startOverRabbitmq(bench, inFlight, scenario)
  try {
    const chosen = []
    for (const candidate of over.candidates) {
      chosen.push(await withBestSetting(candidate, tryingLoadOf(bench, inFlight), bench.say))
    }
    const systems = await alternate(bench, chosen, loadOf(bench, inFlight))
    return { systems, notes: over.missing }
  } finally {
    await over.stop()
  }
}
