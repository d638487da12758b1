/*
 * A consumer in a process of its own is killed between two steps of ending a message; another one comes.
 * However far the first one came: one outcome, a callback that is told of it, no work on what is known.
 */

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import type { QueueKind } from '../../src/adapters/amqp/rabbitmq/queue-arguments.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import { decodeHomecoming } from '../../src/message/homecoming.ts'
import { callbackQueue } from '../../src/message/message.ts'
import { lackingRabbitmq } from '../amqp/rabbitmq.ts'
import { answering, messageOf, outcomeOf, Site, text, until } from './rabbitmq-site.ts'
import { type Carrier, type OpenedEngine, startCarrier } from './rabbitmq-under-test.ts'
import { type SettleStep, settleSteps } from './settle-steps.ts'

const program = new URL('./dying-consumer.ts', import.meta.url).pathname

/** Resolves when it has been killed by itself. */
async function dyingConsumer(site: Site, queues: QueueKind, step: string): Promise<void> {
  const url = site.carrier.url(site.virtualHost)
  const { NODE_TEST_CONTEXT, ...env } = process.env
  const child = spawn(process.execPath, [program, url, site.ledgerFile, queues, step], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
    timeout: 40_000,
    killSignal: 'SIGTERM',
  })
  const [, signal] = await once(child, 'exit')
  assert.equal(signal, 'SIGKILL', `the consumer did not come to the step "${step}"`)
}

async function tryIt(site: Site, queues: QueueKind, step: SettleStep): Promise<void> {
  const producer = await site.engine({ queues, name: 'shop' })
  const meta = { callbacks: [{ name: 'done' }] }
  const { id } = await producer.engine.publish(messageOf(producer, 'work', { meta }))
  const told: string[] = []
  producer.engine.whenFinal(id, (outcome) => told.push(text(outcome.body)))
  await dyingConsumer(site, queues, step.name)

  const second = await site.engine({ queues })
  const worked = answering(second, 'work')
  const called = calledBy(second)
  const outcome = step.isKnown ? 'first' : 'done'
  assert.equal(text((await outcomeOf(producer, id)).body), outcome)
  await until(() => called.length >= step.called, 'the callback')
  await until(async () => (await waiting(site)) === 0, 'the queue to be empty')
  assert.deepEqual(told, [outcome])
  assert.deepEqual(
    worked.map(({ message, attempt }) => [message.id, attempt]),
    step.isKnown ? [] : [[id, 2]],
  )
  assert.deepEqual(
    called.map(({ message }) => text(decodeHomecoming(message.body).outcome.body)),
    Array.from({ length: step.called }, () => outcome),
  )
  assert.equal(new Set(called.map(({ message }) => message.id)).size, 1)
  assert.deepEqual(await producer.state.ledger.unsent(10), [])
}

/** What the callback is told, each time: it acknowledges, as callbacks do. */
function calledBy({ engine }: OpenedEngine): Delivery[] {
  const called: Delivery[] = []
  const deliver = (delivery: Delivery): void => {
    called.push(delivery)
    engine.settle(delivery, { kind: 'acknowledge' }).catch(() => undefined)
  }
  engine.subscribe(callbackQueue('done'), { prefetch: 10 }, { deliver, revoke: () => undefined })
  return called
}

const waiting = async (site: Site): Promise<number> =>
  (await site.channel.checkQueue('work')).messageCount

describe('a consumer killed over RabbitMQ', { skip: lackingRabbitmq() }, () => {
  let carrier: Carrier
  before(async () => {
    carrier = await startCarrier()
  })
  after(() => carrier.rabbitmq.stop())
  for (const queues of ['quorum', 'classic'] as const) {
    for (const step of settleSteps) {
      test(`leaves one outcome ${step.left} (${queues})`, async () => {
        const site = await Site.open(carrier)
        try {
          await tryIt(site, queues, step)
        } finally {
          await site.close()
        }
      })
    }
  }
})
