/*
 * The same calls to Homing and to RabbitMQ's management API: the same statuses, and in what both tell the
 * same values.
 */

import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { lackingRabbitmq, startRabbitmq } from '../amqp/rabbitmq.ts'
import { httpTestServer } from './http-server.ts'
import { membersLeftOut } from './management-differences.ts'
import { type RabbitmqCall, rabbitmqCalls } from './rabbitmq-calls.ts'

/** What is of this server or this moment. */
const ofTheMoment =
  /^(?:node|cluster_state|message_stats|.*_details|description|metadata|ports|protocols)$/
/** Counted late by RabbitMQ, who did it, and its own way to name a binding with arguments. */
const otherwise: readonly string[] = [
  ...['user_who_performed_action', 'messages', 'messages_ready', 'messages_unacknowledged'],
  ...['homing', 'policy', 'rabbit_version', 'default_queue_type'],
]
const leftOut: ReadonlySet<string> = new Set([...membersLeftOut, ...otherwise])

interface Answered {
  readonly status: number
  readonly json: unknown
  readonly text: string
}

async function answerOf(url: string, login: string, call: RabbitmqCall): Promise<Answered> {
  const response = await fetch(`${url}/api${call.path}`, {
    method: call.method,
    headers: {
      authorization: `Basic ${Buffer.from(login).toString('base64')}`,
      'content-type': 'application/json',
    },
    ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
  })
  const text = await response.text()
  const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== ''
  return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined }
}

/** What is compared of an answer: lists in one order, without what differs by intent. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) {
    const rows = value.map(comparable)
    return rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value)
    .filter(([name]) => !ofTheMoment.test(name) && !leftOut.has(name))
    // No properties are an empty list there.
    .map(([name, inner]): [string, unknown] =>
      name === 'properties' && Array.isArray(inner) ? [name, {}] : [name, comparable(inner)],
    )
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Lists of everything there is, whoever made it. */
const isOfOthers = ({ path }: RabbitmqCall): boolean => path === '/whoami' || path === '/vhosts'

test('tools for RabbitMQ get from Homing what RabbitMQ gives them', {
  skip: lackingRabbitmq(),
}, async () => {
  const port = await freePort()
  await using rabbitmq = await startRabbitmq({
    plugins: ['rabbitmq_management'],
    config: [`management.tcp.port = ${port}`, 'management.tcp.ip = 127.0.0.1'],
  })
  await using server = await httpTestServer()
  const theirs = `http://127.0.0.1:${port}`
  await untilAnswering(theirs, rabbitmq.pid)
  const wrong: object[] = []
  for (const call of rabbitmqCalls) {
    const { method, path, ourStatus } = call
    const [a, b] = await Promise.all([
      answerOf(theirs, 'guest:guest', call),
      answerOf(server.url, `admin:${server.adminPassword}`, call),
    ])
    const expected = ourStatus ?? a.status
    if (b.status !== expected) wrong.push({ method, path, theirs: a.text, ours: b.text })
    if (ourStatus !== undefined) assert.notEqual(a.status, ourStatus, `${path} differs no more`)
    if (Math.max(a.status, expected) >= 300 || isOfOthers(call)) continue
    try {
      assert.deepEqual(comparable(b.json), comparable(a.json))
    } catch (error) {
      wrong.push({ method, path, why: (error as Error).message })
    }
  }
  assert.deepEqual(wrong, [])
})

/** The broker greets clients before its management API answers. */
async function untilAnswering(url: string, pid: number): Promise<void> {
  const deadline = Date.now() + 30_000
  while (Date.now() < deadline) {
    const answer = await fetch(`${url}/api/whoami`).catch(() => undefined)
    if (answer?.status === 401) return
    await after(50)
  }
  throw new Error(`the management API of process ${pid} did not get ready`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
