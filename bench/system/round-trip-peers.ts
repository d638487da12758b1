/*
 * The peers of the round trips, each with a server started for it, and the settings tried.
 */

import { join } from 'node:path'
import type { BullmqSettings } from '../client/bullmq.ts'
import type { Load, LoadResult } from '../client/closed-loop.ts'
import type { RabbitSettings } from '../client/rabbitmq.ts'
import { runProgram, startProgram } from '../load-program.ts'
import { rabbitAptLine, startRabbit } from '../server/rabbitmq.ts'
import { type AppendFsync, redisAptLine, startRedis } from '../server/redis.ts'
import type { Candidate, Setting } from './system.ts'

export interface Peers {
  readonly candidates: readonly Candidate[]
  /** One line for each peer that is not installed here. */
  readonly missing: readonly string[]
  stop(): Promise<void>
}

export const peerNames = {
  everysec: 'BullMQ, everysec',
  always: 'BullMQ, always',
  rabbitmq: 'RabbitMQ',
} as const

export async function startPeers(directory: string, inFlight: number): Promise<Peers> {
  const candidates: Candidate[] = []
  const missing: string[] = []
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const one of stops.toReversed()) await one()
  }
  try {
    for (const appendfsync of ['everysec', 'always'] as const) {
      const redis = await startRedis(join(directory, `redis-${appendfsync}`), appendfsync)
      if (redis === undefined) {
        missing.push(`${peerNames[appendfsync]}: redis-server is not installed; ${redisAptLine}`)
        continue
      }
      stops.push(redis.stop)
      candidates.push(bullmqCandidate(appendfsync, redis.port, redis.version, inFlight))
    }
    const rabbit = await startRabbit(join(directory, 'rabbitmq'))
    if (rabbit === undefined) {
      missing.push(`${peerNames.rabbitmq}: rabbitmq-server is not installed; ${rabbitAptLine}`)
    } else {
      stops.push(rabbit.stop)
      candidates.push(rabbitCandidate(rabbit.port, rabbit.version, inFlight))
    }
  } catch (cause) {
    await stop()
    throw cause
  }
  return { candidates, missing, stop }
}

const redisDurability: Readonly<Record<AppendFsync, string>> = {
  everysec: 'append-only file, fsync once a second: up to a second of confirmed work can be lost',
  always: 'append-only file, fsync before each reply',
}

function bullmqCandidate(
  appendfsync: AppendFsync,
  port: number,
  version: string,
  inFlight: number,
): Candidate {
  const setting = (tried: BullmqTried): Setting => ({
    text: bullmqText(tried),
    run: (load) => {
      const settings: BullmqSettings = { port, load, ...tried }
      return runWithWorker('bullmq', settings, tried.workerElsewhere)
    },
  })
  return {
    name: peerNames[appendfsync],
    durability: `redis-server ${version}, ${redisDurability[appendfsync]}`,
    settings: (inFlight === 1 ? bullmqOneAtATime : bullmqManyInFlight).map(setting),
  }
}

type BullmqTried = Omit<BullmqSettings, 'port' | 'load'>

const bullmqPlain = { workerElsewhere: false, autoPipelining: false }

const bullmqManyInFlight = [
  { ...bullmqPlain, concurrency: 50 },
  { ...bullmqPlain, concurrency: 100 },
  { ...bullmqPlain, concurrency: 300 },
  { ...bullmqPlain, concurrency: 100, autoPipelining: true },
  { ...bullmqPlain, concurrency: 100, workerElsewhere: true },
  { ...bullmqPlain, concurrency: 300, workerElsewhere: true },
]

const bullmqOneAtATime = [
  { ...bullmqPlain, concurrency: 1 },
  { ...bullmqPlain, concurrency: 1, workerElsewhere: true },
]

const bullmqText = (tried: BullmqTried): string =>
  [
    `worker concurrency ${tried.concurrency}`,
    `worker in ${tried.workerElsewhere ? 'its own' : 'the same'} process`,
    ...(tried.autoPipelining ? ['automatic pipelining'] : []),
  ].join(', ')

function rabbitCandidate(port: number, version: string, inFlight: number): Candidate {
  const setting = (
    queueType: RabbitSettings['queueType'],
    workerElsewhere: boolean,
    prefetch = 2_000,
  ): Setting => ({
    text: `${queueType} queues, prefetch ${prefetch}, consumer in ${workerElsewhere ? 'its own' : 'the same'} process`,
    run: (load) => {
      const settings: RabbitSettings = { port, load, queueType, workerElsewhere, prefetch }
      return runWithWorker('rabbitmq', settings, workerElsewhere)
    },
  })
  const either = [setting('classic 1', false), setting('classic 1', true), setting('quorum', false)]
  return {
    name: peerNames.rabbitmq,
    // Version 2 of the classic queue is left out: it writes and does not sync, which is other work.
    durability: `RabbitMQ ${version}, durable queues, persistent messages, confirms: synced in groups, or settled before it came to that`,
    settings: inFlight === 1 ? either : [...either, setting('classic 1', false, 300)],
  }
}

async function runWithWorker(
  peer: 'bullmq' | 'rabbitmq',
  settings: { readonly load: Load },
  workerElsewhere: boolean,
): Promise<LoadResult> {
  const worker = workerElsewhere ? startProgram(`${peer}-worker`) : undefined
  try {
    await worker?.ask(settings)
    return await runProgram<LoadResult>(`${peer}-round-trips`, settings)
  } finally {
    await worker?.kill('SIGTERM')
  }
}
