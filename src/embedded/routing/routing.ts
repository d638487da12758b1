/*
 * Exchanges and bindings: which queues a message goes to.
 *
 *   publish ─▶ exchange ─binding─▶ queue
 *                  ├────binding─▶ exchange ─binding─▶ queue
 *                  └─ no binding matches ─▶ its alternate exchange
 *
 * Rule: a message goes once to each queue, however many ways lead there, and visits each exchange
 * once, so circles of bindings and alternates end. Queues are only names here: who removes a queue
 * tells `removeQueue`, and the default exchange answers with the routing key whether or not a queue
 * of that name exists.
 * Names are scoped to virtual hosts (scoped-name.ts). The predeclared exchanges are in each of them
 * without being declared: they are made here when they are first asked for.
 * Pure: no disk, no clock. It is rebuilt from its snapshot and the changes recorded since.
 */

import { HomingError } from '../../errors.ts'
import { checkName } from '../../name.ts'
import { baseName, scopedName, scopeEnd, virtualHostOf } from '../../scoped-name.ts'
import { type Binding, bindingKey, type DestinationKind } from './binding.ts'
import {
  assertEquivalent,
  defaultExchange,
  type Exchange,
  type ExchangeSettings,
  exchangeOf,
  isDefaultExchange,
  isPredeclared,
  matchingTypeOf,
  predeclaredExchanges,
} from './exchange.ts'
import { type ExchangeBindings, exchangeBindings } from './exchange-bindings.ts'
import {
  type Headers,
  type HeaderTable,
  type HeaderValue,
  type PlainEntry,
  tableFrom,
} from './header-value.ts'
import { RouteCache } from './route-cache.ts'
import { plainBinding, plainExchange, type RoutingSnapshot } from './routing-snapshot.ts'

/** What an unbinding, or a deletion of exchange or queue, led to. */
export interface Unbound {
  /** Bindings that went, in no order. */
  readonly removed: readonly Binding[]
  /** Auto-delete exchanges that lost their last binding by it: delete them, and look again. */
  readonly unused: readonly string[]
}

interface Node {
  /** As declared. */
  readonly declared: Exchange
  /** As it is in force: a policy may give it another alternate. */
  exchange: Exchange
  /** From here, by binding key. */
  readonly from: Map<string, Binding>
  readonly bindings: ExchangeBindings
}

interface Reached {
  readonly queues: Set<string>
  readonly seen: Set<Node>
}

interface Walked {
  readonly queues: ReadonlySet<string>
  /** Headers had a say, so the key alone does not tell the way. */
  readonly byHeaders: boolean
}

/** Where a binding leads, and on what it matches; nothing given matches the empty key. */
export interface BindingTarget {
  readonly kind: DestinationKind
  readonly name: string
}

export interface BindingMatch {
  readonly routingKey?: string
  readonly args?: HeaderTable
}

const nothing: readonly string[] = []
const noHeaders: Headers = new Map<string, HeaderValue>()
const noArgs: HeaderTable = new Map()
const cachedRoutesMax = 20_000

export class Routing {
  readonly #nodes = new Map<string, Node>()
  readonly #toQueue = new Map<string, Set<Binding>>()
  readonly #toExchange = new Map<string, Set<Binding>>()
  readonly #cache = new RouteCache(cachedRoutesMax)
  /** By virtual host. */
  readonly #bindingCounts = new Map<string, number>()
  #version = 0

  constructor() {
    for (const [name, settings] of predeclaredExchanges) this.#add(exchangeOf(name, settings))
  }

  /** Another number after every change of where messages go. */
  get version(): number {
    return this.#version
  }

  /**
   * Makes the exchange. True when it was made, false when it was there with the same settings.
   * Fails with `exchange-conflict`, `bad-name`, `bad-argument`.
   *
   * @example
   * routing.declareExchange('events', { type: 'topic', alternate: 'unrouted' })
   */
  declareExchange(name: string, settings: ExchangeSettings): boolean {
    this.#refuseDefault(name, 'declared')
    checkName(baseName(name), 'the exchange name')
    const received = exchangeOf(name, settings)
    const there = this.#find(name)
    if (there !== undefined) {
      assertEquivalent(there.declared, received)
      return false
    }
    this.#add(received)
    return true
  }

  /** Removes the exchange and every binding from and to it; nothing when it is not there. */
  deleteExchange(name: string): Unbound {
    if (isPredeclared(name))
      throw new HomingError('bad-argument', `exchange "${name}" is predeclared and stays`)
    const node = this.#nodes.get(name)
    if (node === undefined) return { removed: [], unused: [] }
    this.#nodes.delete(name)
    this.#changed()
    const outward = [...node.from.values()]
    for (const binding of outward) this.#unlink(binding)
    const inward = this.#removeAll(this.#toExchange.get(name) ?? [])
    return { removed: [...outward, ...inward.removed], unused: inward.unused }
  }

  /**
   * Binds a queue or an exchange. True when the binding is new. Whether the queue exists is for the
   * caller to know. Fails with `exchange-unknown`, `bad-argument`.
   */
  bind(source: string, to: BindingTarget, on: BindingMatch = {}): boolean {
    const binding = bindingOf(source, to, on)
    this.#refuseDefault(source, 'bound')
    const node = this.#node(source)
    if (to.kind === 'exchange') {
      this.#refuseDefault(to.name, 'bound')
      this.#node(to.name)
    }
    const key = bindingKey(binding)
    if (node.from.has(key)) return false
    node.bindings.add(binding)
    node.from.set(key, binding)
    this.#link(binding)
    this.#changed()
    return true
  }

  /** Removes the binding with exactly this key and these arguments; nothing when it is not there. */
  unbind(source: string, to: BindingTarget, on: BindingMatch = {}): Unbound {
    const asked = bindingOf(source, to, on)
    this.#refuseDefault(source, 'unbound')
    const binding = this.#nodes.get(source)?.from.get(bindingKey(asked))
    return this.#removeAll(binding === undefined ? [] : [binding])
  }

  /** The queue is gone, and its bindings with it. */
  removeQueue(name: string): Unbound {
    return this.#removeAll(this.#toQueue.get(name) ?? [])
  }

  /**
   * Names of the queues a message goes to, each once, in no order. The list is shared: do not change
   * it. Fails with `exchange-unknown`.
   *
   * @example
   * routing.route('events', 'photo.resized.42') // ['thumbnails', 'audit']
   */
  route(exchange: string, routingKey: string, headers: Headers = noHeaders): readonly string[] {
    if (exchange === defaultExchange || exchange.endsWith(scopeEnd)) return [exchange + routingKey]
    const known = this.#cache.get(exchange, routingKey)
    if (known !== undefined) return known
    const { queues, byHeaders } = this.#walk(this.#node(exchange), routingKey, headers)
    const names = queues.size === 0 ? nothing : [...queues]
    if (!byHeaders) this.#cache.set(exchange, routingKey, names)
    return names
  }

  exchange(name: string): Exchange | undefined {
    return this.#find(name)?.exchange
  }

  exchanges(): readonly Exchange[] {
    return [...this.#nodes.values()].map((node) => node.exchange)
  }

  /** All of a virtual host, the predeclared ones with them. */
  exchangesOf(virtualHost: string): readonly Exchange[] {
    for (const name of predeclaredExchanges.keys()) this.#find(scopedName(virtualHost, name))
    return this.exchanges().filter(({ name }) => virtualHostOf(name) === virtualHost)
  }

  /** The alternate exchange in force, by a policy; what was declared is what is kept and compared. */
  setAlternate(name: string, alternate: string | undefined): void {
    const node = this.#node(name)
    if (node.exchange.alternate === alternate) return
    node.exchange = { ...node.exchange, alternate }
    this.#changed()
  }

  /** The virtual host is gone, and before it whatever was declared in it. */
  forgetVirtualHost(virtualHost: string): void {
    for (const base of predeclaredExchanges.keys()) {
      const name = scopedName(virtualHost, base)
      if (this.#nodes.get(name)?.from.size === 0) this.#nodes.delete(name)
    }
    this.#changed()
  }

  /** In all virtual hosts, predeclared ones included. */
  get exchangeCount(): number {
    return this.#nodes.size
  }

  /** Bindings of a virtual host. */
  bindingCount(virtualHost: string): number {
    return this.#bindingCounts.get(virtualHost) ?? 0
  }

  hasBindingsFrom(exchange: string): boolean {
    return (this.#nodes.get(exchange)?.from.size ?? 0) > 0
  }

  bindingsFrom(exchange: string): readonly Binding[] {
    return [...(this.#nodes.get(exchange)?.from.values() ?? [])]
  }

  bindingsTo(kind: DestinationKind, name: string): readonly Binding[] {
    return [...(this.#destinations(kind).get(name) ?? [])]
  }

  /** Everything that was declared and bound, as JSON can hold it. */
  snapshot(): RoutingSnapshot {
    const nodes = [...this.#nodes.values()]
    const exchanges = nodes.map(({ declared }) => declared).filter(isDeclared)
    const bindings = nodes.flatMap(({ from }) => [...from.values()])
    return { exchanges: exchanges.map(plainExchange), bindings: bindings.map(plainBinding) }
  }

  /** What `snapshot` gave. */
  static restore({ exchanges, bindings }: RoutingSnapshot): Routing {
    const routing = new Routing()
    for (const { name, args, ...settings } of exchanges)
      routing.declareExchange(name, { ...settings, ...argsFrom(args) })
    for (const { source, kind, destination, routingKey, args } of bindings)
      routing.bind(source, { kind, name: destination }, { routingKey, ...argsFrom(args) })
    return routing
  }

  #walk(start: Node, routingKey: string, headers: Headers): Walked {
    const queues = new Set<string>()
    const seen = new Set([start])
    let byHeaders = false
    // The set grows while it is walked, which is how the walk goes on.
    for (const node of seen) {
      byHeaders ||= node.exchange.type === 'headers'
      const { name } = node.exchange
      if (isDefaultExchange(name)) queues.add(name + routingKey)
      else if (!this.#follow(node, routingKey, headers, { queues, seen })) this.#instead(node, seen)
    }
    return { queues, byHeaders }
  }

  /** Whether any binding matched. */
  #follow(node: Node, routingKey: string, headers: Headers, reached: Reached): boolean {
    let matched = false
    node.bindings.match(routingKey, headers, ({ kind, destination }) => {
      matched = true
      const next = kind === 'queue' ? undefined : this.#nodes.get(destination)
      if (kind === 'queue') reached.queues.add(destination)
      else if (next !== undefined) reached.seen.add(next)
    })
    return matched
  }

  #instead({ exchange: { alternate } }: Node, seen: Set<Node>): void {
    const next = alternate === undefined ? undefined : this.#find(alternate)
    if (next !== undefined) seen.add(next)
  }

  #add(exchange: Exchange): Node {
    const bindings = exchangeBindings(matchingTypeOf(exchange))
    const node = { declared: exchange, exchange, from: new Map<string, Binding>(), bindings }
    this.#nodes.set(exchange.name, node)
    this.#changed()
    return node
  }

  #changed(): void {
    this.#version++
    this.#cache.clear()
  }

  #find(name: string): Node | undefined {
    const node = this.#nodes.get(name)
    if (node !== undefined) return node
    const settings = predeclaredExchanges.get(baseName(name))
    return settings && this.#add(exchangeOf(name, settings))
  }

  #node(name: string): Node {
    const node = this.#find(name)
    if (node !== undefined) return node
    throw new HomingError(
      'exchange-unknown',
      `there is no exchange "${name}"; declare it before binding to it or publishing to it`,
    )
  }

  #destinations(kind: DestinationKind): Map<string, Set<Binding>> {
    return kind === 'queue' ? this.#toQueue : this.#toExchange
  }

  #link(binding: Binding): void {
    const destinations = this.#destinations(binding.kind)
    const there = destinations.get(binding.destination)
    if (there === undefined) destinations.set(binding.destination, new Set([binding]))
    else there.add(binding)
    this.#count(binding, 1)
  }

  #unlink(binding: Binding): void {
    const destinations = this.#destinations(binding.kind)
    const there = destinations.get(binding.destination)
    if (!there?.delete(binding)) return
    if (there.size === 0) destinations.delete(binding.destination)
    this.#count(binding, -1)
  }

  #count({ source }: Binding, change: 1 | -1): void {
    const virtualHost = virtualHostOf(source)
    const count = this.bindingCount(virtualHost) + change
    if (count > 0) this.#bindingCounts.set(virtualHost, count)
    else this.#bindingCounts.delete(virtualHost)
  }

  #removeAll(bindings: Iterable<Binding>): Unbound {
    const removed = [...bindings]
    const unused: string[] = []
    for (const binding of removed) {
      this.#unlink(binding)
      const node = this.#nodes.get(binding.source)
      if (node === undefined) continue
      node.bindings.delete(binding)
      node.from.delete(bindingKey(binding))
      if (node.from.size === 0 && node.exchange.autoDelete) unused.push(binding.source)
    }
    if (removed.length > 0) this.#changed()
    return { removed, unused }
  }

  #refuseDefault(name: string, done: string): void {
    if (isDefaultExchange(name))
      throw new HomingError('bad-argument', `the default exchange cannot be ${done}`)
  }
}

const isDeclared = ({ name }: Exchange): boolean => !isPredeclared(name)

const argsFrom = (args: readonly PlainEntry[] | undefined): { args?: HeaderTable } =>
  args === undefined ? {} : { args: tableFrom(args) }

const bindingOf = (source: string, to: BindingTarget, on: BindingMatch): Binding => ({
  source,
  kind: to.kind,
  destination: to.name,
  routingKey: on.routingKey ?? '',
  args: on.args === undefined ? noArgs : new Map(on.args),
})
