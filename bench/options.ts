import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { isMemoryDisk } from './machine.ts'

export interface BenchOptions {
  /** Short rounds and no 10-million backlog: for a look, not for a number to quote. */
  readonly quick: boolean
  /** Only scenarios whose name contains this. */
  readonly only: string | undefined
  /** Measured seconds of one load, warm-up not counted. */
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly rounds: number
  /** Directory on a real disk, under which every system gets a fresh one. */
  readonly workDirectory: string
  /** Write a CPU profile of every Homing program. */
  readonly profile: boolean
  /** Leave the peers out. */
  readonly noPeers: boolean
  /** Run what is measured from source instead of building it first. */
  readonly source: boolean
}

export const helpText = `Usage: npm run bench -- [options]

  --quick          short rounds, no 10-million backlog; results are not written to docs/
  --only NAME      only scenarios whose name contains NAME: ${'round-trips'}, sequential,
                   confirmed-sends, joined, joined-single, over-rabbitmq, over-rabbitmq-single,
                   backlog-1m, backlog-10m, open, http-sends, http-lists; of the broker
                   amqp-transient, amqp-durable, amqp-durable-4k, amqp-fanout, amqp-topic, amqp-rpc,
                   amqp-confirms, amqp-connections, or all of these: amqp
  --seconds N      measured seconds of one load (default 5, quick 2)
  --rounds N       rounds, each system once in every round (default 5, quick 2)
  --dir PATH       where data is written (default: the system's temporary directory, if on a disk)
  --no-peers       leave BullMQ, RabbitMQ and PostgreSQL out
  --profile        write CPU profiles of Homing to bench/results/profiles and print what is hot
  --source         build nothing, run from source: for work on the bench itself
  --help           this text
`

/** Reads the command line; `undefined` means that help was asked for. Throws on unknown options. */
export function readOptions(args: readonly string[]): BenchOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      seconds: { type: 'string' },
      rounds: { type: 'string' },
      dir: { type: 'string' },
      profile: { type: 'boolean', default: false },
      'no-peers': { type: 'boolean', default: false },
      source: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { quick } = values
  return {
    quick,
    only: values.only,
    seconds: positive('--seconds', values.seconds, quick ? 2 : 5),
    warmUpSeconds: quick ? 1 : 2,
    rounds: Math.ceil(positive('--rounds', values.rounds, quick ? 2 : 5)),
    workDirectory: workDirectory(values.dir),
    profile: values.profile,
    noPeers: values['no-peers'],
    source: values.source,
  }
}

function positive(option: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback
  const value = Number(text)
  if (value > 0 && value <= 3_600) return value
  throw new Error(`${option} is '${text}'; give a number above 0 and up to 3600`)
}

function workDirectory(chosen: string | undefined): string {
  if (chosen !== undefined) return resolve(chosen)
  return isMemoryDisk(tmpdir()) ? resolve(import.meta.dirname, '../.tmp') : tmpdir()
}
