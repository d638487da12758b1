import type { LoadResult } from '../../client/closed-loop.ts'
import { runProgram } from '../../load-program.ts'
import type { Findings, Scenario } from '../../scenario/scenario.ts'
import { withBrokers } from '../brokers.ts'
import { compareBrokers, ratioToRabbit, type Way } from '../compare.ts'
import type { ManyConnectionsSettings } from '../many-connections.ts'

const connections = 1_000
const publishesPerSecond = 1_000

const way: Way = {
  text: `${connections.toLocaleString('en')} connections, each publishes once a second; 1 consumer`,
  run: ({ port, pid }, load) => {
    const settings: ManyConnectionsSettings = { port, pid, load, connections, publishesPerSecond }
    return runProgram<LoadResult>('amqp/program/many-connections', settings)
  },
}

export const amqpConnections: Scenario = {
  name: 'amqp-connections',
  title: 'AMQP: 1,000 connections that publish slowly',
  run: (bench): Promise<Findings> =>
    withBrokers(
      bench,
      { scenario: 'amqp-connections', messages: 'transient', bareLoop: false },
      async ({ running, missing }) => {
        const systems = await compareBrokers(bench, running, { ways: [way], inFlight: connections })
        const targets = ratioToRabbit(systems, {
          label: `CPU with ${connections.toLocaleString('en')} connections`,
          bound: { atMost: 1 },
          of: (round) => (round.server?.cpuUsPerTrip ?? Number.NaN) * round.perSecond,
        })
        return { systems, figures: [], targets, notes: missing }
      },
    ),
}
