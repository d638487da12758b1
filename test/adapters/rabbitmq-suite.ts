/* The conformance suite over a private RabbitMQ node, with a ledger in SQLite. */

import { after, before, describe } from 'node:test'
import type { QueueKind } from '../../src/adapters/amqp/rabbitmq/queue-arguments.ts'
import { engineConformance } from '../../src/testing/index.ts'
import { lackingRabbitmq } from '../amqp/rabbitmq.ts'
import { recorded } from '../conformance/recorded.ts'
import { type Carrier, startCarrier } from './rabbitmq-under-test.ts'

const triedElsewhere = 'it is the connection’s, and tried with a Homing broker'

export function rabbitmqConformance(queues: QueueKind): void {
  describe('over RabbitMQ', { skip: lackingRabbitmq() }, () => {
    let carrier: Carrier
    before(async () => {
      carrier = await startCarrier()
    })
    after(() => carrier.rabbitmq.stop())
    engineConformance({
      name: `rabbitmq, ${queues} queues`,
      open: () => carrier.open({ queues }),
      report: recorded(`rabbitmq-${queues}`),
      without: {
        unreachable: triedElsewhere,
        loginRefused: triedElsewhere,
        overTls: triedElsewhere,
        untrusted: triedElsewhere,
      },
      patienceMs: 30_000,
      quietMs: 200,
      slowness: 3,
    })
  })
}
