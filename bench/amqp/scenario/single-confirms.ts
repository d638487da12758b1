import type { LoadResult } from '../../client/closed-loop.ts'
import { runProgram } from '../../load-program.ts'
import type { Findings, Scenario, SystemFindings, Target } from '../../scenario/scenario.ts'
import { withBrokers } from '../brokers.ts'
import { compareBrokers, ratioToRabbit } from '../compare.ts'
import type { SingleConfirmsSettings } from '../single-confirms.ts'

export const amqpConfirms: Scenario = {
  name: 'amqp-confirms',
  title: 'AMQP: the confirm of one persistent message of 100 bytes at a time',
  run: (bench): Promise<Findings> =>
    withBrokers(
      bench,
      { scenario: 'amqp-confirms', messages: 'confirmed', bareLoop: false },
      async ({ running, missing }) => {
        const systems: SystemFindings[] = []
        const targets: Target[] = []
        for (const consumer of [false, true]) {
          const variant = consumer ? 'with a consumer' : 'no consumer'
          const way = {
            text: 'one publish at a time',
            run: (
              { port, pid }: { port: number; pid: number },
              load: SingleConfirmsSettings['load'],
            ) => {
              const settings: SingleConfirmsSettings = { port, pid, load, consumer }
              return runProgram<LoadResult>('amqp/program/single-confirms', settings)
            },
          }
          const found = await compareBrokers(bench, running, { ways: [way], inFlight: 1, variant })
          systems.push(...found)
          targets.push(...latencyTargets(found, variant))
        }
        return { systems, figures: [], targets, notes: missing }
      },
    ),
}

function latencyTargets(systems: readonly SystemFindings[], variant: string): readonly Target[] {
  const bound = { atMost: 1 }
  return [
    ...ratioToRabbit(systems, {
      label: `confirm of one, p50, ${variant}`,
      ...{ variant, bound, of: (round) => round.p50Ms },
    }),
    ...ratioToRabbit(systems, {
      label: `confirm of one, p99, ${variant}`,
      ...{ variant, bound, of: (round) => round.p99Ms },
    }),
  ]
}
