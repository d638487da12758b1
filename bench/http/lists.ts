/*
 * What pages ask, of a server with many queues and many messages: each list by itself, one request after
 * the other, as a page does.
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { percentile } from '../statistics.ts'
import { Connections, type Target } from './connections.ts'

export interface HttpListsSettings extends Target {
  readonly queues: number
  readonly messages: number
  /** Requests of each list. */
  readonly rounds: number
}

export interface ListTimes {
  readonly path: string
  readonly p50Ms: number
  readonly p99Ms: number
}

const batchSize = 2_000
const purgedCount = 50_000
const expiredCount = 10_000
const delayedCount = 10_000

const queueName = (n: number): string => `orders-${n}`
const placeOf = (queue: string): string => `/api/queues/%2F/${queue}`

export async function runHttpLists(settings: HttpListsSettings): Promise<readonly ListTimes[]> {
  const connections = new Connections(settings, 8)
  await fill(connections, settings)
  const times: ListTimes[] = []
  for (const path of await paths(connections)) {
    times.push(await timesOf(connections, path, settings.rounds))
  }
  connections.close()
  return times
}

async function fill(connections: Connections, settings: HttpListsSettings): Promise<void> {
  const { queues, messages } = settings
  const perQueue = Math.ceil(messages / queues)
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < queues) await send(connections, queueName(next++), perQueue)
  }
  await Promise.all(Array.from({ length: 4 }, lane))
  await send(connections, 'purged', purgedCount)
  await connections.ask({ method: 'DELETE', path: `${placeOf('purged')}/messages` })
  await send(connections, 'delayed', delayedCount, { delay: '1h' })
  await send(connections, 'expired', expiredCount, { within: 1 })
  while (!(await haveDied(connections))) await sleep(200)
}

async function send(
  connections: Connections,
  queue: string,
  count: number,
  settings: object = {},
): Promise<void> {
  for (let left = count; left > 0; left -= batchSize) {
    const line = JSON.stringify({ body: { order: left, note: 'x'.repeat(74) }, ...settings })
    const body = `${line}\n`.repeat(Math.min(left, batchSize))
    await connections.ask({ method: 'POST', path: `${placeOf(queue)}/batch`, body })
  }
}

async function haveDied(connections: Connections): Promise<boolean> {
  const asked = await connections.ask({ method: 'GET', path: '/api/dead-letters?queue=expired' })
  return (JSON.parse(asked) as { readonly total: number }).total >= expiredCount
}

async function paths(connections: Connections): Promise<readonly string[]> {
  const ask = async (path: string): Promise<unknown> =>
    JSON.parse(await connections.ask({ method: 'GET', path }))
  const { deadLetters } = (await ask('/api/dead-letters?limit=1')) as {
    readonly deadLetters: readonly { readonly id: string }[]
  }
  const queue = placeOf(queueName(7))
  const { messages } = (await ask(`${queue}/messages?limit=1`)) as {
    readonly messages: readonly { readonly id: string; readonly position: number }[]
  }
  return [
    '/api/figures?range=24h',
    '/api/figures/queues',
    `${queue}/figures`,
    `${queue}/messages`,
    `${queue}/messages/${messages[0]?.position}`,
    `/api/messages/${messages[0]?.id}`,
    `/api/messages/${deadLetters[0]?.id}`,
    '/api/outcomes',
    '/api/outcomes?queue=purged',
    '/api/outcomes?code=expired',
    '/api/outcomes?idPrefix=0',
    '/api/failures',
    '/api/dead-letters',
    `/api/dead-letters/${deadLetters[0]?.id}`,
    '/api/callbacks',
    '/api/not-home',
    '/api/delayed',
    '/api/schedules',
  ]
}

async function timesOf(connections: Connections, path: string, rounds: number): Promise<ListTimes> {
  const times = new Float64Array(rounds)
  // The first one is what the first visitor of a page has: it counts.
  for (let n = 0; n < rounds; n++) {
    const began = performance.now()
    await connections.ask({ method: 'GET', path })
    times[n] = performance.now() - began
  }
  const sorted = times.toSorted()
  return { path, p50Ms: percentile(sorted, 0.5), p99Ms: percentile(sorted, 0.99) }
}
