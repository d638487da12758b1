/*
 * A broker in simulated time: bytes travel as always, but nothing falls due until the test says so.
 */

import { systemClock } from '../clock.ts'
import { type BrokerOptions, type RunningBroker, startBrokerAt } from '../server/start-broker.ts'
import { SimulatedClock } from './simulated-clock.ts'

export interface SimulatedBroker {
  readonly broker: RunningBroker
  /** `await clock.advance(ms)` lets messages expire, delays pass, heartbeats fail. */
  readonly clock: SimulatedClock
}

/**
 * Starts a broker as `startBroker` of `homing/amqp` does, whose time the test moves.
 *
 * @example
 * const { broker, clock } = await startSimulatedBroker()
 * await channel.assertQueue('q', { messageTtl: 60_000 })
 * await clock.advance(60_000)
 */
export async function startSimulatedBroker(options?: BrokerOptions): Promise<SimulatedBroker> {
  const clock = new SimulatedClock()
  const broker = await startBrokerAt(
    {
      wallMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs(),
      after: (delayMs, run) => clock.after(delayMs, run),
      // Sockets live in real turns of the event loop.
      soon: (run) => systemClock.soon(run),
    },
    options,
  )
  return { broker, clock }
}
