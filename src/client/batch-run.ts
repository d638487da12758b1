/*
 * Messages gathered into batches, with an outcome for each.
 *
 *   deliveries ──▶ forming ── full, or maxWait after the first ──▶ ready ── slot ──▶ handler(batch)
 *
 * A message is settled by its own `done`, `fail`, `retryIn` or `reject`, or by its place in the array
 * that the handler returns. What the handler leaves unsettled, also by throwing, is retried.
 */

import type { AnyContract, Returned } from '../contract/contract.ts'
import type { Checked } from '../contract/validation.ts'
import { HomingError } from '../errors.ts'
import { Answering } from './answering.ts'
import { readValue } from './body.ts'
import type { BoundContract } from './bound-contract.ts'
import type { ReadBatchOptions } from './consumer-options.ts'
import { type BatchDelivery, type DeliveryTools, DeliveryView } from './delivery.ts'
import { isThenable } from './handler-run.ts'
import type { OpenDelivery } from './open-delivery.ts'
import { reportProgress } from './progress.ts'
import { runAs } from './running-work.ts'
import type { Tracing } from './tracing.ts'
import { failVerdict, rejectVerdict, retryVerdict } from './verdict.ts'

/** Results in the order of the batch (an Error in a place retries that message), or nothing. */
// biome-ignore lint/suspicious/noConfusingVoidType: a handler that settles each message returns nothing
type BatchReturned<C extends AnyContract> = readonly (Returned<C> | Error)[] | undefined | void

export type BatchHandler<C extends AnyContract> = (
  batch: readonly BatchDelivery<C>[],
) => BatchReturned<C> | Promise<BatchReturned<C>>

export type AnyBatchHandler = (batch: readonly DeliveryView[]) => unknown

interface Member {
  readonly open: OpenDelivery
  readonly input: unknown
}

export class BatchRun {
  readonly #contract: AnyContract
  readonly #tracing: Tracing | undefined
  readonly #handler: AnyBatchHandler
  readonly #options: ReadBatchOptions
  readonly #answering: Answering
  readonly #tools: DeliveryTools
  #forming: Member[] = []
  #formingTimer: NodeJS.Timeout | undefined
  readonly #ready: Member[][] = []
  #running = 0

  constructor(bound: BoundContract, handler: AnyBatchHandler, options: ReadBatchOptions) {
    this.#contract = bound.contract
    this.#tracing = bound.tracing
    this.#handler = handler
    this.#options = options
    this.#answering = new Answering(bound.contract, options.delay, bound.log)
    this.#tools = batchTools(bound, this.#answering)
  }

  begin(open: OpenDelivery): void {
    const { contentType, body } = open.delivery.message
    const { input, inputCodec } = this.#contract
    const checked = readValue(input, inputCodec, contentType, body)
    if (checked instanceof Promise) {
      checked.then(
        (late) => this.#join(open, late),
        (error: unknown) => this.#answering.threw(open, error),
      )
    } else this.#join(open, checked)
  }

  #join(open: OpenDelivery, checked: Checked): void {
    if (open.state === 'ended') return
    if (!checked.fits) {
      this.#answering.invalid(open, 'input', checked.issues)
      return
    }
    this.#forming.push({ open, input: checked.value })
    if (this.#forming.length >= this.#options.batch) this.#formed()
    else if (this.#forming.length === 1) {
      this.#formingTimer = setTimeout(() => this.#formed(), this.#options.maxWaitMs)
    }
  }

  #formed(): void {
    clearTimeout(this.#formingTimer)
    this.#ready.push(this.#forming)
    this.#forming = []
    this.#runReady()
  }

  #runReady(): void {
    while (this.#running < this.#options.concurrency) {
      const batch = this.#ready.shift()
      if (batch === undefined) return
      // Some may have expired or been canceled while the batch was forming.
      const held = batch.filter(({ open }) => open.state !== 'ended')
      if (held.length > 0) this.#run(held)
    }
  }

  #run(batch: readonly Member[]): void {
    const { timeoutMs } = this.#options
    if (timeoutMs > 0) for (const { open } of batch) open.after(timeoutMs, () => open.timeOut())
    const views = batch.map(({ open, input }) => new DeliveryView(open, this.#tools, input))
    this.#running++
    let returned: unknown
    try {
      returned = this.#call(batch, views)
    } catch (error) {
      this.#threw(batch, error)
      return
    }
    if (!isThenable(returned)) this.#returned(batch, returned)
    else {
      returned.then(
        (value) => this.#returned(batch, value),
        (error: unknown) => this.#threw(batch, error),
      )
    }
  }

  /** What the handler does belongs to the whole batch: to the trace of none of its messages. */
  #call(batch: readonly Member[], views: readonly DeliveryView[]): unknown {
    if (this.#tracing === undefined) return runAs(undefined, this.#handler, views)
    const deliveries = batch.map(({ open }) => open.delivery)
    return this.#tracing.batch(this.#contract.name, deliveries, () =>
      runAs(undefined, this.#handler, views),
    )
  }

  #returned(batch: readonly Member[], returned: unknown): void {
    this.#running--
    const wrong = this.#wrongReturn(batch, returned)
    for (const [n, { open }] of batch.entries()) {
      if (!stillOpen(open)) continue
      const value = Array.isArray(returned) ? returned[n] : undefined
      if (wrong !== undefined) this.#answering.threw(open, wrong)
      else if (value instanceof Error) this.#answering.threw(open, value)
      else this.#answering.returned(open, value)
    }
    this.#runReady()
  }

  #wrongReturn(batch: readonly Member[], returned: unknown): Error | undefined {
    const { name, output } = this.#contract
    if (Array.isArray(returned)) {
      if (returned.length === batch.length) return undefined
      return wrongReturn(
        `a batch handler of queue "${name}" returned ${returned.length} results for ${batch.length} messages; return one for each, in order`,
      )
    }
    if (returned === undefined && output === undefined) return undefined
    return wrongReturn(
      `a batch handler of queue "${name}" left messages without a result; return an array, or call done, fail, retryIn or reject on each`,
    )
  }

  #threw(batch: readonly Member[], error: unknown): void {
    this.#running--
    for (const { open } of batch) if (stillOpen(open)) this.#answering.threw(open, error)
    this.#runReady()
  }
}

/** Messages that the handler answered itself are done; those taken away from it are late. */
function stillOpen(open: OpenDelivery): boolean {
  if (open.answered) return false
  open.answered = true
  return open.done()
}

function wrongReturn(text: string): Error {
  return new HomingError('bad-argument', text)
}

function batchTools(bound: BoundContract, answering: Answering): DeliveryTools {
  const { name, errors } = bound.contract
  return {
    done: (open) => (value) => {
      if (stillOpen(open)) answering.returned(open, value)
    },
    fail: (open) => (code, data) => {
      const { ruling } = failVerdict(errors, name, code, data)
      if (stillOpen(open)) answering.ruled(open, ruling)
      return undefined
    },
    retryIn: (open) => (delay, because) => {
      const { ruling } = retryVerdict(delay, because)
      if (stillOpen(open)) answering.ruled(open, ruling)
      return undefined
    },
    reject: (open) => (reason) => {
      const { ruling } = rejectVerdict(reason)
      if (stillOpen(open)) answering.ruled(open, ruling)
      return undefined
    },
    progress: (open) => (value) => reportProgress(bound, open, value),
  }
}
