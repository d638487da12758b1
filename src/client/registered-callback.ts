import type { AnyContract, Schema } from '../contract/contract.ts'
import { checkOptions } from '../known-options.ts'
import { callbackQueue } from '../message/message.ts'
import type { BoundContract } from './bound-contract.ts'
import { CallbackRun } from './callback-run.ts'
import type { Callback, GatherCallback } from './callback-target.ts'
import {
  type ConsumerOptions,
  consumerOptionNames,
  type ReadConsumerOptions,
  readConsumerOptions,
} from './consumer-options.ts'
import { beginning, type Consumer, Working } from './working.ts'

export interface CallbackOptions<S extends Schema | undefined = undefined> extends ConsumerOptions {
  /** Any Standard Schema: types the context of `.with(context)` and parses it when it comes back. */
  readonly context?: S
}

/** A callback whose function is registered here, until it is closed. */
export type RegisteredCallback<C extends AnyContract, X = unknown> = Callback<C, X> & Consumer
export type RegisteredGatherCallback<C extends AnyContract, X = unknown> = GatherCallback<C, X> &
  Consumer

const callbackOptions = new Set([...consumerOptionNames, 'context'])

export function readCallbackOptions(
  options: CallbackOptions<Schema | undefined>,
  of: string,
): { readonly read: ReadConsumerOptions; readonly context: Schema | undefined } {
  checkOptions(options, callbackOptions, of)
  const { context, ...rest } = options
  return { read: readConsumerOptions(rest, of), context }
}

export function callbackWorking(
  name: string,
  bound: readonly [BoundContract, ...BoundContract[]],
  run: (what: never, details: never) => unknown,
  { read, context }: ReturnType<typeof readCallbackOptions>,
  closed: (working: Working) => void,
): Working {
  const running = new CallbackRun(name, bound, run as never, context, read)
  const queue = callbackQueue(name)
  const [first] = bound
  return new Working({
    bound: first,
    queue,
    options: read,
    inWorkMax: read.concurrency,
    prepare: async () => {
      for (const one of bound) await one.loaded()
      await first.engine.declareQueue(queue, {})
    },
    begin: beginning(running, first.tracing?.callback.bind(first.tracing)),
    closed,
  })
}

/** The callback as senders use it, and the consumer as its owner closes it, in one. */
export function withConsumer<T extends object>(target: T, working: Working): T & Consumer {
  return {
    ...target,
    queue: working.queue,
    ready: working.ready,
    close: (options) => working.close(options),
    [Symbol.asyncDispose]: () => working.close(),
  }
}
