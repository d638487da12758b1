/*
 * The brokers that are measured, each a process of its own on 127.0.0.1 with a fresh directory:
 * Homing as `homing serve`, RabbitMQ as a private node, and the bare loop that shows what the machine
 * can do.
 */

import { connect } from 'node:net'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { builtCommand, builtProgram } from '../built.ts'
import { rabbitAptLine, startRabbit } from '../server/rabbitmq.ts'
import { freePort, type ServerProcess, startServer } from '../server/server-process.ts'

export const brokerNames = {
  homing: 'Homing',
  rabbitmq: 'RabbitMQ',
  bare: 'bare loop',
} as const

export interface Broker {
  readonly name: string
  readonly port: number
  readonly pid: number
  /** Which version, and what has happened to a confirmed message. */
  readonly durability: string
  stop(): Promise<void>
}

export interface Brokers {
  readonly running: readonly Broker[]
  /** One line for each that is not installed. */
  readonly missing: readonly string[]
}

export interface Wanted {
  readonly scenario: string
  /** What is promised of the messages, which is said beside the numbers. */
  readonly messages: keyof typeof promises
  readonly bareLoop: boolean
}

const promises = {
  transient: { homing: 'transient messages', rabbitmq: 'classic queues, transient messages' },
  confirmed: {
    homing: 'written and synced in groups before the confirm',
    rabbitmq:
      'classic queue version 1: synced in groups before the confirm, or acknowledged before it came to that',
  },
  'requests and replies': {
    homing: 'direct: transient; durable queue: a reply is on disk before its requester sees it',
    rabbitmq:
      'direct: transient; durable queue: persistent messages without confirms, handed on before they are synced',
  },
} as const

/** Starts the brokers, and stops them when the work is done, however it ends. */
export async function withBrokers<T>(
  bench: Bench,
  wanted: Wanted,
  work: (brokers: Brokers) => Promise<T>,
): Promise<T> {
  const running: Broker[] = []
  const missing: string[] = []
  try {
    running.push(await startHoming(bench, wanted))
    const rabbit = bench.options.noPeers ? undefined : await startRabbitBroker(bench, wanted)
    if (rabbit !== undefined) running.push(rabbit)
    else if (bench.options.noPeers) missing.push('peers left out by --no-peers')
    else missing.push(`RabbitMQ: rabbitmq-server is not installed; ${rabbitAptLine}`)
    if (wanted.bareLoop) running.push(await startBare(bench))
    return await work({ running, missing })
  } finally {
    for (const broker of running.toReversed()) await broker.stop()
  }
}

async function startHoming(bench: Bench, wanted: Wanted): Promise<Broker> {
  const { server, port } = await serveHoming(bench, wanted.scenario)
  return broker(brokerNames.homing, port, { server, durability: promises[wanted.messages].homing })
}

/** `homing serve` with its defaults, on a free port and in a fresh directory. */
export async function serveHoming(
  bench: Bench,
  scenario: string,
): Promise<{ readonly server: ServerProcess; readonly port: number }> {
  const directory = bench.freshDirectory('homing-broker')
  const port = await freePort()
  const flags = ['--data', join(directory, 'data'), '--bind', '127.0.0.1', '--amqp-port']
  const server = await startServer({
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      ...bench.homingExecArgv(scenario),
      ...[builtCommand(), 'serve', '--no-http', ...flags, String(port)],
    ],
    logFile: join(directory, 'homing.log'),
    probe: () => greets(port),
    startMsMax: 20_000,
  })
  return { server, port }
}

async function startRabbitBroker(bench: Bench, wanted: Wanted): Promise<Broker | undefined> {
  const rabbit = await startRabbit(bench.freshDirectory('rabbitmq'))
  if (rabbit === undefined) return undefined
  const text = `RabbitMQ ${rabbit.version}, ${promises[wanted.messages].rabbitmq}`
  return broker(brokerNames.rabbitmq, rabbit.port, { server: rabbit, durability: text })
}

async function startBare(bench: Bench): Promise<Broker> {
  const directory = bench.freshDirectory('bare-loop')
  const port = await freePort()
  const server = await startServer({
    command: process.execPath,
    args: [builtProgram('amqp/program/bare-loop'), String(port), join(directory, 'bare.log')],
    logFile: join(directory, 'bare-loop.log'),
    probe: () => greets(port),
    startMsMax: 20_000,
  })
  const durability =
    'no broker one could use: messages in memory, persistent ones in a log synced in groups'
  return broker(brokerNames.bare, port, { server, durability })
}

const broker = (
  name: string,
  port: number,
  started: { readonly server: ServerProcess; readonly durability: string },
): Broker => ({
  name,
  port,
  pid: started.server.child.pid ?? 0,
  durability: started.durability,
  stop: started.server.stop,
})

/** Resolves when a client that greets is greeted. */
function greets(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.setTimeout(2_000, () => socket.destroy())
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('no greeting')))
    socket.once('data', () => {
      resolve()
      socket.destroy()
    })
    socket.write('AMQP\0\0\x09\x01', 'latin1')
  })
}
