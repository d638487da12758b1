import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Broker } from '../../src/embedded/broker.ts'
import { openSimulatedEngine } from '../../src/testing/simulated-engine.ts'
import { messageOf } from '../embedded/engine-trial.ts'

const durable = (broker: Broker): Promise<void> =>
  new Promise((resolve, reject) => {
    broker.door.whenDurable((error) => (error ? reject(error) : resolve()))
  })

test('a queue that was being deleted when the machine stopped, its name taken anew, is ended at the next start', async () => {
  const machine = await openSimulatedEngine({ indexBytes: 0 })
  const broker = machine.engine as Broker
  const live = broker.door.declareQueue('work', {})
  // Deep enough that its index is on disk: deleting it takes reads, and with them time.
  for (let n = 0; n < 9_000; n++) {
    await broker.door.publishTracked(messageOf('work', `m-${n}`), live)
    if (n % 500 === 0) await machine.clock.until(durable(broker))
  }
  await machine.clock.until(durable(broker))
  await machine.clock.settle()
  const deleted = broker.door.deleteQueue(live)
  assert.ok(deleted instanceof Promise)
  deleted.catch(() => undefined)
  broker.door.declareQueue('work', {})
  await machine.clock.until(durable(broker))
  const restarted = await machine.crash('kill')
  const after = restarted.engine as Broker
  const outcome = new Promise<string>((resolve) => {
    after.whenFinal('m-8999', ({ code }) => resolve(code))
  })
  assert.equal(await restarted.clock.until(outcome), 'canceled')
  assert.equal(after.door.queue('work')?.queue.size, 0)
  await restarted.clock.until(after.close())
})
