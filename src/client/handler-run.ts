/*
 * One message at a time in each handler: parse the input, run the handler, answer.
 * A handler or schema that answers at once is settled at once, without a promise in between.
 */

import type { AnyContract, Returned } from '../contract/contract.ts'
import type { Checked } from '../contract/validation.ts'
import { Answering } from './answering.ts'
import { readValue } from './body.ts'
import type { BoundContract } from './bound-contract.ts'
import type { ReadConsumerOptions } from './consumer-options.ts'
import { type Delivery, type DeliveryTools, DeliveryView } from './delivery.ts'
import type { OpenDelivery } from './open-delivery.ts'
import { reportProgress } from './progress.ts'
import { runAs } from './running-work.ts'
import { failVerdict, rejectVerdict, retryVerdict } from './verdict.ts'

export type Handler<C extends AnyContract> = (
  delivery: Delivery<C>,
) => Returned<C> | Promise<Returned<C>>

/** A handler as it is run, of whatever contract. */
export type AnyHandler = (view: DeliveryView) => unknown

export class HandlerRun {
  readonly #contract: AnyContract
  readonly #handler: AnyHandler
  readonly #timeoutMs: number
  readonly #answering: Answering
  readonly #tools: DeliveryTools

  constructor(bound: BoundContract, handler: AnyHandler, options: ReadConsumerOptions) {
    const { contract } = bound
    this.#contract = contract
    this.#handler = handler
    this.#timeoutMs = options.timeoutMs
    this.#answering = new Answering(contract, options.delay, bound.log)
    this.#tools = deliveryTools(bound)
  }

  begin(open: OpenDelivery): void {
    if (this.#timeoutMs > 0) open.after(this.#timeoutMs, () => open.timeOut())
    const { contentType, body } = open.delivery.message
    const { input, inputCodec } = this.#contract
    const checked = readValue(input, inputCodec, contentType, body)
    if (checked instanceof Promise) {
      checked.then(
        (late) => this.#run(open, late),
        (error: unknown) => this.#answering.threw(open, error),
      )
    } else this.#run(open, checked)
  }

  #run(open: OpenDelivery, checked: Checked): void {
    if (open.state === 'ended') return
    if (!checked.fits) {
      this.#answering.invalid(open, 'input', checked.issues)
      return
    }
    let returned: unknown
    try {
      const view = new DeliveryView(open, this.#tools, checked.value)
      returned =
        open.trace === undefined
          ? runAs(open, this.#handler, view)
          : open.trace.within(() => runAs(open, this.#handler, view))
    } catch (error) {
      this.#threw(open, error)
      return
    }
    if (!isThenable(returned)) this.#returned(open, returned)
    else {
      returned.then(
        (value) => this.#returned(open, value),
        (error: unknown) => this.#threw(open, error),
      )
    }
  }

  #returned(open: OpenDelivery, value: unknown): void {
    if (open.done()) this.#answering.returned(open, value)
  }

  #threw(open: OpenDelivery, error: unknown): void {
    if (open.done()) this.#answering.threw(open, error)
  }
}

function deliveryTools(bound: BoundContract): DeliveryTools {
  const { name, errors } = bound.contract
  const fail = (code: string, data: unknown): Error => failVerdict(errors, name, code, data)
  return {
    done: () => undefined,
    fail: () => fail,
    retryIn: () => retryVerdict,
    reject: () => rejectVerdict,
    progress: (open) => (value) => reportProgress(bound, open, value),
  }
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    value instanceof Promise ||
    (typeof value === 'object' &&
      value !== null &&
      typeof (value as { then?: unknown }).then === 'function')
  )
}
