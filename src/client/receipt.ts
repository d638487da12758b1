/*
 * A receipt: the id of an accepted message and the ways to learn what became of it.
 * It is not thenable: awaiting a send means "on disk", never "finished".
 */

import type { AnyContract, Output, Progress } from '../contract/contract.ts'
import { HomingError } from '../errors.ts'
import type { Bound } from './bound.ts'
import { type FailedOutcome, type Outcome, outcomeError, readOutcome } from './outcome.ts'
import { progressOf } from './progress.ts'
import type { WaitOptions } from './waits.ts'

/** What is known about an id now: four different answers. */
export type ReceiptAnswer<C extends AnyContract> =
  | { readonly state: 'pending' }
  | { readonly state: 'final'; readonly outcome: Outcome<C> }
  | { readonly state: 'unknown' }
  | { readonly state: 'forgotten' }

/** Within this time after its confirm no retention has taken an outcome away. */
const freshMs = 1_000

export class Receipt<C extends AnyContract> {
  readonly id: string
  /** The id was known already: nothing was sent, the first message stands. */
  readonly duplicate: boolean
  readonly #bound: Bound<C>
  readonly #confirmedAtMs: number

  /** Made by `send`, `sendMany` and `home.receipt`; `confirmedAtMs` 0 says that it is not known. */
  constructor(bound: Bound<C>, id: string, duplicate: boolean, confirmedAtMs: number) {
    this.#bound = bound
    this.id = id
    this.duplicate = duplicate
    this.#confirmedAtMs = confirmedAtMs
  }

  /** When the message was confirmed; undefined on a receipt made from an id. */
  get confirmedAt(): Date | undefined {
    return this.#confirmedAtMs === 0 ? undefined : new Date(this.#confirmedAtMs)
  }

  /**
   * Waits for the outcome. Never fails for what happened to the message.
   * Fails with `timeout`, `aborted`, `unknown`, `forgotten`, `closed`.
   *
   * @example
   * const outcome = await receipt.outcome({ timeout: '10s' })
   * if (outcome.ok) console.log(outcome.value)
   */
  outcome(options?: WaitOptions): Promise<Outcome<C>> {
    const { tracing, contract } = this.#bound
    if (tracing === undefined) return this.#outcome(options)
    const awaited = { queue: contract.name, id: this.id }
    return tracing.wait(awaited, () => this.#outcome(options), codeOf)
  }

  #outcome(options: WaitOptions | undefined): Promise<Outcome<C>> {
    const { waits, contract, engine } = this.#bound
    const fresh = !this.duplicate && engine.nowMs() - this.#confirmedAtMs < freshMs
    if (fresh) return waits.outcome(contract, this.id, options)
    return checkKnown(this.#bound, this.id).then(() => waits.outcome(contract, this.id, options))
  }

  /** The outcome's value. Fails like `outcome`, and with the outcome's own code when it is not ok. */
  async result(options?: WaitOptions): Promise<Output<C>> {
    const outcome: Outcome<AnyContract> = await this.outcome(options)
    if (outcome.ok) return outcome.value as Output<C>
    throw outcomeError(outcome as FailedOutcome<AnyContract>)
  }

  /** What is known now, without waiting. */
  async answer(): Promise<ReceiptAnswer<C>> {
    await this.#bound.loaded()
    const answer = await this.#bound.engine.answer(this.id)
    if (answer.state !== 'final') return answer
    return { state: 'final', outcome: await readOutcome(this.#bound.contract, answer.outcome) }
  }

  /**
   * Values that the handler reports, from now on, until the outcome is there. Values come live and are
   * not stored; a reader who is slow misses old ones. Fails with `unknown`, `forgotten`.
   */
  progress(): AsyncGenerator<Progress<C>, void, undefined> {
    const values = progressOf(this.#bound, this.id, () => checkKnown(this.#bound, this.id))
    return values as AsyncGenerator<Progress<C>, void, undefined>
  }

  /** True when this call ended the message as `canceled`; false when it had its outcome before. */
  cancel(reason?: string): Promise<boolean> {
    return this.#bound.engine.cancel(this.id, reason)
  }
}

const codeOf = (outcome: Outcome<AnyContract>): string =>
  outcome.ok ? 'ok' : (outcome as FailedOutcome<AnyContract>).error.code

/** Fails with `unknown` for an id never accepted, `forgotten` for one whose outcome is gone. */
export async function checkKnown(bound: Bound, id: string): Promise<void> {
  await bound.loaded()
  const { state } = await bound.engine.answer(id)
  if (state === 'unknown') {
    throw new HomingError(
      'unknown',
      `no message with the id "${id}" was ever accepted here; check the id and the data directory`,
      { id },
    )
  }
  if (state === 'forgotten') {
    throw new HomingError(
      'forgotten',
      `the outcome of message "${id}" was removed by retention; keep outcomes longer with retain`,
      { id },
    )
  }
}
