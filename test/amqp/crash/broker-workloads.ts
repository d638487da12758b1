/*
 * A dozen small workloads of AMQP clients, each of which touches the disk in its own way.
 */

import { drawRequest } from '../simulation/drawn-request.ts'
import type { SimulatedConsumer } from '../simulation/simulated-consumer.ts'
import type { BrokerBench, QueueGiven } from './broker-bench.ts'

export interface BrokerWorkload {
  readonly name: string
  readonly queues: readonly QueueGiven[]
  /** Before anything can go wrong. */
  prepare?(bench: BrokerBench): Promise<void>
  act(bench: BrokerBench): Promise<void>
}

const dlx = { exchange: 'dlx', key: undefined }
const dead: QueueGiven = { name: 'dead' }
const two: readonly QueueGiven[] = [
  { name: 'one', fan: true },
  { name: 'two', fan: true },
]

async function filled(bench: BrokerBench, queue: string, count: number): Promise<void> {
  await bench.publish(bench.publisher('confirm'), queue, count)
}

/** Waits until it holds so many, or for a while. */
async function holding(bench: BrokerBench, consumer: SimulatedConsumer, count: number) {
  for (let n = 0; n < 100 && consumer.held.size < count; n++) await bench.pass(2)
  return [...consumer.held.keys()]
}

export const brokerWorkloads: readonly BrokerWorkload[] = [
  {
    name: 'publishing with confirms',
    queues: [{ name: 'plain' }],
    act: async (bench) => {
      const publisher = bench.publisher('confirm')
      for (let n = 0; n < 3; n++) await bench.publish(publisher, 'plain', 2)
    },
  },
  {
    name: 'publishing to several queues, one of them transient',
    queues: [...two, { name: 'passing', fan: true, durable: false }],
    act: async (bench) => {
      const publisher = bench.publisher('confirm')
      await bench.publish(publisher, '', 2, { exchange: 'fan' })
      await bench.publish(publisher, '', 2, { exchange: 'fan', persistent: false })
    },
  },
  {
    name: 'consuming and acknowledging',
    queues: [{ name: 'plain' }],
    prepare: (bench) => filled(bench, 'plain', 6),
    act: async (bench) => {
      const consumer = await bench.consumer('plain', { prefetch: 3 })
      for (let n = 0; n < 2; n++) {
        const tags = await holding(bench, consumer, 3)
        consumer.settle(tags.slice(0, 2), 'ack', true)
        consumer.client.flush()
        await bench.pass(5)
      }
    },
  },
  {
    name: 'giving back and taking again',
    queues: [{ name: 'plain' }],
    prepare: (bench) => filled(bench, 'plain', 4),
    act: async (bench) => {
      const consumer = await bench.consumer('plain', { prefetch: 4 })
      const tags = await holding(bench, consumer, 4)
      consumer.settle(tags.slice(3), 'requeue')
      consumer.settle(tags.slice(0, 1), 'requeue')
      consumer.settle(tags.slice(1, 2), 'ack')
      consumer.client.flush()
      await bench.pass(10)
      consumer.leave('drop')
      await bench.pass(10)
    },
  },
  {
    name: 'rejecting into a dead-letter exchange',
    queues: [{ name: 'plain', deadLetter: dlx }, dead],
    prepare: (bench) => filled(bench, 'plain', 4),
    act: async (bench) => {
      const consumer = await bench.consumer('plain', { prefetch: 2 })
      for (let n = 0; n < 2; n++) {
        consumer.settle(await holding(bench, consumer, 2), 'reject', true)
        consumer.client.flush()
        await bench.pass(10)
      }
    },
  },
  {
    name: 'expiring into a dead-letter exchange',
    queues: [{ name: 'fleeting', ttlMs: 100, deadLetter: dlx }, dead],
    act: async (bench) => {
      await filled(bench, 'fleeting', 3)
      await bench.pass(300)
    },
  },
  {
    name: 'pushing out the head of a full queue',
    queues: [{ name: 'short', lengthMax: 2, deadLetter: dlx }, dead],
    act: (bench) => filled(bench, 'short', 5),
  },
  {
    name: 'delivering too often',
    queues: [{ name: 'quorum', type: 'quorum', deliveryLimit: 1, deadLetter: dlx }, dead],
    prepare: (bench) => filled(bench, 'quorum', 2),
    act: async (bench) => {
      const consumer = await bench.consumer('quorum', { prefetch: 2 })
      for (let n = 0; n < 2; n++) {
        consumer.settle(await holding(bench, consumer, 2), 'requeue', true)
        consumer.client.flush()
        await bench.pass(10)
      }
    },
  },
  {
    name: 'committing a transaction',
    queues: two,
    act: async (bench) => {
      const publisher = bench.publisher('tx')
      for (const commits of [true, false, true]) {
        await bench.publish(publisher, 'one', 2)
        await bench.publish(publisher, '', 1, { exchange: 'fan' })
        publisher.endTransaction(commits)
        await bench.pass(20)
      }
    },
  },
  {
    name: 'consuming and getting without acknowledgement',
    queues: [{ name: 'plain' }],
    prepare: (bench) => filled(bench, 'plain', 6),
    act: async (bench) => {
      const getter = await bench.consumer('plain', { way: 'get', noAck: true })
      for (let n = 0; n < 2; n++) {
        getter.get('plain')
        await bench.pass(10)
      }
      await bench.consumer('plain', { noAck: true })
      await bench.pass(20)
    },
  },
  {
    name: 'purging',
    queues: [{ name: 'plain' }],
    prepare: (bench) => filled(bench, 'plain', 4),
    act: async (bench) => {
      await bench.step(bench.run.admin.purge('plain', true))
      await filled(bench, 'plain', 2)
    },
  },
  {
    name: 'deleting a queue with requests in it, and declaring it again',
    queues: [{ name: 'asks', deletes: true }],
    prepare: (bench) => asked(bench, 3),
    act: async (bench) => {
      const asks = bench.site.plan.queues.find(({ name }) => name === 'asks')
      if (asks !== undefined) await bench.step(bench.run.admin.remove(asks, true))
      await asked(bench, 1)
    },
  },
  {
    name: 'asking, replying and telling',
    queues: [{ name: 'asks' }],
    act: async (bench) => {
      await asked(bench, 4)
      const responder = bench.responder()
      responder.behave()
      await bench.pass(30)
      await bench.answered(responder.replies)
    },
  },
]

async function asked(bench: BrokerBench, count: number): Promise<void> {
  const publisher = bench.publisher('confirm')
  for (let n = 0; n < count; n++) publisher.publish(drawRequest(bench.site), false)
  publisher.client.flush()
  await bench.answered(publisher)
}
