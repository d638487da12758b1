import { defaultExchange } from '../embedded/routing/exchange.ts'
import { baseName, scopedName } from '../scoped-name.ts'
import type { HostExchanges } from './host-exchanges.ts'
import type { HostParts } from './host-parts.ts'
import type { HostQueue } from './host-queue.ts'
import type { HostQueues } from './host-queues.ts'
import { type PolicySubject, policiesInForce } from './policy.ts'
import type { BindingView, ExchangeView, PoliciesView, QueueView, VirtualHostView } from './view.ts'

export interface HostViewParts extends Pick<HostParts, 'door' | 'definitions'> {
  readonly queues: HostQueues
  readonly exchanges: HostExchanges
}

export class HostView implements VirtualHostView {
  readonly #parts: HostViewParts
  readonly #virtualHost: string

  constructor(parts: HostViewParts) {
    this.#parts = parts
    this.#virtualHost = parts.queues.virtualHost
  }

  get queueCount(): number {
    return this.#parts.queues.count
  }

  queues(): readonly QueueView[] {
    return this.#parts.queues.all().map((queue) => this.#queueView(queue))
  }

  queue(name: string): QueueView | undefined {
    const queue = this.#parts.queues.find(name)
    return queue && this.#queueView(queue)
  }

  exchanges(): readonly ExchangeView[] {
    const { routing } = this.#parts.door
    return routing.exchangesOf(this.#virtualHost).map((exchange) => {
      const name = baseName(exchange.name)
      return { name, exchange, ...this.#policies(name, 'exchange') }
    })
  }

  exchange(name: string): ExchangeView | undefined {
    const exchange = this.#parts.exchanges.find(name)
    return exchange && { name, exchange, ...this.#policies(name, 'exchange') }
  }

  bindings(): readonly BindingView[] {
    return this.exchanges().flatMap(({ name }) => this.bindingsFrom(name))
  }

  bindingsFrom(exchange: string): readonly BindingView[] {
    if (exchange === defaultExchange)
      return this.#parts.queues.all().map(({ name }) => implicitBinding(name))
    const { routing } = this.#parts.door
    return routing.bindingsFrom(scopedName(this.#virtualHost, exchange)).map(bindingView)
  }

  bindingsTo(kind: 'queue' | 'exchange', name: string): readonly BindingView[] {
    const { routing } = this.#parts.door
    const bound = routing.bindingsTo(kind, scopedName(this.#virtualHost, name)).map(bindingView)
    const isQueue = kind === 'queue' && this.#parts.queues.find(name) !== undefined
    return isQueue ? [implicitBinding(name), ...bound] : bound
  }

  bindingCountFrom(exchange: string): number {
    if (exchange === defaultExchange) return this.queueCount
    return this.#parts.door.routing.bindingsFrom(scopedName(this.#virtualHost, exchange)).length
  }

  bindingCountTo(kind: 'queue' | 'exchange', name: string): number {
    return this.#parts.door.routing.bindingsTo(kind, scopedName(this.#virtualHost, name)).length
  }

  #queueView({ name, live, declared, owner, exclusiveConsumer }: HostQueue): QueueView {
    const [first] = live.subscribers
    const { settings } = live.queue
    const tag = (exclusiveConsumer as { consumerTag?: string } | undefined)?.consumerTag
    return {
      name,
      engineName: live.queue.name,
      type: declared.type,
      durable: live.durable,
      exclusive: declared.exclusive,
      autoDelete: declared.autoDelete,
      args: declared.args,
      isLibrarys: declared.foreign,
      ownerConnection: owner?.connectionName,
      exclusiveConsumer: tag,
      singleActiveConsumer: settings.singleActive ? first?.options.consumerName : undefined,
      ...(declared.foreign ? nothing : this.#policies(name, declared.type)),
    }
  }

  #policies(name: string, kind: PolicySubject['kind']): PoliciesView {
    const virtualHost = this.#virtualHost
    return policiesInForce(this.#parts.definitions, { virtualHost, name, kind })
  }
}

const nothing: PoliciesView = {
  policy: undefined,
  operatorPolicy: undefined,
  effective: new Map(),
}

/** Every queue is bound to the default exchange by its name. */
const implicitBinding = (queue: string): BindingView => ({
  source: defaultExchange,
  kind: 'queue',
  destination: queue,
  routingKey: queue,
  args: new Map(),
})

const bindingView = (binding: BindingView): BindingView => ({
  source: baseName(binding.source),
  kind: binding.kind,
  destination: baseName(binding.destination),
  routingKey: binding.routingKey,
  args: binding.args,
})
