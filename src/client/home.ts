/*
 * A home: one engine, and the verbs on it.
 *
 *   send  sendMany                 resolve when it is on disk, with receipts
 *   call  callAll                  there and back
 *   consume  consumeMany           work
 *   callback  callbackAll  gather  outcomes brought to a durable function
 *   receipt                        an id, anywhere, later
 *   schedule  unschedule           again and again
 *
 * It knows the engine by its port only (src/engine.ts), so it is the same over every engine.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { AnyContract, Input, Output, Schema } from '../contract/contract.ts'
import type { Engine, QueueStats } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { checkScopedId } from '../name.ts'
import * as administration from './administration.ts'
import { type BatchHandler, BatchRun } from './batch-run.ts'
import { Bindings } from './bindings.ts'
import type { BoundContract } from './bound-contract.ts'
import type { CallbackFunction, GatherFunction } from './callback-run.ts'
import { type BoundGatherCallback, toCallback, toGatherCallback } from './callback-target.ts'
import {
  type BatchOptions,
  type ConsumerOptions,
  checkFunction,
  readBatchOptions,
  readConsumerOptions,
} from './consumer-options.ts'
import { DeadLetters } from './dead-letters.ts'
import { type GatherOptions, gather } from './gather.ts'
import { type Handler, HandlerRun } from './handler-run.ts'
import { KeepAlive } from './keep-alive.ts'
import { type Log, silentLog } from './log.ts'
import type { Outcome } from './outcome.ts'
import * as producer from './producer.ts'
import { Receipt } from './receipt.ts'
import { type OutcomeRow, type OutcomesFilter, outcomeRow, readOutcomesFilter } from './records.ts'
import {
  type CallbackOptions,
  callbackWorking,
  type RegisteredCallback,
  type RegisteredGatherCallback,
  readCallbackOptions,
  withConsumer,
} from './registered-callback.ts'
import type { Schedule } from './schedule.ts'
import { type ScheduleOptions, Schedules } from './schedules.ts'
import type { CallOptions, SendOptions } from './send-options.ts'
import type { Tracing } from './tracing.ts'
import { Waits } from './waits.ts'
import { Workers } from './workers.ts'
import { beginning, type CloseOptions, type Consumer, Working } from './working.ts'

/** What is known about an id of any contract. */
export type Answered =
  | { readonly state: 'pending' }
  | { readonly state: 'final'; readonly outcome: OutcomeRow }
  | { readonly state: 'unknown' }
  | { readonly state: 'forgotten' }

export class Home implements AsyncDisposable {
  /** Messages that ended without success. */
  readonly deadLetters: DeadLetters
  readonly #engine: Engine
  readonly #waits: Waits
  readonly #keepAlive = new KeepAlive()
  readonly #workers = new Workers(this.#keepAlive)
  readonly #schedules = new Schedules(this.#keepAlive)
  readonly #bindings: Bindings
  #closing: Promise<void> | undefined

  /** Made by `homing()`; over another engine, for those who write one. */
  constructor(engine: Engine, log: Log = silentLog, tracing?: Tracing) {
    this.#engine = engine
    this.#waits = new Waits(engine, this.#keepAlive)
    this.#bindings = new Bindings({ engine, waits: this.#waits, log, tracing })
    this.deadLetters = new DeadLetters(engine, this.#keepAlive, () => this.#bindings.checkOpen())
  }

  /**
   * Sends a message. Resolves when it is on disk, never later, never earlier.
   * Fails with `invalid`, `unserialisable`, `message-too-large`, `queue-full`, `disk-full`, `closed`,
   * `bad-argument`, `bad-duration`, `unknown-option`.
   *
   * @example
   * const receipt = await home.send(resize, { url }, { id: 'photo:42' })
   */
  send<C extends AnyContract>(
    contract: C,
    input: Input<C>,
    options?: SendOptions<C>,
  ): Promise<Receipt<C>> {
    return this.#promised(() => producer.send(this.#bindings.of(contract), input, options))
  }

  /** Sends many with one confirm: all of them are on disk, or an error and none. Receipts in order. */
  sendMany<C extends AnyContract>(
    contract: C,
    inputs: readonly Input<C>[],
    options?: producer.ManyOptions<C>,
  ): Promise<Receipt<C>[]> {
    return this.#promised(() => producer.sendMany(this.#bindings.of(contract), inputs, options))
  }

  /**
   * There and back: sends, and resolves with the outcome's value. Fails like `send`, and with the
   * outcome's code (a declared error's name, `thrown`, `lost`, `expired` …) when it is not ok.
   *
   * @example
   * const { key } = await home.call(resize, { url }, { within: '10s' })
   */
  call<C extends AnyContract>(
    contract: C,
    input: Input<C>,
    options?: CallOptions<C>,
  ): Promise<Output<C>> {
    return this.#promised(() => producer.call(this.#bindings.of(contract), input, options))
  }

  /** Sends many and waits for all outcomes, in order. Never fails for what happened to a message. */
  callAll<C extends AnyContract>(
    contract: C,
    inputs: readonly Input<C>[],
    options?: producer.CallAllOptions<C>,
  ): Promise<Outcome<C>[]> {
    return this.#promised(() => producer.callAll(this.#bindings.of(contract), inputs, options))
  }

  /**
   * Works on a queue until closed. What the handler returns is the result; what it throws is retried,
   * unless it says otherwise (`fail`, `reject`, `retryIn`).
   * Throws `contract-conflict`, `closed`, `bad-argument`, `unknown-option`.
   *
   * @example
   * home.consume(resize, async ({ input, signal }) => resizeImage(input, signal), { concurrency: 8 })
   */
  consume<C extends AnyContract>(
    contract: C,
    handler: Handler<C>,
    options: ConsumerOptions = {},
  ): Consumer {
    const of = `a consumer of "${contract?.name}"`
    const bound = this.#bindings.of(contract)
    checkFunction(handler, `the handler of ${of}`)
    const read = readConsumerOptions(options, of)
    const run = new HandlerRun(bound, handler as never, read)
    return this.#consumer(bound, read, read.concurrency, run)
  }

  /**
   * Works on messages in batches, with an outcome for each: return an array of results in order, or
   * call `done`, `fail`, `retryIn`, `reject` on each. What is left, also by throwing, is retried.
   *
   * @example
   * home.consumeMany(row, async (batch) => insert(batch.map((d) => d.input)), { batch: 500 })
   */
  consumeMany<C extends AnyContract>(
    contract: C,
    handler: BatchHandler<C>,
    options: BatchOptions = {},
  ): Consumer {
    const of = `a batch consumer of "${contract?.name}"`
    const bound = this.#bindings.of(contract)
    checkFunction(handler, `the handler of ${of}`)
    const read = readBatchOptions(options, of)
    const run = new BatchRun(bound, handler as never, read)
    return this.#consumer(bound, read, read.concurrency * read.batch, run)
  }

  #consumer(
    bound: BoundContract,
    options: ReturnType<typeof readConsumerOptions>,
    inWorkMax: number,
    run: HandlerRun | BatchRun,
  ): Working {
    const { contract } = bound
    this.#workers.checkContract(contract.name, contract)
    return this.#workers.add(
      new Working({
        bound,
        queue: contract.name,
        options,
        inWorkMax,
        prepare: () => bound.prepared(),
        begin: beginning(run, bound.tracing?.process.bind(bound.tracing)),
        closed: (working) => this.#workers.closed(working),
      }),
    )
  }

  /**
   * Registers a durable callback: told each outcome at least once, until the function returns. Survives
   * restarts: register the same name again, and what waits is told.
   *
   * @example
   * const onResized = home.callback('photo.resized', resize, store, {
   *   context: z.object({ photoId: z.number() }),
   * })
   * await home.send(resize, { url }, { callback: onResized.with({ photoId: 42 }) })
   */
  callback<C extends AnyContract, S extends Schema>(
    name: string,
    contract: C,
    run: CallbackFunction<C, StandardSchemaV1.InferOutput<S>>,
    options: CallbackOptions<S> & { readonly context: S },
  ): RegisteredCallback<C, StandardSchemaV1.InferInput<S>>
  callback<C extends AnyContract, X = unknown>(
    name: string,
    contract: C,
    run: CallbackFunction<C, X>,
    options?: CallbackOptions,
  ): RegisteredCallback<C, X>
  callback(
    name: string,
    contract: AnyContract,
    run: CallbackFunction<AnyContract, never>,
    options: CallbackOptions<Schema | undefined> = {},
  ): RegisteredCallback<AnyContract, never> {
    const target = toCallback<AnyContract, never>(name, contract)
    return withConsumer(target, this.#callback(name, [contract], run, options))
  }

  /** Registers a durable callback for gathers: told the outcomes of all members at once, in order. */
  callbackAll<C extends AnyContract, S extends Schema>(
    name: string,
    contracts: C | readonly C[],
    run: GatherFunction<C, StandardSchemaV1.InferOutput<S>>,
    options: CallbackOptions<S> & { readonly context: S },
  ): RegisteredGatherCallback<C, StandardSchemaV1.InferInput<S>>
  callbackAll<C extends AnyContract, X = unknown>(
    name: string,
    contracts: C | readonly C[],
    run: GatherFunction<C, X>,
    options?: CallbackOptions,
  ): RegisteredGatherCallback<C, X>
  callbackAll(
    name: string,
    contracts: AnyContract | readonly AnyContract[],
    run: GatherFunction<AnyContract, never>,
    options: CallbackOptions<Schema | undefined> = {},
  ): RegisteredGatherCallback<AnyContract, never> {
    const target = toGatherCallback<AnyContract, never>(name, contracts)
    const all = Array.isArray(contracts) ? contracts : [contracts]
    return withConsumer(target, this.#callback(name, all, run, options))
  }

  #callback(
    name: string,
    contracts: readonly AnyContract[],
    run: (what: never, details: never) => unknown,
    options: CallbackOptions<Schema | undefined>,
  ): Working {
    const of = `callback "${name}"`
    checkFunction(run, `the function of ${of}`)
    const [first, ...others] = contracts.map((contract) => this.#bindings.of(contract))
    if (first === undefined) throw new HomingError('bad-argument', `${of} has no contract`)
    const read = readCallbackOptions(options, of)
    this.#workers.checkContract(`callback:${name}`, first.contract)
    return this.#workers.add(
      callbackWorking(name, [first, ...others], run, read, (working) =>
        this.#workers.closed(working),
      ),
    )
  }

  /**
   * Tells a callback once, durably, when all these messages have their outcomes. Returns the gather's
   * id. Fails with `unknown` when a message was never accepted, `forgotten` when its outcome is gone.
   *
   * @example
   * await home.gather(await home.sendMany(count, files), onCounted.with({ run: 7 }))
   */
  gather<C extends AnyContract>(
    receipts: readonly Receipt<C>[],
    callback: BoundGatherCallback<C>,
    options: GatherOptions = {},
  ): Promise<string> {
    return this.#ordered((engine) => gather(engine, receipts, callback, options))
  }

  /** The receipt of a message by its id: anywhere, later, after a restart. */
  receipt<C extends AnyContract>(contract: C, id: string): Receipt<C> {
    checkScopedId(id)
    return new Receipt<C>(this.#bindings.of(contract), id, false, 0)
  }

  /**
   * Sends a message at every time of a cron expression (5 fields, or 6 with seconds). Resolves when
   * the next one is on disk. Occurrences missed while nobody had the schedule do not run.
   * Fails with `bad-argument` for an expression or time zone that cannot be read.
   *
   * @example
   * await home.schedule('report', '0 8 * * 1-5', report, { of: 'yesterday' }, { timezone: 'Europe/Vienna' })
   */
  async schedule<C extends AnyContract>(
    name: string,
    cron: string,
    contract: C,
    input: Input<C>,
    options: ScheduleOptions<C> = {},
  ): Promise<Schedule> {
    return this.#schedules.start(this.#bindings.of(contract), name, cron, input, options)
  }

  /** Ends a schedule of this home, and cancels its next message. False when there is none. */
  unschedule(name: string): Promise<boolean> {
    return this.#promised(() => this.#schedules.stop(name))
  }

  /** What is known about an id now, of any contract. */
  async answer(id: string): Promise<Answered> {
    this.#bindings.checkOpen()
    checkScopedId(id)
    const answer = await this.#engine.answer(id)
    return answer.state === 'final'
      ? { state: 'final', outcome: outcomeRow(answer.outcome) }
      : answer
  }

  /** True when this call ended the message as `canceled`; false when it was final or unknown. */
  async cancel(id: string, reason?: string): Promise<boolean> {
    this.#bindings.checkOpen()
    checkScopedId(id)
    return this.#engine.cancel(id, reason)
  }

  /** Outcomes, newest first. */
  async outcomes(filter: OutcomesFilter = {}): Promise<OutcomeRow[]> {
    this.#bindings.checkOpen()
    const found = this.#engine.outcomes(readOutcomesFilter(filter))
    return (await this.#keepAlive.during(found)).map(outcomeRow)
  }

  queues(): Promise<readonly QueueStats[]> {
    return this.#ordered((engine) => engine.queues())
  }

  /** Ends what waits in a queue, each as `canceled`. Returns how many. */
  purge(queue: string | AnyContract): Promise<number> {
    return this.#ordered((engine) => administration.purgeQueue(engine, queue))
  }

  /** Delivers nothing of a queue until `resume`, also after a restart; sends go on. Fails with `queue-unknown`. */
  pause(queue: string | AnyContract): Promise<void> {
    return this.#ordered((engine) => administration.pauseQueue(engine, queue))
  }

  /** Delivers again what is in a queue that was paused. Fails with `queue-unknown`. */
  resume(queue: string | AnyContract): Promise<void> {
    return this.#ordered((engine) => administration.resumeQueue(engine, queue))
  }

  /**
   * Copies the data directory while it is in use; all that was confirmed before the call is in the copy. `to` is
   * a directory that is to be made. Fails with `bad-argument`, `not-permitted`, `disk-full`, `backup-running`,
   * `backup-failed`, `unsupported`.
   */
  backup(to: string): Promise<administration.BackupTaken> {
    return this.#ordered((engine) => administration.takeBackup(engine, to))
  }

  async #ordered<T>(order: (engine: Engine) => Promise<T>): Promise<T> {
    this.#bindings.checkOpen()
    return await this.#keepAlive.during(order(this.#engine))
  }

  /**
   * Stops schedules and consumers, lets handlers finish within the grace time (each consumer's own,
   * or the one given), gives the rest back, then closes the engine. Waits end with `closed`.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options)
    return this.#closing
  }

  async #close(options: CloseOptions): Promise<void> {
    this.#bindings.state = 'closing'
    this.#schedules.stopAll()
    await this.#workers.close(options)
    this.#bindings.state = 'closed'
    this.#waits.close()
    await this.#keepAlive.during(this.#engine.close()).finally(() => this.#keepAlive.end())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  /** What fails at once fails like what fails later: by a rejected promise. */
  #promised<T>(run: () => Promise<T>): Promise<T> {
    try {
      return run()
    } catch (error) {
      return Promise.reject(error)
    }
  }
}
