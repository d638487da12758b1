/*
 * Exchanges, queues and bindings of a flow, and the publishes that go through them.
 *
 *   queue    default exchange ─▶ one queue
 *   fanout   one exchange ─▶ every queue
 *   topic    1,000 bindings over the queues; each publish fits exactly one of them
 */

import { Buffer } from 'node:buffer'
import { method, methodIds, publishFrames, shortString, table, u16 } from './octets.ts'
import type { Wire } from './wire.ts'

export interface Flow {
  readonly kind: 'queue' | 'fanout' | 'topic'
  readonly queues: number
  readonly bodyBytes: number
  /** Durable queues and persistent messages. */
  readonly durable: boolean
  readonly confirms: boolean
  /** Published and not yet confirmed, or without confirms not yet delivered. */
  readonly outstanding: number
  /** Acknowledged that many at once; 0 for no acknowledgement. */
  readonly ackEvery: number
  readonly consumerConnections: number
  /** Of the queue, such as its version. */
  readonly queueArguments: Readonly<Record<string, string | number>>
}

export interface Topology {
  readonly exchange: string
  readonly queues: readonly string[]
  readonly bindings: readonly { readonly queue: string; readonly key: string }[]
  readonly body: Buffer
  readonly cycle: Buffer
  readonly messageBytes: number
  /** Deliveries of one publish. */
  readonly copies: number
  /** Publishes until the first queue gets one again. */
  readonly publishesPerDelivery: number
}

const topicBindings = 1_000
const cycleBytes = 128 * 1024

export function topologyOf(flow: Flow): Topology {
  const queues = Array.from({ length: flow.queues }, (_, n) => `bench-${flow.kind}-${n}`)
  const body = Buffer.alloc(flow.bodyBytes, 'homing ')
  const exchange = flow.kind === 'queue' ? '' : `bench-${flow.kind}`
  const publishes = routingKeysOf(flow, queues).map((routingKey) =>
    publishFrames(1, { exchange, routingKey, persistent: flow.durable, body }),
  )
  const messageBytes = publishes[0]?.length ?? 0
  const repeats = Math.max(1, Math.floor(cycleBytes / (messageBytes * publishes.length)))
  return {
    exchange,
    queues,
    bindings: bindingsOf(flow, queues),
    body,
    cycle: Buffer.concat(Array.from({ length: repeats }, () => publishes).flat()),
    messageBytes,
    copies: flow.kind === 'fanout' ? flow.queues : 1,
    publishesPerDelivery: flow.kind === 'topic' ? flow.queues : 1,
  }
}

/** All of one length, so that publishes are. */
const topicWord = (n: number): string => String(n).padStart(4, '0')

function routingKeysOf(flow: Flow, queues: readonly string[]): readonly string[] {
  if (flow.kind === 'topic')
    return Array.from({ length: topicBindings }, (_, n) => `plant.${topicWord(n)}.reading.fresh`)
  return [queues[0] ?? '']
}

function bindingsOf(flow: Flow, queues: readonly string[]): Topology['bindings'] {
  if (flow.kind === 'queue') return []
  if (flow.kind === 'fanout') return queues.map((queue) => ({ queue, key: '' }))
  // Half with a star, half with a hash: both are in use.
  return Array.from({ length: topicBindings }, (_, n) => ({
    queue: queues[n % queues.length] ?? '',
    key: `plant.${topicWord(n)}.${n % 4 < 2 ? '*.fresh' : 'reading.#'}`,
  }))
}

export async function declareTopology(wire: Wire, topology: Topology, flow: Flow): Promise<void> {
  if (flow.kind !== 'queue') {
    const words = [shortString(topology.exchange), shortString(flow.kind)]
    const frame = method(1, methodIds.exchangeDeclare, u16(0), ...words, Buffer.of(0), table({}))
    await wire.call(frame, methodIds.exchangeDeclareOk)
  }
  for (const queue of topology.queues) {
    const words = [shortString(queue), Buffer.of(flow.durable ? 2 : 0)]
    const args = table(flow.queueArguments)
    const frame = method(1, methodIds.queueDeclare, u16(0), ...words, args)
    await wire.call(frame, methodIds.queueDeclareOk)
  }
  for (const { queue, key } of topology.bindings) {
    const words = [queue, topology.exchange, key].map(shortString)
    const frame = method(1, methodIds.queueBind, u16(0), ...words, Buffer.of(0), table({}))
    await wire.call(frame, methodIds.queueBindOk)
  }
}

/** Deleting what is not there is no error. */
export async function removeTopology(wire: Wire, topology: Topology): Promise<void> {
  for (const queue of topology.queues)
    await wire.call(
      method(1, methodIds.queueDelete, u16(0), shortString(queue), Buffer.of(0)),
      methodIds.queueDeleteOk,
    )
  if (topology.exchange === '') return
  await wire.call(
    method(1, methodIds.exchangeDelete, u16(0), shortString(topology.exchange), Buffer.of(0)),
    methodIds.exchangeDeleteOk,
  )
}
