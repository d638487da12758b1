/*
 * One persistent message of 100 bytes to a durable queue, its confirm awaited, then the next: what a
 * careful publisher waits for each time. With a consumer the broker may deliver, and be acknowledged,
 * before it has written anything.
 */

import { Buffer } from 'node:buffer'
import { closedLoop, type Load, type LoadResult } from '../client/closed-loop.ts'
import { Consumer } from './consumer.ts'
import { withUse } from './measured-use.ts'
import { method, methodIds, publishFrames, shortString, table, u16 } from './octets.ts'
import { Wire } from './wire.ts'

export interface SingleConfirmsSettings {
  readonly port: number
  readonly pid: number
  readonly load: Load
  readonly consumer: boolean
}

const queue = 'bench-confirms'

export async function runSingleConfirms(settings: SingleConfirmsSettings): Promise<LoadResult> {
  const { port, pid, load } = settings
  const wire = await Wire.open(port)
  const name = shortString(queue)
  const declare = method(1, methodIds.queueDeclare, u16(0), name, Buffer.of(2), table({}))
  await wire.call(declare, methodIds.queueDeclareOk)
  await wire.call(method(1, methodIds.confirmSelect, Buffer.of(0)), methodIds.confirmSelectOk)
  const consuming = settings.consumer ? await startConsumer(port) : undefined
  const body = Buffer.alloc(100, 'homing ')
  const frames = publishFrames(1, { exchange: '', routingKey: queue, persistent: true, body })
  let confirmed: () => void = () => undefined
  wire.onMethod = (id) => {
    if (id === methodIds.ack) confirmed()
    else throw new Error(`method ${id.toString(16)} came instead of a confirm`)
  }
  const trip = (): Promise<void> =>
    new Promise((resolve) => {
      confirmed = resolve
      wire.write(frames)
    })
  const result = await withUse([pid], load, () => closedLoop(load, trip))
  await consuming?.close()
  const remove = method(1, methodIds.queueDelete, u16(0), name, Buffer.of(0))
  await wire.call(remove, methodIds.queueDeleteOk)
  await wire.close()
  return result
}

async function startConsumer(port: number): Promise<Wire> {
  const wire = await Wire.open(port)
  const consumer = new Consumer(wire, { queues: [queue], ackEvery: 1, prefetch: 100 })
  wire.onRead = () => consumer.flush()
  await consumer.start()
  return wire
}
