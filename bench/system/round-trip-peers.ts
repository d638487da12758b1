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
  const setting = (
    concurrency: number,
    workerElsewhere: boolean,
    autoPipelining = false,
  ): Setting => ({
    text:
      `worker concurrency ${concurrency}, worker in ${workerElsewhere ? 'its own' : 'the same'} process` +
      (autoPipelining ? ', automatic pipelining' : ''),
    run: (load) => {
      const settings: BullmqSettings = { port, load, concurrency, workerElsewhere, autoPipelining }
      return runWithWorker('bullmq', settings, workerElsewhere)
    },
  })
  return {
    name: peerNames[appendfsync],
    durability: `redis-server ${version}, ${redisDurability[appendfsync]}`,
    settings:
      inFlight === 1
        ? [setting(1, false), setting(1, true)]
        : [
            setting(50, false),
            setting(100, false),
            setting(300, false),
            setting(100, false, true),
            setting(100, true),
            setting(300, true),
          ],
  }
}

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
