/*
 * A durable callback at work: the queue `callback:NAME` holds outcomes on their way home; each is
 * given to the function until it returns. Then it is acknowledged, and gone.
 *
 *   returned ─▶ acknowledge          threw ─▶ retry with backoff ─▶ … ─▶ dead letter (callback-dead)
 *
 * At least once: a crash between the function's return and the acknowledgement brings it again,
 * under the same id.
 */

import type { AnyContract, Parsed, Schema } from '../contract/contract.ts'
import { checkAgainst, invalidError } from '../contract/validation.ts'
import type { Duration } from '../duration.ts'
import { HomingError } from '../errors.ts'
import {
  decodeGathered,
  decodeHomecoming,
  type EncodedBody,
  gatheredContentType,
  outcomeContentType,
} from '../message/homecoming.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { Answering } from './answering.ts'
import { readValue } from './body.ts'
import type { BoundContract } from './bound-contract.ts'
import type { ReadConsumerOptions } from './consumer-options.ts'
import type { OpenDelivery } from './open-delivery.ts'
import { type Outcome, readOutcome } from './outcome.ts'
import { runAs } from './running-work.ts'
import { retryVerdict } from './verdict.ts'

/** What a callback's function is told besides the outcome. */
export interface CallbackDetails<X> {
  /** What the sender gave to `.with(context)`. */
  readonly context: X
  /** Constant over all tries: remember it to act once. */
  readonly id: string
  /** 1 on the first try. */
  readonly attempt: number
  /** Aborted when the callback is closed and its grace time is over. */
  readonly signal: AbortSignal
  /** `throw retryIn('1m')`: tried again after this delay, whatever the backoff says. */
  readonly retryIn: (delay: Duration, because?: unknown) => Error
}

export interface OutcomeDetails<C extends AnyContract, X> extends CallbackDetails<X> {
  /** The message's input; undefined when it does not fit the contract, or is too large to come along over RabbitMQ. */
  readonly input: Parsed<C> | undefined
}

export type CallbackFunction<C extends AnyContract, X> = (
  outcome: Outcome<C>,
  details: OutcomeDetails<C, X>,
) => unknown

export type GatherFunction<C extends AnyContract, X> = (
  /** In the order of the gathered receipts. */
  outcomes: readonly Outcome<C>[],
  details: CallbackDetails<X>,
) => unknown

type AnyFunction = (what: unknown, details: unknown) => unknown

/** Outcomes asked for at once when a gather is brought home. */
const answersAtOnce = 1_000

export class CallbackRun {
  readonly #name: string
  readonly #bound: ReadonlyMap<string, BoundContract>
  readonly #first: BoundContract
  readonly #run: AnyFunction
  readonly #context: Schema | undefined
  readonly #answering: Answering
  readonly #timeoutMs: number

  constructor(
    name: string,
    bound: readonly [BoundContract, ...BoundContract[]],
    run: AnyFunction,
    context: Schema | undefined,
    options: ReadConsumerOptions,
  ) {
    this.#name = name
    this.#bound = new Map(bound.map((one) => [one.contract.name, one]))
    this.#first = bound[0]
    this.#run = run
    this.#context = context
    this.#answering = new Answering(this.#first.contract, options.delay, this.#first.log)
    this.#timeoutMs = options.timeoutMs
  }

  begin(open: OpenDelivery): void {
    if (this.#timeoutMs > 0) open.after(this.#timeoutMs, () => open.timeOut())
    // Its sends are nobody's children: the message it tells of is final.
    const tell = (): Promise<void> => runAs(undefined, () => this.#tell(open), undefined)
    const told = open.trace === undefined ? tell() : open.trace.within(tell)
    told.then(
      () => {
        if (open.done()) open.settle({ kind: 'acknowledge' })
      },
      (error: unknown) => {
        if (open.done()) this.#answering.threw(open, error)
      },
    )
  }

  async #tell(open: OpenDelivery): Promise<void> {
    const { contentType, body } = open.delivery.message
    switch (contentType) {
      case outcomeContentType: {
        const { outcome, context, input } = decodeHomecoming(body)
        const bound = this.#boundFor(outcome)
        const told = await readOutcome(bound.contract, outcome)
        const details = await this.#details(open, context, { input: await readInput(bound, input) })
        await this.#run(told, details)
        return
      }
      case gatheredContentType: {
        const { memberIds, context } = decodeGathered(body)
        const told = await this.#gathered(memberIds)
        await this.#run(told, await this.#details(open, context, {}))
        return
      }
      default:
        throw new HomingError(
          'undecodable',
          `callback "${this.#name}" was brought a body of type "${contentType}"; only Homing sends to its queue`,
        )
    }
  }

  #boundFor(outcome: StoredOutcome): BoundContract {
    const bound = this.#bound.get(outcome.queue)
    if (bound !== undefined) return bound
    const names = [...this.#bound.keys()].join(', ')
    throw new HomingError(
      'contract-conflict',
      `callback "${this.#name}" is registered for queue ${names}, but an outcome of queue "${outcome.queue}" was sent to it; use another callback name`,
      { id: outcome.id },
    )
  }

  async #gathered(memberIds: readonly string[]): Promise<Outcome<AnyContract>[]> {
    const told: Outcome<AnyContract>[] = []
    for (let from = 0; from < memberIds.length; from += answersAtOnce) {
      const some = memberIds.slice(from, from + answersAtOnce)
      told.push(...(await Promise.all(some.map((id) => this.#member(id)))))
    }
    return told
  }

  async #member(id: string): Promise<Outcome<AnyContract>> {
    const answer = await this.#first.engine.answer(id)
    if (answer.state === 'final') {
      return readOutcome(this.#boundFor(answer.outcome).contract, answer.outcome)
    }
    throw new HomingError(
      answer.state === 'forgotten' ? 'forgotten' : 'unknown',
      `gather callback "${this.#name}" has no outcome of message "${id}": it is ${answer.state}; keep outcomes longer with retain`,
      { id },
    )
  }

  async #details(open: OpenDelivery, contextText: string | undefined, more: object) {
    const given: unknown = contextText === undefined ? undefined : JSON.parse(contextText)
    const checked = await checkAgainst(this.#context, given)
    if (!checked.fits) {
      throw invalidError(`the context of callback "${this.#name}"`, 'input', checked.issues)
    }
    const { message, attempt } = open.delivery
    return {
      context: checked.value,
      id: message.id,
      attempt,
      retryIn: retryVerdict,
      get signal() {
        return open.signal
      },
      ...more,
    }
  }
}

async function readInput(bound: BoundContract, input: EncodedBody | undefined): Promise<unknown> {
  if (input === undefined) return undefined
  const { contract } = bound
  const { contentType, body } = input
  const checked = await readValue(contract.input, contract.inputCodec, contentType, body)
  return checked.fits ? checked.value : undefined
}
