/*
 * Homing through a broker of its own: `homing serve` in a process, on TCP, and a client of that URL.
 */

import { serveHoming } from '../amqp/brokers.ts'
import type { Bench } from '../bench.ts'
import type { LoadResult } from '../client/closed-loop.ts'
import { runProgram } from '../load-program.ts'
import { homingDurability } from './homing.ts'
import type { Candidate, Setting } from './system.ts'

export const homingBrokerName = 'Homing, broker on TCP'

export function homingBroker(bench: Bench, inFlight: number, scenario: string): Candidate {
  const setting = (concurrency: number): Setting => ({
    text: `concurrency ${concurrency}, producer and consumer in one process, over one connection`,
    run: async (load) => {
      const { server, port } = await serveHoming(bench, scenario)
      try {
        const url = `amqp://guest:guest@127.0.0.1:${port}`
        const servers = [server.child.pid ?? 0]
        return await runProgram<LoadResult>(
          'connected-round-trips',
          { url, options: {}, servers, load, concurrency },
          { execArgv: bench.homingExecArgv(scenario) },
        )
      } finally {
        await server.stop()
      }
    },
  })
  const settings = inFlight === 1 ? [setting(1)] : [setting(100), setting(1_000)]
  return { name: homingBrokerName, durability: homingDurability, settings }
}
