import type {
  AnyContract,
  ErrorData,
  ErrorName,
  Parsed,
  Reported,
  Returned,
} from '../contract/contract.ts'
import type { Duration } from '../duration.ts'
import type { OpenDelivery } from './open-delivery.ts'

/** Arguments of `fail`: the data may be left out where the declared schema accepts `undefined`. */
export type FailArguments<C extends AnyContract, K extends ErrorName<C>> =
  undefined extends ErrorData<C, K>
    ? [code: K, data?: ErrorData<C, K>]
    : [code: K, data: ErrorData<C, K>]

/** What every delivery tells, alone or in a batch. */
export interface DeliveryFacts<C extends AnyContract> {
  readonly id: string
  /** Parsed by the contract's input schema: defaults and transforms applied. */
  readonly input: Parsed<C>
  /** 1 on the first delivery, rises by 1 with each. */
  readonly attempt: number
  /** False means never delivered before, not even before a crash. */
  readonly redelivered: boolean
  /** Aborted when the attempt times out, the message expires or is canceled, or the consumer shuts down. */
  readonly signal: AbortSignal
  readonly headers: Readonly<Record<string, string>>
  readonly key: string | undefined
  /** When the message expires; undefined when never. */
  readonly deadline: Date | undefined
  /** Id of the message whose handler sent this one. */
  readonly parentId: string | undefined
  /** Tells whoever watches the receipt; not stored. Throws `invalid` when the value does not fit. */
  readonly progress: (value: Reported<C>) => void | Promise<void>
}

/** One message in the hands of a handler. Its functions work when taken out of it. */
export interface Delivery<C extends AnyContract> extends DeliveryFacts<C> {
  /** `throw fail('NotAnImage', { mime })`: a declared error, final, not retried. */
  readonly fail: <K extends ErrorName<C>>(...failure: FailArguments<C, K>) => Error
  /** `throw retryIn('5s')`: tried again after this delay; the attempt counts. */
  readonly retryIn: (delay: Duration, because?: unknown) => Error
  /** `throw reject('no longer wanted')`: refused for good, outcome `rejected`. */
  readonly reject: (reason: string) => Error
}

const noHeaders: Readonly<Record<string, string>> = Object.freeze({})

/** One message of a batch. Its functions settle it at once, whatever becomes of the others. */
export interface BatchDelivery<C extends AnyContract> extends DeliveryFacts<C> {
  readonly done: (value: Returned<C>) => void
  readonly fail: <K extends ErrorName<C>>(...failure: FailArguments<C, K>) => void
  readonly retryIn: (delay: Duration, because?: unknown) => void
  readonly reject: (reason: string) => void
}

/** Where the functions of a delivery come from; those of a single one are the same for all. */
export interface DeliveryTools {
  done(open: OpenDelivery): ((value: unknown) => void) | undefined
  fail(open: OpenDelivery): (code: string, data: unknown) => Error | undefined
  retryIn(open: OpenDelivery): (delay: Duration, because?: unknown) => Error | undefined
  reject(open: OpenDelivery): (reason: string) => Error | undefined
  progress(open: OpenDelivery): (value: unknown) => void | Promise<void>
}

/** Costs two fields a message; everything else is made when read. */
export class DeliveryView {
  readonly input: unknown
  readonly #open: OpenDelivery
  readonly #tools: DeliveryTools

  constructor(open: OpenDelivery, tools: DeliveryTools, input: unknown) {
    this.#open = open
    this.#tools = tools
    this.input = input
  }

  get id(): string {
    return this.#open.delivery.message.id
  }

  get attempt(): number {
    return this.#open.delivery.attempt
  }

  get redelivered(): boolean {
    return this.#open.delivery.redelivered
  }

  get signal(): AbortSignal {
    return this.#open.signal
  }

  get headers(): Readonly<Record<string, string>> {
    return this.#open.delivery.message.meta?.headers ?? noHeaders
  }

  get key(): string | undefined {
    return this.#open.delivery.message.meta?.key
  }

  get parentId(): string | undefined {
    return this.#open.delivery.message.meta?.parentId
  }

  get deadline(): Date | undefined {
    const { deadlineAtMs } = this.#open.delivery.message
    return Number.isFinite(deadlineAtMs) ? new Date(deadlineAtMs) : undefined
  }

  get progress(): ReturnType<DeliveryTools['progress']> {
    return this.#tools.progress(this.#open)
  }

  get done(): ReturnType<DeliveryTools['done']> {
    return this.#tools.done(this.#open)
  }

  get fail(): ReturnType<DeliveryTools['fail']> {
    return this.#tools.fail(this.#open)
  }

  get retryIn(): ReturnType<DeliveryTools['retryIn']> {
    return this.#tools.retryIn(this.#open)
  }

  get reject(): ReturnType<DeliveryTools['reject']> {
    return this.#tools.reject(this.#open)
  }
}
