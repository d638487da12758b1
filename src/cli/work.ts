/*
 * `homing work`: a queue worked on by any program.
 *
 *   message ──▶ command ──▶ result, or a failure that is tried again ──▶ outcome, told when it is on disk
 *
 * Stopping (Ctrl-C, SIGTERM): takes no more, lets running commands finish within the grace time,
 * gives the rest back; again: kills the commands and ends at once. Nothing is lost either way.
 */

import { type Command, Option } from 'commander'
import type { AnyContract, Consumer, Delivery, Duration, Home } from '../index.ts'
import { type BodyKind, cliContract } from './cli-contract.ts'
import {
  type CommonOptions,
  commonOptions,
  type Define,
  examples,
  type Invocation,
  wholeNumberFrom,
} from './command.ts'
import { CommandRuns } from './command-run.ts'
import { withHome } from './open-home.ts'
import { WorkReport } from './work-report.ts'
import { CommandFailed, exitCodeRefused, resultFrom, stdinFrom } from './work-result.ts'

interface WorkOptions extends CommonOptions {
  readonly concurrency: number
  readonly attempts?: number
  readonly timeout?: string
  readonly backoff?: string
  readonly grace: string
  readonly result: BodyKind
  readonly untilEmpty?: true
}

const pollMs = 100

const help = examples([
  ['homing work shout -- tr a-z A-Z', 'the body on stdin, the result from stdout'],
  ['homing work resize --concurrency 4 --timeout 30s -- ./resize.sh', 'four at once'],
  ['homing work rows --until-empty -- sh -c \'psql -c "$(cat)"\'', 'ends when nothing is left'],
])

const notes = `
The command gets the body on stdin, as it was sent, and HOMING_ID, HOMING_QUEUE, HOMING_ATTEMPT,
HOMING_KEY, HOMING_DEADLINE and HOMING_HEADERS (JSON) in its environment. No shell is involved.
Its exit code says what becomes of the message:
  0      done; stdout is the result: JSON when it is JSON, otherwise a text
  ${exitCodeRefused}     refused for good, outcome "rejected"
  other  the attempt failed, with the end of stderr; tried again while attempts are left
`

export const defineWork: Define = (command, invocation) => {
  options(command)
    .addHelpText('after', help + notes)
    .action(async (queue: string, words: readonly string[], given: WorkOptions) => {
      const runs = new CommandRuns(words)
      await withHome(invocation, { ...given, make: true }, (home) =>
        new Worker({ invocation, home, queue, given, runs }).work(),
      )
    })
}

function options(command: Command): Command {
  return commonOptions(command)
    .argument('<queue>', 'name of the queue')
    .argument('<command...>', 'the command and its arguments, behind --')
    .option('--concurrency <count>', 'commands at once', wholeNumberFrom(1, 10_000), 1)
    .option('--attempts <count>', 'refuse for good after so many', wholeNumberFrom(1, 10_000))
    .option('--timeout <duration>', 'end a command that takes longer; its message is tried again')
    .option('--backoff <duration>', 'wait before the next attempt (default: what the sender says)')
    .option('--grace <duration>', 'time for running commands to finish when stopping', '10s')
    .addOption(
      new Option('--result <kind>', 'what stdout is')
        .choices(['json', 'text', 'binary'])
        .default('json'),
    )
    .option('--until-empty', 'end when nothing is left in the queue, delayed messages included')
}

interface WorkerParts {
  readonly invocation: Invocation
  readonly home: Home
  readonly queue: string
  readonly given: WorkOptions
  readonly runs: CommandRuns
}

class Worker {
  readonly #parts: WorkerParts
  readonly #contract: AnyContract
  readonly #report: WorkReport
  readonly #working = new Set<Promise<unknown>>()
  /** Why no command can be started. */
  #broken: Error | undefined
  #breaking: () => void = () => undefined

  constructor(parts: WorkerParts) {
    this.#parts = parts
    this.#contract = cliContract(parts.queue, 'json', parts.given.result)
    this.#report = new WorkReport(parts.invocation.terminal)
  }

  async work(): Promise<void> {
    const { invocation, home, queue, given, runs } = this.#parts
    const { terminal, stopping } = invocation
    stopping.onFirst = () =>
      terminal.note(
        `finishing ${runs.running} running, within ${given.grace}, giving back the rest; Ctrl-C again ends at once`,
      )
    stopping.atOnce(() => runs.killAll())
    const consumer = home.consume(this.#contract, (delivery) => this.#handle(delivery), {
      name: `homing work ${process.pid}`,
      concurrency: given.concurrency,
      grace: given.grace as Duration,
      ...(given.timeout !== undefined && { timeout: given.timeout as Duration }),
      ...(given.backoff !== undefined && { backoff: given.backoff as Duration }),
    })
    await consumer.ready
    if (terminal.drawsProgress) terminal.note(`working on "${queue}"; Ctrl-C ends it`)
    await this.#untilAsked(stopping.signal)
    await this.#stop(consumer)
    if (this.#broken) throw this.#broken
  }

  async #stop(consumer: Consumer): Promise<void> {
    await consumer.close()
    // Commands whose time was up are ending; none is left behind.
    await Promise.allSettled([...this.#working])
    const { home } = this.#parts
    await this.#report.end(async (id) => (await home.answer(id)).state === 'final')
  }

  #untilAsked(signal: AbortSignal): Promise<void> {
    const { given } = this.#parts
    return new Promise((resolve) => {
      this.#breaking = resolve
      if (signal.aborted) resolve()
      else signal.addEventListener('abort', () => resolve(), { once: true })
      if (given.untilEmpty) this.#untilEmpty(signal).then(resolve, resolve)
    })
  }

  async #untilEmpty(signal: AbortSignal): Promise<void> {
    const { home, queue } = this.#parts
    while (!signal.aborted) {
      const found = (await home.queues()).find(({ name }) => name === queue)
      if (found === undefined || found.ready + found.unsettled + found.delayed === 0) return
      await new Promise((resolve) => setTimeout(resolve, pollMs))
    }
  }

  #handle(delivery: Delivery<AnyContract>): Promise<unknown> {
    const { home } = this.#parts
    const { id } = delivery
    this.#report.follow(id, () => home.receipt(this.#contract, id).outcome())
    const handled = this.#run(delivery)
    this.#working.add(handled)
    const done = (): boolean => this.#working.delete(handled)
    handled.then(done, done)
    return handled
  }

  async #run(delivery: Delivery<AnyContract>): Promise<unknown> {
    const { runs, given } = this.#parts
    try {
      const stdin = stdinFrom(delivery.input)
      const ran = await runs.run(stdin, this.#environment(delivery), delivery.signal)
      if (ran.exitCode === 0) return resultFrom(ran.stdout, given.result)
      throw new CommandFailed(ran)
    } catch (error) {
      throw await this.#failure(delivery, error as Error)
    }
  }

  /** What the attempt's failure comes to. */
  async #failure(delivery: Delivery<AnyContract>, error: Error): Promise<Error> {
    const { attempt } = delivery
    const { attempts } = this.#parts.given
    if (!(error instanceof CommandFailed) && 'syscall' in error) {
      // A machine that starts no process would fail every message in turn: the worker ends instead.
      this.#broken ??= error
      this.#breaking()
      return delivery.retryIn('1s', error)
    }
    await this.#report.failed(delivery, error)
    if (error instanceof CommandFailed && error.code === exitCodeRefused) {
      return delivery.reject(error.message)
    }
    if (attempts === undefined || attempt < attempts) return error
    return delivery.reject(`${error.message} (attempt ${attempt} of ${attempts})`)
  }

  #environment(delivery: Delivery<AnyContract>): Readonly<Record<string, string>> {
    const { id, attempt, key, deadline, headers } = delivery
    return {
      HOMING_ID: id,
      HOMING_QUEUE: this.#parts.queue,
      HOMING_ATTEMPT: String(attempt),
      HOMING_HEADERS: JSON.stringify(headers),
      ...(key !== undefined && { HOMING_KEY: key }),
      ...(deadline !== undefined && { HOMING_DEADLINE: deadline.toISOString() }),
    }
  }
}
