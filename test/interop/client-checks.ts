/*
 * What every client is tested for, and the test that runs a client's program and reads its lines.
 *
 * A check's details are asserted here, so that a program cannot pass by printing its name.
 */

import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { type InteropBroker, lackingBroker, startBroker } from './broker.ts'
import { ClientProgram, type ProgramCommand } from './client-program.ts'

interface Check {
  /** Follows the client's name in the test's title. */
  readonly title: string
  readonly details: Readonly<Record<string, unknown>>
}

const checks = {
  confirms: {
    title: 'every persistent message is confirmed',
    details: { confirmed: 100, ready: 100 },
  },
  properties: {
    title: 'properties and headers arrive as they were sent',
    details: { equal: true },
  },
  bodies: {
    title: 'empty bodies and bodies of many frames arrive whole',
    details: { bytes: [0, 1, 131_064, 131_065, 1_000_000] },
  },
  prefetch: {
    title: 'a consumer holds no more than its prefetch',
    details: { held: 2, left: 3, received: 5 },
  },
  returned: {
    title: 'a mandatory message without a queue comes back and is confirmed',
    details: { code: 312, text: 'NO_ROUTE' },
  },
  routing: {
    title: 'topics, fanout and headers choose the queues',
    details: { topic: 2, fanout: 1, headers: 1 },
  },
  'dead-letter': {
    title: 'a rejected message and an expired one arrive at the dead-letter queue',
    details: { reasons: ['rejected', 'expired'] },
  },
  rpc: {
    title: 'a request gets its reply',
    details: { reply: 42 },
  },
  transaction: {
    title: 'what a transaction holds is there after its commit, and not after its rollback',
    details: { committed: 1 },
  },
  'channel-error': {
    title: 'an error closes one channel, the connection carries on',
    details: { code: 404, carriedOn: true },
  },
  'connection-cut': {
    title: 'after its connection was cut it connects again and gets what it held',
    details: { redelivered: true, confirmed: true },
  },
  'broker-restart': {
    title: 'after a restart of the broker it connects again and finds its messages',
    details: { found: 3 },
  },
  // Of programs for the shell:
  'get-once': {
    title: 'a message published from the shell is got with its bytes',
    details: { ready: 1, body: 'hello from the shell' },
  },
  'consume-lines': {
    title: 'each line becomes a message, and a program is run for each message',
    details: { lines: ['one', 'two', 'three'] },
  },
  // Of Celery:
  task: { title: 'a task gives its result', details: { result: 42 } },
  'task-error': { title: 'a task that throws gives its error', details: { error: 'ValueError' } },
  'task-retry': { title: 'a task is tried again', details: { attempts: 3 } },
  'task-group': { title: 'a group of tasks gives all results', details: { results: [1, 4, 9] } },
  'task-later': { title: 'a task with a countdown runs', details: { result: 'later' } },
  'worker-control': { title: 'workers answer a ping to all', details: { pong: true } },
  'connection-cut-of-both': {
    title: 'after the connections of client and worker were cut tasks give results',
    details: { results: 1 },
  },
  'broker-restart-of-both': {
    title: 'after a restart of the broker tasks give results',
    details: { results: 1 },
  },
} as const satisfies Readonly<Record<string, Check>>

export type CheckName = keyof typeof checks

export const everyClient: readonly CheckName[] = [
  'confirms',
  'properties',
  'bodies',
  'prefetch',
  'returned',
  'routing',
  'dead-letter',
  'rpc',
  'channel-error',
  'connection-cut',
  'broker-restart',
]

/** For clients that have transactions, too. */
export const withTransaction: readonly CheckName[] = everyClient.toSpliced(8, 0, 'transaction')

export interface Client {
  readonly name: string
  /** Why it cannot run on this machine, or false. */
  readonly lacking: string | false
  readonly program: () => Promise<ProgramCommand> | ProgramCommand
  /** In the order in which the program prints them. */
  readonly checks: readonly CheckName[]
}

/** One broker for the clients of a file, started when the first of them needs it. */
export class SharedBroker {
  readonly #start: () => Promise<InteropBroker>
  #broker: Promise<InteropBroker> | undefined

  constructor(start: () => Promise<InteropBroker> = startBroker) {
    this.#start = start
    after(async () => (await this.#broker)?.stop())
  }

  get started(): Promise<InteropBroker> {
    this.#broker ??= this.#start()
    return this.#broker
  }
}

/** One test for each check, and one for the program's end. */
export function testClient(client: Client, broker = new SharedBroker()): void {
  const skip = client.lacking || lackingBroker()
  let program: ClientProgram | undefined
  let failed = false
  after(() => program?.kill())
  for (const name of client.checks) {
    const { title, details } = checks[name]
    test(`${client.name}: ${title}`, { skip }, async () => {
      assert.ok(!failed, 'an earlier check of this client failed')
      failed = true
      program ??= new ClientProgram(await broker.started, await client.program())
      const line = await program.next()
      if (line === undefined) assert.fail(`the program ended: ${await program.end()}`)
      assert.deepEqual(line, { check: name, ...details })
      failed = false
    })
  }
  test(`${client.name}: the program ends by itself, with nothing left open`, { skip }, async () => {
    assert.ok(program && !failed, 'an earlier check of this client failed')
    const line = await program.next()
    assert.equal(line, undefined)
    const end = await program.end()
    assert.ok(program.succeeded, end)
  })
}
