/*
 * What there is to see of a virtual host: queues, exchanges and bindings as they were declared, and what
 * policies make of them. Whoever shows it asks first what the user may see; here nothing is checked.
 */

import type { Exchange } from '../embedded/routing/exchange.ts'
import type { HeaderTable } from '../embedded/routing/header-value.ts'
import type { PolicySettings } from './definitions.ts'
import type { QueueType } from './queue-arguments.ts'

/** The policies that are in force, by name, and what they set together. */
export interface PoliciesView {
  readonly policy: string | undefined
  readonly operatorPolicy: string | undefined
  readonly effective: PolicySettings
}

export interface QueueView extends PoliciesView {
  readonly name: string
  /** As the engine has it. */
  readonly engineName: string
  readonly type: QueueType
  readonly durable: boolean
  readonly exclusive: boolean
  readonly autoDelete: boolean
  readonly args: HeaderTable
  /** Made by the library. */
  readonly isLibrarys: boolean
  /** Name of the connection whose it is, when it is exclusive. */
  readonly ownerConnection: string | undefined
  readonly exclusiveConsumer: string | undefined
  /** The one that is served, where there is to be only one. */
  readonly singleActiveConsumer: string | undefined
}

export interface ExchangeView extends PoliciesView {
  readonly name: string
  readonly exchange: Exchange
}

/** Names are those of clients. */
export interface BindingView {
  readonly source: string
  readonly kind: 'queue' | 'exchange'
  readonly destination: string
  readonly routingKey: string
  readonly args: HeaderTable
}

export interface VirtualHostView {
  readonly queueCount: number
  queues(): readonly QueueView[]
  queue(name: string): QueueView | undefined
  exchanges(): readonly ExchangeView[]
  exchange(name: string): ExchangeView | undefined
  /** All, those of the default exchange included. */
  bindings(): readonly BindingView[]
  bindingsFrom(exchange: string): readonly BindingView[]
  /** How many, without a list of them. */
  bindingCountFrom(exchange: string): number
  bindingCountTo(kind: 'queue' | 'exchange', name: string): number
  bindingsTo(kind: 'queue' | 'exchange', name: string): readonly BindingView[]
}
