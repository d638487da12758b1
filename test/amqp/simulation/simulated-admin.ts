/*
 * A client that declares, counts, purges and deletes, and waits for each answer.
 */

import type { Method } from '../../../src/amqp/protocol/methods.ts'
import type { Site } from './site.ts'
import { argumentsOf, exchanges, type QueuePlan } from './topology.ts'
import type { ChannelEnd, WireClient } from './wire-client.ts'

type Wanted = (answer: Method | undefined) => void

export class SimulatedAdmin implements ChannelEnd {
  readonly client: WireClient
  readonly #site: Site
  readonly #channel: number
  #isOver = false
  /** Who waits for the next answers, in order. */
  readonly #waiting: Wanted[] = []

  constructor(site: Site) {
    this.#site = site
    this.client = site.connect()
    this.#channel = this.client.open(this)
    this.client.flush()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0
  }

  /** Undefined when the channel is closed instead. */
  call(method: Method): Promise<Method | undefined> {
    if (this.#isOver) return Promise.resolve(undefined)
    this.client.send(this.#channel, method)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  async declareAll(): Promise<boolean> {
    for (const { name: exchange, type } of exchanges) {
      const kind = { durable: true, autoDelete: false, internal: false, passive: false }
      const rest = { nowait: false, args: new Map() }
      void this.call({ name: 'exchange.declare', exchange, type, ...kind, ...rest })
    }
    const all = this.#site.plan.queues.map((queue) => this.declare(queue))
    this.client.flush()
    return (await Promise.all(all)).every((declared) => declared)
  }

  /** The queue and its bindings. Flush afterwards. */
  async declare(queue: QueuePlan): Promise<boolean> {
    const { name, durable, fan, patterns } = queue
    const bits = { exclusive: false, autoDelete: false, nowait: false }
    const declared = this.call({
      ...{ name: 'queue.declare', queue: name, passive: false, durable },
      ...{ ...bits, args: argumentsOf(queue) },
    } as Method)
    const bind = (exchange: string, routingKey: string) => {
      const on = { exchange, routingKey, nowait: false, args: new Map() }
      return this.call({ name: 'queue.bind', queue: name, ...on })
    }
    const bound = [
      ...(fan ? [bind('fan', '')] : []),
      ...(name === 'dead' ? [bind('dlx', '')] : []),
      ...patterns.map((pattern) => bind('top', pattern)),
    ]
    const answers = await Promise.all([declared, ...bound])
    if (answers.some((answer) => answer === undefined)) return false
    this.#site.inFlux.delete(name)
    this.#site.history.record({ kind: 'declared', queue: name })
    return true
  }

  /** How many are ready in each queue. */
  async count(): Promise<ReadonlyMap<string, number> | undefined> {
    const names = this.#site.plan.queues.map(({ name }) => name)
    const all = names.map((queue) => this.#passive(queue))
    this.client.flush()
    const counts = await Promise.all(all)
    if (counts.includes(undefined)) return undefined
    return new Map(names.map((name, n) => [name, counts[n] as number]))
  }

  /** `quiet`: nothing else is going on, so the count can be checked. */
  async purge(queue: string, quiet: boolean): Promise<void> {
    this.#site.history.record({ kind: 'purging', queue })
    const purged = this.call({ name: 'queue.purge', queue, nowait: false })
    this.client.flush()
    const answer = await purged
    if (answer?.name !== 'queue.purge-ok') return
    this.#site.history.record({ kind: 'purged', queue, count: answer.messageCount, quiet })
  }

  /** Deletes it, and declares it again. */
  async remove(plan: QueuePlan, quiet: boolean): Promise<void> {
    const { name: queue } = plan
    this.#site.deleting(queue)
    const bits = { ifUnused: false, ifEmpty: false, nowait: false }
    const deleted = this.call({ name: 'queue.delete', queue, ...bits })
    this.client.flush()
    const answer = await deleted
    if (answer?.name !== 'queue.delete-ok') return
    this.#site.history.record({ kind: 'deleted', queue, count: answer.messageCount, quiet })
    const declared = this.declare(plan)
    this.client.flush()
    await declared
  }

  heard(method: Method): void {
    if (method.name !== 'channel.open-ok') this.#waiting.shift()?.(method)
  }

  over(): void {
    this.#isOver = true
    for (const told of this.#waiting.splice(0)) told(undefined)
  }

  async #passive(queue: string): Promise<number | undefined> {
    const bits = { durable: false, exclusive: false, autoDelete: false, nowait: false }
    const passive = { passive: true, ...bits, args: new Map() }
    const answer = await this.call({ name: 'queue.declare', queue, ...passive })
    return answer?.name === 'queue.declare-ok' ? answer.messageCount : undefined
  }
}
