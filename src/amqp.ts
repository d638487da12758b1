/*
 * The door for tests that need a broker: `import { startBroker } from 'homing/amqp'`.
 */

import { systemClock } from './clock.ts'
import { type BrokerOptions, type RunningBroker, startBrokerAt } from './server/start-broker.ts'

export type { BrokerOptions, RunningBroker, TestUser } from './server/start-broker.ts'

/**
 * Starts a broker inside this process, in memory, on a free port, for the tests of any program that talks
 * to RabbitMQ. Fails with `unknown-option`, `address-in-use`, `address-refused`, `bad-name`.
 *
 * @example
 * await using broker = await startBroker()
 * const connection = await amqplib.connect(broker.url)
 */
export const startBroker = (options?: BrokerOptions): Promise<RunningBroker> =>
  startBrokerAt(systemClock, options)
