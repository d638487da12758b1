/* The conformance suite over a RabbitMQ, on quorum and on classic queues, with a ledger in SQLite. */

import { after, before, describe } from 'node:test'
import { engineConformance } from '../../src/testing/index.ts'
import { lackingRabbitmq } from '../amqp/rabbitmq.ts'
import { type Carrier, startCarrier } from './rabbitmq-under-test.ts'

describe('over RabbitMQ', { skip: lackingRabbitmq() }, () => {
  let carrier: Carrier
  before(async () => {
    carrier = await startCarrier()
  })
  after(() => carrier.rabbitmq.stop())
  for (const queues of ['quorum', 'classic'] as const) {
    engineConformance({
      name: `rabbitmq, ${queues} queues`,
      open: () => carrier.open({ queues }),
      without: {
        unreachable: 'tried with every AMQP server alike',
        loginRefused: 'tried with every AMQP server alike',
        overTls: 'tried with every AMQP server alike',
        untrusted: 'tried with every AMQP server alike',
      },
      patienceMs: 30_000,
      quietMs: 200,
      slowness: 3,
    })
  }
})
