import type { LoadResult } from '../../client/closed-loop.ts'
import { runProgram, startProgram } from '../../load-program.ts'
import type { Findings, Scenario, SystemFindings, Target } from '../../scenario/scenario.ts'
import { brokerNames, withBrokers } from '../brokers.ts'
import { compareBrokers, ratioToRabbit, type Way } from '../compare.ts'
import type { RpcSettings } from '../rpc.ts'

const ratioAtLeast = 2.5

export const amqpRpc: Scenario = {
  name: 'amqp-rpc',
  title:
    'AMQP: requests and replies of 100 bytes by amqplib, over direct reply-to and a durable queue',
  run: (bench): Promise<Findings> =>
    withBrokers(
      bench,
      { scenario: 'amqp-rpc', messages: 'requests and replies', bareLoop: false },
      async ({ running, missing }) => {
        const systems: SystemFindings[] = []
        const targets: Target[] = []
        for (const replies of ['direct', 'durable queue'] as const)
          for (const inFlight of [1, 64]) {
            const variant = `${replies}, ${inFlight} in flight`
            const ways = waysOf(replies, inFlight)
            const found = await compareBrokers(bench, running, { ways, inFlight, variant })
            systems.push(...found)
            const label = `requests and replies, ${variant}`
            const bound = { atLeast: ratioAtLeast }
            const of = (round: LoadResult): number => round.perSecond
            targets.push(...ratioToRabbit(found, { label, variant, bound, of }))
          }
        return { systems, figures: [], targets, notes: [...missing, amqplibNote] }
      },
    ),
}

const amqplibNote = `Both use the same client, amqplib, whose own CPU is in every trip: see the column of the client beside that of the broker. ${brokerNames.homing} cannot make it quicker.`

/** One at a time, a process more is only one more to wake. */
function waysOf(replies: RpcSettings['replies'], inFlight: number): readonly Way[] {
  const places = inFlight === 1 ? [false] : [false, true]
  return places.map((responderElsewhere) => ({
    text: `responder in ${responderElsewhere ? 'its own' : 'the same'} process`,
    run: async ({ port, pid }, load) => {
      const settings: RpcSettings = { port, pid, load, replies, responderElsewhere }
      const responder = responderElsewhere ? startProgram('amqp/program/responder') : undefined
      try {
        await responder?.ask(settings)
        return await runProgram<LoadResult>('amqp/program/requester', settings)
      } finally {
        await responder?.kill('SIGTERM')
      }
    },
  }))
}
