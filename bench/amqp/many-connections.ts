/*
 * A thousand connections with one channel each that publish now and then, and one consumer: what a
 * broker spends on a crowd in which nobody is in a hurry.
 *
 * The publishes are spread evenly: every few milliseconds a few connections are due, in turn.
 */

import { Buffer } from 'node:buffer'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Load, LoadResult } from '../client/closed-loop.ts'
import { memoryNow } from '../machine.ts'
import { percentile } from '../statistics.ts'
import { Consumer } from './consumer.ts'
import { withUse } from './measured-use.ts'
import { method, methodIds, publishFrames, shortString, table, u16 } from './octets.ts'
import { Wire } from './wire.ts'

export interface ManyConnectionsSettings {
  readonly port: number
  readonly pid: number
  readonly load: Load
  readonly connections: number
  /** Of all connections together. */
  readonly publishesPerSecond: number
}

const queue = 'bench-crowd'
const openedAtOnce = 20
const turnMs = 5
const small = { frameBytesMax: 8_192, readBytes: 1_024 }

export async function runManyConnections(settings: ManyConnectionsSettings): Promise<LoadResult> {
  const { port, pid, load } = settings
  const consuming = await Wire.open(port)
  const name = shortString(queue)
  const declare = method(1, methodIds.queueDeclare, u16(0), name, Buffer.of(2), table({}))
  await consuming.call(declare, methodIds.queueDeclareOk)
  const consumer = new Consumer(consuming, { queues: [queue], ackEvery: 0, prefetch: 0 })
  await consumer.start()
  const wires = await openAll(port, settings.connections)
  const crowd = new Crowd(wires, settings.publishesPerSecond / (1_000 / turnMs))
  consumer.onFirstChannel = (n) => crowd.arrived(n)
  const result = await withUse([pid], load, () => crowd.run(load))
  await Promise.all(wires.map((wire) => wire.close()))
  const remove = method(1, methodIds.queueDelete, u16(0), name, Buffer.of(0))
  await consuming.call(remove, methodIds.queueDeleteOk)
  await consuming.close()
  return result
}

async function openAll(port: number, count: number): Promise<Wire[]> {
  const wires: Wire[] = []
  while (wires.length < count) {
    const some = Math.min(openedAtOnce, count - wires.length)
    const opening = Array.from({ length: some }, () => Wire.open(port, 1, small))
    wires.push(...(await Promise.all(opening)))
  }
  return wires
}

class Crowd {
  readonly #wires: readonly Wire[]
  readonly #perTurn: number
  readonly #frames = publishFrames(1, {
    exchange: '',
    routingKey: queue,
    persistent: false,
    body: Buffer.alloc(100, 'homing '),
  })
  readonly #sentAt: number[] = []
  readonly #latencies: number[] = []
  #measuring = false

  constructor(wires: readonly Wire[], perTurn: number) {
    this.#wires = wires
    this.#perTurn = perTurn
  }

  /** Messages of different connections may overtake each other by a little, which is let be. */
  arrived(n: number): void {
    if (this.#measuring) this.#latencies.push(performance.now() - (this.#sentAt[n] as number))
  }

  async run(load: Load): Promise<LoadResult> {
    const began = performance.now()
    for (;;) {
      const elapsed = performance.now() - began
      this.#measuring = elapsed >= load.warmUpMs && elapsed < load.warmUpMs + load.measureMs
      if (elapsed >= load.warmUpMs + load.measureMs) break
      this.#publishDue(elapsed)
      await sleep(turnMs)
    }
    const sorted = Float64Array.from(this.#latencies).toSorted()
    return {
      trips: sorted.length,
      perSecond: sorted.length / (load.measureMs / 1_000),
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      peakBytes: memoryNow().peakBytes,
    }
  }

  #publishDue(elapsedMs: number): void {
    const due = Math.floor((elapsedMs / turnMs) * this.#perTurn)
    while (this.#sentAt.length < due) {
      this.#wires[this.#sentAt.length % this.#wires.length]?.write(this.#frames)
      this.#sentAt.push(performance.now())
    }
  }
}
