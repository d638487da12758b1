/*
 * A queue contract: one object from which the types of producer, consumer and errors follow.
 *
 *   producer ── Input ──▶ [ input schema ] ──▶ Parsed ── handler
 *   producer ◀─ Output ── [ output schema ] ◀─ Returned ──┘        errors and progress likewise
 *
 * Left of a schema is its input type, right of it its output type; what travels is always the left
 * one, checked where it is made and parsed where it is read (docs/adr/0003-client-over-a-port.md).
 * `'~types'` exists for the compiler only.
 */

import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { QueueSettings } from '../engine.ts'
import type { Backoff } from '../message/message.ts'
import type { Codec } from './codec.ts'
import type { Delay } from './retry.ts'

/** Any Standard Schema: zod, valibot, arktype and others. */
export type Schema = StandardSchemaV1
export type ErrorSchemas = Readonly<Record<string, Schema>>

/** What a contract knows about its messages, for the compiler. */
export interface ContractTypes {
  readonly name: string
  readonly input: unknown
  readonly parsed: unknown
  readonly returned: unknown
  readonly output: unknown
  readonly errors: ErrorSchemas
  readonly reported: unknown
  readonly progress: unknown
}

/** Made by `queue()`; frozen. Durations are milliseconds, defaults are filled in. */
export interface Contract<T extends ContractTypes = ContractTypes> {
  readonly name: T['name']
  readonly '~types'?: T
  readonly input: Schema | undefined
  readonly output: Schema | undefined
  readonly errors: ReadonlyMap<string, Schema>
  readonly progress: Schema | undefined
  readonly inputCodec: Codec
  readonly outputCodec: Codec
  readonly withinMs: number
  readonly timeoutMs: number
  readonly attempts: number
  readonly priority: number
  /** Milliseconds from the failure of an attempt to the next one. */
  readonly delay: Delay
  /** The contract's own backoff, as it travels with each message for consumers that know none. */
  readonly backoffMeta: { readonly backoff: Backoff } | undefined
  /** Undefined when the contract says nothing at all: then an existing queue is left as it is. */
  readonly settings: QueueSettings | undefined
}

export type AnyContract = Contract

type TypesOf<C extends AnyContract> = NonNullable<C['~types']>

/** The queue's name, as a literal. */
export type NameOf<C extends AnyContract> = C['name']
/** What a producer passes to `send` and `call`. */
export type Input<C extends AnyContract> = TypesOf<C>['input']
/** What a consumer's handler sees: defaults and transforms applied. */
export type Parsed<C extends AnyContract> = TypesOf<C>['parsed']
/** What a consumer's handler returns. */
export type Returned<C extends AnyContract> = TypesOf<C>['returned']
/** What a producer gets. */
export type Output<C extends AnyContract> = TypesOf<C>['output']
/** What a handler passes to `progress`. */
export type Reported<C extends AnyContract> = TypesOf<C>['reported']
/** What `receipt.progress()` yields. */
export type Progress<C extends AnyContract> = TypesOf<C>['progress']
export type Errors<C extends AnyContract> = TypesOf<C>['errors']
/** Names of the errors the contract declares. */
export type ErrorName<C extends AnyContract> = keyof Errors<C> & string
/** What a handler passes with a declared error. */
export type ErrorData<C extends AnyContract, K extends ErrorName<C>> = StandardSchemaV1.InferInput<
  Errors<C>[K]
>
/** What a producer gets with a declared error. */
export type ErrorDataSeen<
  C extends AnyContract,
  K extends ErrorName<C>,
> = StandardSchemaV1.InferOutput<Errors<C>[K]>
