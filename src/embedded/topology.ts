/*
 * Queues, exchanges and bindings: what is declared, its `topology` records, and where a message goes.
 * A record is the JSON of one change; a checkpoint holds the whole.
 */

import type { QueueSettings } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Later } from '../later.ts'
import type { Message } from '../message/message.ts'
import { checkScopedName } from '../name.ts'
import type { Core } from './core.ts'
import { recordTypes } from './journal/record.ts'
import type { LiveQueue } from './live-queue.ts'
import type { Exchange, ExchangeSettings } from './routing/exchange.ts'
import { tableFrom } from './routing/header-value.ts'
import type { BindingMatch, BindingTarget, Routing } from './routing/routing.ts'
import {
  type PlainBinding,
  type PlainExchange,
  plainBinding,
  plainExchange,
} from './routing/routing-snapshot.ts'

export type TopologyRecord =
  | {
      readonly op: 'queue'
      readonly number: number
      readonly name: string
      readonly settings: QueueSettings
    }
  | { readonly op: 'queue-deleted'; readonly number: number }
  | { readonly op: 'exchange'; readonly exchange: PlainExchange }
  | { readonly op: 'exchange-deleted'; readonly name: string }
  | { readonly op: 'bind' | 'unbind'; readonly binding: PlainBinding }

/** Applies a change to the routing; recovery does it with what it reads. */
export function applyRouting(
  routing: Routing,
  record: Exclude<TopologyRecord, { op: 'queue' | 'queue-deleted' }>,
): void {
  switch (record.op) {
    case 'exchange': {
      const { name, args, ...settings } = record.exchange
      routing.declareExchange(name, { ...settings, ...(args && { args: tableFrom(args) }) })
      return
    }
    case 'exchange-deleted':
      routing.deleteExchange(record.name)
      return
    case 'bind':
    case 'unbind': {
      const { source, kind, destination, routingKey, args } = record.binding
      const on = { routingKey, ...(args && { args: tableFrom(args) }) }
      routing[record.op](source, { kind, name: destination }, on)
      return
    }
    default:
      record satisfies never
  }
}

export class Topology {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** The queue, when it was made or changed; undefined when it is as asked already. */
  declareQueue(name: string, asked: QueueSettings): LiveQueue | undefined {
    const live = this.#core.queue(name)
    const settings = withPaused(asked, live?.paused === true)
    if (!live) return this.#make(name, settings)
    return this.#change(live, settings)
  }

  /** Undefined when it is so already. Fails with `queue-unknown`. */
  setPaused(name: string, paused: boolean): LiveQueue | undefined {
    const live = this.#core.queue(name)
    if (!live) throw queueUnknown(name)
    return this.#change(live, withPaused(live.queue.settings, paused))
  }

  #change(live: LiveQueue, settings: QueueSettings): LiveQueue | undefined {
    const { name, number } = live.queue
    if (sameSettings(live.queue.settings, settings)) return undefined
    live.change(settings)
    if (live.durable) this.#write({ op: 'queue', number, name, settings })
    return live
  }

  /**
   * Out of sight at once, with its bindings; on record when `discard` has ended what was in it.
   * A promise when that takes time.
   */
  deleteQueue(live: LiveQueue, discard: () => Later<void>): Later<void> {
    const { state } = this.#core
    const { name, number } = live.queue
    if (state.queues.get(name) !== live) return
    state.queues.delete(name)
    live.deleted = true
    this.#core.tally.removed(live)
    const { unused } = state.routing.removeQueue(name)
    const end = (): void => {
      state.numbered.delete(number)
      if (live.durable) this.#write({ op: 'queue-deleted', number })
      for (const exchange of unused) this.deleteExchange(exchange)
    }
    const discarded = discard()
    return discarded ? discarded.then(end) : end()
  }

  /** Ends what is left of queues that were being deleted, and whose names were taken anew, at a crash. */
  finishDeletions(discard: (live: LiveQueue) => Later<void>): void {
    const { state } = this.#core
    for (const live of [...state.numbered.values()]) {
      const { name, number } = live.queue
      if (state.queues.get(name) === live) continue
      live.deleted = true
      const end = (): void => {
        state.numbered.delete(number)
        this.#write({ op: 'queue-deleted', number })
      }
      const discarded = discard(live)
      if (discarded) {
        discarded.then(end, (error) => this.#core.onProblem(`ending queue "${name}": ${error}`))
      } else end()
    }
  }

  /** The queue of that name, made with standard settings when it is not there. */
  queue(name: string): LiveQueue {
    return this.#core.queue(name) ?? this.#make(name, {})
  }

  #make(name: string, settings: QueueSettings): LiveQueue {
    checkScopedName(name, 'the queue name')
    const { state } = this.#core
    const live = state.addQueue(state.nextQueueNumber, name, settings, this.#core.nowMs())
    if (live.durable) this.#write({ op: 'queue', number: live.queue.number, name, settings })
    return live
  }

  #write(record: TopologyRecord): void {
    const { journal } = this.#core
    journal.begin().raw(Buffer.from(JSON.stringify(record)))
    journal.end(recordTypes.topology)
  }

  /** Makes the exchange. Fails with `exchange-conflict`, `bad-name`, `bad-argument`. */
  declareExchange(name: string, settings: ExchangeSettings): void {
    const { routing } = this.#core.state
    if (!routing.declareExchange(name, settings)) return
    const exchange = routing.exchange(name) as Exchange
    if (exchange.durable) this.#write({ op: 'exchange', exchange: plainExchange(exchange) })
  }

  deleteExchange(name: string): void {
    const { routing } = this.#core.state
    const exchange = routing.exchange(name)
    if (!exchange) return
    const { unused } = routing.deleteExchange(name)
    if (exchange.durable) this.#write({ op: 'exchange-deleted', name })
    for (const other of unused) this.deleteExchange(other)
  }

  /** Fails with `queue-unknown`, `exchange-unknown`, `bad-argument`. */
  bind(source: string, to: BindingTarget, on: BindingMatch = {}): void {
    if (to.kind === 'queue' && !this.#core.queue(to.name)) {
      throw new HomingError(
        'queue-unknown',
        `there is no queue "${to.name}"; declare it before binding it`,
      )
    }
    if (!this.#core.state.routing.bind(source, to, on)) return
    if (this.#isKept(source, to))
      this.#write({ op: 'bind', binding: bindingRecord(source, to, on) })
  }

  unbind(source: string, to: BindingTarget, on: BindingMatch = {}): void {
    const { removed, unused } = this.#core.state.routing.unbind(source, to, on)
    if (removed.length === 0) return
    if (this.#isKept(source, to)) {
      this.#write({ op: 'unbind', binding: bindingRecord(source, to, on) })
    }
    for (const exchange of unused) this.deleteExchange(exchange)
  }

  /** A binding outlives the process when both its ends do. */
  #isKept(source: string, to: BindingTarget): boolean {
    const { routing } = this.#core.state
    const isDurable = (name: string): boolean => routing.exchange(name)?.durable !== false
    const target = to.kind === 'exchange' ? isDurable(to.name) : this.#core.queue(to.name)?.durable
    return isDurable(source) && target === true
  }

  /** The queues a message goes to. Fails with `unroutable`, `exchange-unknown`. */
  route(message: Message): readonly LiveQueue[] {
    const { exchange, routingKey } = message
    if (exchange === '') return [this.queue(routingKey)]
    const headers = message.meta?.headers ?? {}
    const names = this.#core.state.routing.route(exchange, routingKey, {
      get: (name) => (Object.hasOwn(headers, name) ? headers[name] : undefined),
    })
    if (names.length > 0) return names.map((name) => this.queue(name))
    throw new HomingError(
      'unroutable',
      `no queue is bound to exchange "${exchange}" for routing key "${routingKey}"; bind one and send again`,
      { id: message.id },
    )
  }
}

/** A setting of its own: whoever declares the queue leaves it as it is. */
const withPaused = ({ paused: _, ...settings }: QueueSettings, paused: boolean): QueueSettings =>
  paused ? { ...settings, paused } : settings

export const queueUnknown = (name: string): HomingError =>
  new HomingError('queue-unknown', `there is no queue "${name}"; look at the list of queues`)

const bindingRecord = (source: string, to: BindingTarget, on: BindingMatch): PlainBinding =>
  plainBinding({
    source,
    kind: to.kind,
    destination: to.name,
    routingKey: on.routingKey ?? '',
    args: on.args ?? new Map(),
  })

/** Whether declaring again with these settings would change nothing. */
const sameSettings = (a: QueueSettings, b: QueueSettings): boolean =>
  JSON.stringify(sorted(a)) === JSON.stringify(sorted(b))

function sorted(value: object): unknown {
  return Object.entries(value)
    .filter(([, setting]) => setting !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, setting]) => [
      name,
      typeof setting === 'object' && setting !== null ? sorted(setting) : setting,
    ])
}
