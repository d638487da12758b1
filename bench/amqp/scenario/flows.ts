/*
 * Messages through a broker as fast as they go, by the load program of this folder.
 */

import type { LoadResult } from '../../client/closed-loop.ts'
import { runProgram } from '../../load-program.ts'
import {
  type Findings,
  type Scenario,
  type SystemFindings,
  type Target,
  target,
} from '../../scenario/scenario.ts'
import { median } from '../../statistics.ts'
import { brokerNames, withBrokers } from '../brokers.ts'
import { compareBrokers, ratioToRabbit, type Way } from '../compare.ts'
import type { FlowSettings } from '../flow.ts'
import type { Flow } from '../topology.ts'

/** What the load program itself may take for one message, published and consumed. */
const clientUsMax = 2

const transient: Flow = {
  kind: 'queue',
  queues: 1,
  bodyBytes: 100,
  durable: false,
  confirms: false,
  outstanding: 2_000,
  ackEvery: 0,
  consumerConnections: 1,
  queueArguments: {},
}

const durable: Flow = {
  ...transient,
  durable: true,
  confirms: true,
  ackEvery: 100,
  // Version 2 confirms without a sync, which is other work.
  queueArguments: { 'x-queue-version': 1 },
}

interface FlowScenario {
  readonly name: string
  readonly title: string
  readonly flow: Flow
  readonly ratioAtLeast: number
  /** Numbers of consumers' connections to try; the quickest is kept. */
  readonly connections?: readonly number[]
}

export const flowScenarios: readonly Scenario[] = [
  flowScenario({
    name: 'amqp-transient',
    title: 'AMQP: transient messages of 100 bytes through one queue, no acknowledgement',
    flow: transient,
    ratioAtLeast: 6,
  }),
  flowScenario({
    name: 'amqp-durable',
    title:
      'AMQP: persistent messages of 100 bytes through a durable queue, 2,000 unconfirmed, acknowledged by 100',
    flow: durable,
    ratioAtLeast: 7,
  }),
  flowScenario({
    name: 'amqp-durable-4k',
    title: 'AMQP: the same with 4,000 bytes',
    flow: { ...durable, bodyBytes: 4_000 },
    ratioAtLeast: 2.3,
  }),
  flowScenario({
    name: 'amqp-fanout',
    title: 'AMQP: transient messages of 100 bytes to 10 queues each; deliveries',
    flow: { ...transient, kind: 'fanout', queues: 10, outstanding: 1_000 },
    ratioAtLeast: 5,
    connections: [1, 10],
  }),
  flowScenario({
    name: 'amqp-topic',
    title: 'AMQP: transient messages of 100 bytes through a topic exchange with 1,000 bindings',
    flow: { ...transient, kind: 'topic', queues: 10 },
    ratioAtLeast: 5,
    connections: [1, 2],
  }),
]

function flowScenario(scenario: FlowScenario): Scenario {
  const { name, title, flow, ratioAtLeast } = scenario
  const wanted = {
    scenario: name,
    messages: flow.durable ? ('confirmed' as const) : ('transient' as const),
    bareLoop: flow.kind === 'queue',
  }
  return {
    name,
    title,
    run: (bench): Promise<Findings> =>
      withBrokers(bench, wanted, async ({ running, missing }) => {
        const comparison = { ways: waysOf(scenario), inFlight: flow.outstanding }
        const systems = await compareBrokers(bench, running, comparison)
        const bound = { atLeast: ratioAtLeast }
        const ratio = ratioToRabbit(systems, { label: name, bound, of: perSecond })
        const client = flow.bodyBytes > 100 ? [] : clientTarget(name, systems)
        return { systems, figures: [], targets: [...ratio, ...client], notes: missing }
      }),
  }
}

const perSecond = (round: LoadResult): number => round.perSecond

function waysOf({ flow, connections = [1] }: FlowScenario): readonly Way[] {
  return connections.map((consumerConnections) => ({
    text: `1 publisher, ${flow.queues} ${flow.queues === 1 ? 'consumer' : 'consumers'} on ${consumerConnections} ${consumerConnections === 1 ? 'connection' : 'connections'}, ${flow.outstanding.toLocaleString('en')} outstanding`,
    run: (broker, load) => {
      const { port, pid } = broker
      const settings: FlowSettings = { port, pid, load, flow: { ...flow, consumerConnections } }
      return runProgram<LoadResult>('amqp/program/flow', settings)
    },
  }))
}

/** Where there is the bare loop: the program against a broker that takes next to nothing itself. */
function clientTarget(name: string, systems: readonly SystemFindings[]): readonly Target[] {
  const bare = systems.find((system) => system.name === brokerNames.bare)
  if (bare === undefined) return []
  const values = bare.rounds.map((round) => round.clientCpuUsPerTrip ?? Number.NaN)
  const measured = {
    median: median(values),
    min: Math.min(...values),
    max: Math.max(...values),
  }
  return [
    target(`${name}, CPU of the load program a message`, { atMost: clientUsMax }, 'µs', measured),
  ]
}
