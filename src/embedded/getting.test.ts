import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeProperties } from '../amqp/protocol/properties.ts'
import { systemClock } from '../clock.ts'
import { PlainMessage } from '../message/plain-message.ts'
import { openBroker } from './broker.ts'
import { engineOptions } from './engine-options.ts'
import { memoryDisk } from './journal/memory-disk.ts'
import { openMemoryLedger } from './ledger/memory-ledger.ts'
import type { HeldDelivery } from './live-queue.ts'

/** A queue with these messages in it, on record. */
async function openWith(...bodies: string[]) {
  const settings = engineOptions({ onProblem: (text) => assert.fail(text) })
  const ledger = openMemoryLedger({ retention: settings.retention })
  const broker = await openBroker({ disk: memoryDisk(), clock: systemClock, ledger }, settings)
  const { door } = broker
  const live = door.declareQueue('work', {})
  for (const body of bodies) {
    const properties = encodeProperties({ deliveryMode: 2 })
    door.publish(new PlainMessage('', 'work', properties, Buffer.from(body)), [live], true)
  }
  await new Promise<void>((resolve) => door.whenDurable(() => resolve()))
  return { broker, door, live }
}

const text = (delivery: HeldDelivery | undefined): string => String(delivery?.message.body)

test('what was asked for when its queue was deleted is handed over once, and counted nowhere', async () => {
  const { broker, door, live } = await openWith('1', '2')
  const got = door.get(live, true)
  assert.equal(await door.deleteQueue(live), 1)
  assert.equal(text(await got), '1')
  assert.deepEqual([live.queue.waiting, live.queue.unsettled], [0, 0])
  assert.equal(await door.get(live, true), undefined)
  await broker.close()
})

test('a purge leaves what was asked for before it', async () => {
  const { broker, door, live } = await openWith('1', '2')
  const got = door.get(live, false)
  assert.equal(await door.purge(live), 1)
  assert.equal(text(await got), '1')
  await broker.close()
})
