/*
 * A flow of messages through a broker: one publisher, consumers, and as many messages under way as
 * the flow allows. The measured rate is that of deliveries.
 *
 *   ├ set up ┤ warm-up ├──── measured ────┤ drain ┤ clean up
 *
 * Rule: at the end everything published must have been delivered, and confirmed where confirms were
 * asked for, or the run fails: a broker that loses messages is not quick.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Load, LoadResult } from '../client/closed-loop.ts'
import { memoryNow } from '../machine.ts'
import { percentile } from '../statistics.ts'
import { Consumer } from './consumer.ts'
import { gather } from './gather.ts'
import { residentAfter } from './measured-use.ts'
import { processTree, processUse } from './process-use.ts'
import { Publisher } from './publisher.ts'
import {
  declareTopology,
  type Flow,
  removeTopology,
  type Topology,
  topologyOf,
} from './topology.ts'
import { Wire } from './wire.ts'

export interface FlowSettings {
  readonly port: number
  /** The broker's process, to read what it takes. */
  readonly pid: number
  readonly flow: Flow
  readonly load: Load
}

const latencyEvery = 64
const drainMsMax = 60_000
/** A backlog beyond this says that the consumer does not keep up, and is not let grow. */
const backlogMax = 20_000

export async function runFlow(settings: FlowSettings): Promise<LoadResult> {
  const run = new FlowRun(settings)
  await run.start()
  const result = await run.measure()
  await run.end()
  const residentBytes = await residentAfter([settings.pid])
  return { ...result, server: { cpuUsPerTrip: result.server?.cpuUsPerTrip ?? 0, residentBytes } }
}

interface Moment {
  readonly atMs: number
  readonly delivered: number
  readonly clientCpuUs: number
  readonly serverCpuUs: number
}

class FlowRun {
  readonly #settings: FlowSettings
  readonly #topology: Topology
  readonly #pids: readonly number[]
  readonly #consumers: Consumer[] = []
  readonly #wires: Wire[] = []
  readonly #latencies: number[] = []
  #publisher!: Publisher
  #publishing = true
  #measuring = false
  #told: () => void = () => undefined

  constructor(settings: FlowSettings) {
    this.#settings = settings
    this.#topology = topologyOf(settings.flow)
    this.#pids = processTree(settings.pid)
  }

  async start(): Promise<void> {
    const { port, flow } = this.#settings
    const topology = this.#topology
    const publishing = await this.#open(port, 1)
    await removeTopology(publishing, topology)
    await declareTopology(publishing, topology, flow)
    this.#publisher = new Publisher(publishing, {
      cycle: topology.cycle,
      messageBytes: topology.messageBytes,
      confirms: flow.confirms,
      sampleEvery: latencyEvery * topology.publishesPerDelivery,
    })
    await this.#publisher.start()
    publishing.onRead = () => this.#turn()
    publishing.onDrain(() => {
      this.#publisher.blocked = false
      this.#turn()
    })
    const each = Math.ceil(flow.queues / flow.consumerConnections)
    for (let first = 0; first < flow.queues; first += each)
      await this.#startConsumer(topology.queues.slice(first, first + each), first === 0)
  }

  async #open(port: number, channels: number): Promise<Wire> {
    const wire = await Wire.open(port, channels)
    this.#wires.push(wire)
    return wire
  }

  async #startConsumer(queues: readonly string[], first: boolean): Promise<void> {
    const { port, flow } = this.#settings
    const wire = await this.#open(port, queues.length)
    wire.expectedBody = this.#topology.body
    const consumer = new Consumer(wire, { queues, ackEvery: flow.ackEvery, prefetch: 0 })
    if (first) consumer.onFirstChannel = (n) => this.#noteLatency(n)
    wire.onRead = (bytesRead) => {
      consumer.flush()
      this.#turn()
      gather(bytesRead)
    }
    this.#consumers.push(consumer)
    await consumer.start()
  }

  async measure(): Promise<LoadResult> {
    const { warmUpMs, measureMs } = this.#settings.load
    this.#turn()
    await sleep(warmUpMs)
    const from = this.#now()
    this.#measuring = true
    await sleep(measureMs)
    const to = this.#now()
    this.#measuring = false
    const trips = to.delivered - from.delivered
    const sorted = Float64Array.from(this.#latencies).toSorted()
    return {
      trips,
      perSecond: trips / ((to.atMs - from.atMs) / 1_000),
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      peakBytes: memoryNow().peakBytes,
      clientCpuUsPerTrip: (to.clientCpuUs - from.clientCpuUs) / trips,
      server: { cpuUsPerTrip: (to.serverCpuUs - from.serverCpuUs) / trips, residentBytes: 0 },
    }
  }

  #now(): Moment {
    const { user, system } = process.cpuUsage()
    return {
      atMs: performance.now(),
      delivered: this.#delivered(),
      clientCpuUs: user + system,
      serverCpuUs: processUse(this.#pids).cpuUs,
    }
  }

  #delivered(): number {
    let sum = 0
    for (const consumer of this.#consumers) sum += consumer.delivered
    return sum
  }

  #noteLatency(n: number): void {
    if (!this.#measuring || n % latencyEvery !== 0) return
    this.#latencies.push(performance.now() - this.#publisher.sentAt(n / latencyEvery))
  }

  /** Publishes what there is room for, in bursts: many small writes would measure the client. */
  #turn(): void {
    const publisher = this.#publisher
    const { confirms, outstanding } = this.#settings.flow
    const { published, confirmed } = publisher
    const backlog = published - this.#delivered() / this.#topology.copies
    if (!this.#publishing) {
      if (backlog === 0 && (!confirms || confirmed === published)) this.#told()
      return
    }
    const room = confirms
      ? Math.min(outstanding - (published - confirmed), backlogMax - backlog)
      : outstanding - backlog
    if (room < outstanding / 16 || publisher.blocked) return
    publisher.publish(Math.floor(room), performance.now())
  }

  async end(): Promise<void> {
    this.#publishing = false
    const drained = new Promise<void>((resolve) => {
      this.#told = resolve
    })
    this.#turn()
    const late = setTimeout(() => {
      throw new Error(this.#whatIsMissing())
    }, drainMsMax)
    await drained
    clearTimeout(late)
    for (const consumer of this.#consumers) consumer.finish()
    this.#checkBodies()
    for (const wire of this.#wires.slice(1)) await wire.close()
    const [publishing] = this.#wires
    if (publishing === undefined) return
    await removeTopology(publishing, this.#topology)
    await publishing.close()
  }

  #checkBodies(): void {
    const bytes = this.#wires.reduce((sum, wire) => sum + wire.bodyBytes, 0)
    const expected = this.#delivered() * this.#settings.flow.bodyBytes
    if (bytes !== expected) throw new Error(`${bytes} bytes of bodies came, not ${expected}`)
  }

  #whatIsMissing(): string {
    const { published, confirmed } = this.#publisher
    return `${published} published, ${confirmed} confirmed, ${this.#delivered()} delivered, and no more came`
  }
}
