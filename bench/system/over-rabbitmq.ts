/*
 * The same work over one RabbitMQ: by hand with amqplib, and by Homing with each of its ledgers.
 *
 *   by hand    order ─▶ quorum queue ─▶ worked on ─▶ total, confirmed ─▶ quorum reply queue; order acknowledged
 *   Homing     the same, and: the id is known, the outcome is kept under it, time-outs, retries, deadlines
 */

import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import type { Load, LoadResult } from '../client/closed-loop.ts'
import { runProgram } from '../load-program.ts'
import { postgresAptLine, startPostgres } from '../server/postgres.ts'
import { type RabbitServer, rabbitAptLine, startRabbit } from '../server/rabbitmq.ts'
import type { Candidate, Setting } from './system.ts'

export const overRabbitmqNames = {
  byHand: 'amqplib by hand',
  memory: 'Homing, ledger in memory',
  sqlite: 'Homing, ledger in SQLite',
  postgres: 'Homing, ledger in PostgreSQL',
} as const

export interface OverRabbitmq {
  readonly candidates: readonly Candidate[]
  readonly missing: readonly string[]
  stop(): Promise<void>
}

export async function startOverRabbitmq(
  bench: Bench,
  inFlight: number,
  scenario: string,
): Promise<OverRabbitmq> {
  const rabbit = await startRabbit(bench.freshDirectory('rabbitmq'))
  if (rabbit === undefined) {
    const missing = [`rabbitmq-server is not installed; ${rabbitAptLine}`]
    return { candidates: [], missing, stop: async () => undefined }
  }
  const of: Of = { bench, inFlight, scenario, rabbit }
  try {
    const postgres = await startPostgres(bench.options.workDirectory)
    const candidates = [byHand(of), inMemory(of), inSqlite(of)]
    if (postgres !== undefined) candidates.push(inPostgres(of, postgres))
    return {
      candidates,
      missing: postgres ? [] : [`PostgreSQL is not installed; ${postgresAptLine}`],
      stop: async () => {
        await rabbit.stop()
        await postgres?.stop()
      },
    }
  } catch (cause) {
    await rabbit.stop()
    throw cause
  }
}

interface Of {
  readonly bench: Bench
  readonly inFlight: number
  readonly scenario: string
  readonly rabbit: RabbitServer
}

const durabilityOf = ({ rabbit }: Of): string =>
  `RabbitMQ ${rabbit.version}, quorum queues for orders and replies, persistent, confirmed; the order is acknowledged when its reply is confirmed`

function byHand(of: Of): Candidate {
  const { inFlight, rabbit } = of
  const setting = (prefetch: number): Setting => ({
    text: `prefetch ${prefetch}, a connection for the producer and one for the consumer, in one process`,
    run: (load) =>
      runProgram<LoadResult>('rabbitmq-round-trips', {
        ...{ port: rabbit.port, load, prefetch, server: rabbit.child.pid ?? 0 },
        ...{ queueType: 'quorum', workerElsewhere: false },
      }),
  })
  const settings = inFlight === 1 ? [setting(2)] : [setting(200), setting(2_000)]
  return {
    name: overRabbitmqNames.byHand,
    durability: `${durabilityOf(of)}; nothing is known of an id, nothing is kept`,
    settings,
  }
}

interface Ledger {
  readonly name: string
  readonly kept: string
  /** Its own processes. */
  readonly servers: readonly number[]
  /** An empty one for each run. */
  use<T>(work: (address: string) => Promise<T>): Promise<T>
}

const inMemory = (of: Of): Candidate =>
  overRabbitmq(of, {
    name: overRabbitmqNames.memory,
    kept: "outcomes by id in this process's memory",
    servers: [],
    use: (work) => work('memory:'),
  })

const inSqlite = (of: Of): Candidate =>
  overRabbitmq(of, {
    name: overRabbitmqNames.sqlite,
    kept: 'outcomes by id in a SQLite file, synced before they are shown',
    servers: [],
    use: (work) =>
      of.bench.inFreshDirectory('ledger', (directory) => work(join(directory, 'ledger.sqlite'))),
  })

type Postgres = NonNullable<Awaited<ReturnType<typeof startPostgres>>>

const inPostgres = (of: Of, postgres: Postgres): Candidate =>
  overRabbitmq(of, {
    name: overRabbitmqNames.postgres,
    kept: `outcomes by id in PostgreSQL ${postgres.version}, committed before they are shown`,
    servers: [postgres.child.pid ?? 0],
    use: async (work) => {
      await postgres.clear()
      return work(postgres.url)
    },
  })

function overRabbitmq(of: Of, ledger: Ledger): Candidate {
  const { bench, inFlight, scenario, rabbit } = of
  const run = (load: Load, concurrency: number): Promise<LoadResult> =>
    ledger.use((address) =>
      runProgram<LoadResult>(
        'connected-round-trips',
        {
          url: `amqp://guest:guest@127.0.0.1:${rabbit.port}`,
          options: { ledger: address, name: 'bench' },
          servers: [rabbit.child.pid ?? 0, ...ledger.servers],
          ...{ load, concurrency },
        },
        { execArgv: bench.homingExecArgv(scenario) },
      ),
    )
  const setting = (concurrency: number): Setting => ({
    text: `concurrency ${concurrency}, producer and consumer in one process, over one connection`,
    run: (load) => run(load, concurrency),
  })
  return {
    name: ledger.name,
    durability: `${durabilityOf(of)}; ${ledger.kept}`,
    settings: inFlight === 1 ? [setting(1)] : [setting(100), setting(1_000)],
  }
}
