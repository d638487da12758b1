/*
 * A client that takes messages, on one channel with a connection of its own: consuming with or without
 * acknowledgement, or getting. It acknowledges, gives back, rejects, holds, cancels, closes, and drops.
 */

import type { Method, MethodNamed } from '../../../src/amqp/protocol/methods.ts'
import { received, tokenOf } from './drawn-message.ts'
import type { SettleHow } from './history.ts'
import type { Site } from './site.ts'
import type { ChannelEnd, Content, WireClient } from './wire-client.ts'

export interface Taking {
  readonly way: 'consume' | 'get'
  readonly noAck: boolean
  /** 0 for no limit. */
  readonly prefetch: number
  readonly global: boolean
  readonly exclusive: boolean
  readonly priority: number
  /** Acknowledgements go through a transaction. */
  readonly tx: boolean
  /** Everything is acknowledged at once. */
  readonly good: boolean
}

export const goodTaking: Taking = {
  way: 'consume',
  noAck: false,
  prefetch: 0,
  global: false,
  exclusive: false,
  priority: 0,
  tx: false,
  good: true,
}

interface Subscribed {
  readonly consumer: number
  readonly queue: string
  isCancelled: boolean
}

export interface Held {
  readonly queue: string
  readonly content: Content
}

export class SimulatedConsumer implements ChannelEnd {
  readonly taking: Taking
  readonly site: Site
  readonly client: WireClient
  readonly channel: number
  readonly #number: number
  readonly held = new Map<number, Held>()
  readonly #subscribed = new Map<string, Subscribed>()
  readonly #getting: string[] = []
  #lastTag = 0
  #isOver = false
  #hasLeft = false
  #tx: number
  #isRecovering = false

  constructor(site: Site, queues: readonly string[], taking: Taking) {
    this.site = site
    this.taking = taking
    this.client = site.connect()
    this.#number = site.next('channel')
    this.channel = this.client.open(this)
    this.#tx = taking.tx ? site.next('tx') : 0
    if (taking.tx) this.client.send(this.channel, { name: 'tx.select' })
    if (taking.way === 'consume') this.#consume(queues)
    this.client.flush()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Nothing is on its way to it that it has asked for. */
  get isIdle(): boolean {
    return this.#isOver || this.#getting.length === 0
  }

  get queues(): readonly string[] {
    return [...this.#subscribed.values()].map(({ queue }) => queue)
  }

  #consume(queues: readonly string[]): void {
    const { site, taking, client, channel } = this
    const { prefetch, global, noAck, exclusive, priority } = taking
    const qos = { prefetchSize: 0, prefetchCount: prefetch, global }
    if (prefetch > 0) client.send(channel, { name: 'basic.qos', ...qos })
    for (const queue of queues) {
      const consumer = site.next('consumer')
      this.#subscribed.set(`c${consumer}`, { consumer, queue, isCancelled: false })
      site.history.record({
        kind: 'consuming',
        consumer,
        channel: this.#number,
        queue,
        noAck,
        prefetch: global || noAck ? 0 : prefetch,
        shared: global && !noAck ? prefetch : 0,
      })
      client.send(channel, {
        name: 'basic.consume',
        queue,
        consumerTag: `c${consumer}`,
        noLocal: false,
        noAck,
        exclusive,
        nowait: false,
        args: new Map(priority === 0 ? [] : [['x-priority', priority]]),
      })
    }
  }

  get(queue: string): void {
    const { noAck } = this.taking
    this.#getting.push(queue)
    this.site.history.record({ kind: 'getting', channel: this.#number, queue, noAck })
    this.client.send(this.channel, { name: 'basic.get', queue, noAck })
    this.client.flush()
  }

  act(): void {
    if (this.#isOver) return
    const { random, plan } = this.site
    if (this.taking.way === 'get' && random.chance(0.6)) {
      this.get(random.pick(plan.queues.filter(({ name }) => name !== 'asks')).name)
    }
    this.#settleSome()
    this.client.flush()
    const way = random.weighted({
      stay: 60,
      cancel: 1,
      close: 1,
      drop: 1.5,
      recover: 0.7,
      twice: 0.4,
    })
    if (way === 'close' || way === 'drop') this.leave(way)
    else if (way === 'cancel') this.#cancel()
    else if (way === 'recover' && !this.taking.tx) this.#recover()
    else if (way === 'twice' && !this.taking.tx) this.#settleTwice()
  }

  leave(how: 'close' | 'drop'): void {
    if (this.#isOver) return
    this.#hasLeft = true
    this.site.history.record({ kind: 'left', channel: this.#number, how })
    if (how === 'drop') this.client.drop()
    else this.client.closeChannel(this.channel)
  }

  settle(tags: readonly number[], how: SettleHow, multiple = false): void {
    const deliveryTag = tags.at(-1)
    if (deliveryTag === undefined || this.#isOver || this.#isRecovering) return
    for (const tag of tags) this.held.delete(tag)
    const tx = this.#tx
    const told = { channel: this.#number, tags, how, tx, told: false }
    this.site.history.record({ kind: 'settled', ...told })
    const { client, channel } = this
    const requeue = how === 'requeue'
    if (how === 'ack') client.send(channel, { name: 'basic.ack', deliveryTag, multiple })
    else if (multiple || this.site.random.chance(0.5))
      client.send(channel, { name: 'basic.nack', deliveryTag, multiple, requeue })
    else client.send(channel, { name: 'basic.reject', deliveryTag, requeue })
    if (tx !== 0) this.#commit()
  }

  #commit(): void {
    this.site.history.record({ kind: 'committing', tx: this.#tx })
    this.client.send(this.channel, { name: 'tx.commit' })
    this.#tx = this.site.next('tx')
  }

  #settleSome(): void {
    const { random } = this.site
    const how = (): SettleHow => random.weighted({ ack: 6, requeue: 1.5, reject: 1.2 })
    if (this.held.size > 1 && random.chance(0.15)) {
      const tags = [...this.held.keys()]
      this.settle(tags.slice(0, random.between(1, tags.length)), how(), true)
      return
    }
    for (const tag of [...this.held.keys()]) {
      if (random.chance(0.5)) this.settle([tag], how())
    }
  }

  #cancel(): void {
    for (const [consumerTag, subscribed] of this.#subscribed) {
      if (subscribed.isCancelled) continue
      this.client.send(this.channel, { name: 'basic.cancel', consumerTag, nowait: false })
    }
    this.client.flush()
  }

  /** All it holds goes back, and comes again. */
  #recover(): void {
    if (this.held.size === 0) return
    this.#isRecovering = true
    this.client.send(this.channel, { name: 'basic.recover', requeue: true })
    this.client.flush()
  }

  /** What came before this went back. */
  #recovered(): void {
    const tags = [...this.held.keys()]
    this.held.clear()
    this.#isRecovering = false
    const told = { channel: this.#number, tags, how: 'requeue', tx: 0, told: true } as const
    this.site.history.record({ kind: 'settled', ...told })
  }

  /** A mistake: the channel is closed for it, and what it holds goes back. */
  #settleTwice(): void {
    if (this.#lastTag === 0 || this.held.has(this.#lastTag)) return
    const deliveryTag = this.#lastTag
    this.client.send(this.channel, { name: 'basic.ack', deliveryTag, multiple: false })
    this.client.flush()
  }

  heard(method: Method, content: Content | undefined): void {
    switch (method.name) {
      case 'basic.deliver':
        this.#delivered(method, content as Content, this.#subscribed.get(method.consumerTag))
        break
      case 'basic.get-ok':
        this.#delivered(method, content as Content, undefined, this.#getting.shift())
        break
      case 'basic.get-empty':
        this.#getting.shift()
        break
      case 'basic.recover-ok':
        this.#recovered()
        break
      case 'basic.consume-ok':
      case 'basic.cancel-ok':
      case 'basic.cancel':
        this.#subscription(method)
        break
      default:
    }
  }

  over(): void {
    this.#isOver = true
    this.held.clear()
    if (this.#hasLeft) return
    this.site.history.record({ kind: 'left', channel: this.#number, how: 'server' })
  }

  /** What it does with a delivery at once. */
  protected taken(tag: number, _held: Held): void {
    if (!this.taking.good) return
    this.settle([tag], 'ack')
    // Not from within the broker's own call.
    this.site.soon(() => this.client.flush())
  }

  #subscription({
    name,
    consumerTag,
  }: MethodNamed<'basic.consume-ok' | 'basic.cancel-ok' | 'basic.cancel'>): void {
    const subscribed = this.#subscribed.get(consumerTag)
    if (subscribed === undefined) return
    const { consumer } = subscribed
    const kind = { 'basic.consume-ok': 'consume-ok', 'basic.cancel-ok': 'cancel-ok' } as const
    if (name !== 'basic.consume-ok') subscribed.isCancelled = true
    this.site.history.record({
      kind: name === 'basic.cancel' ? 'cancelled' : kind[name],
      consumer,
    })
  }

  #delivered(
    { deliveryTag: tag, redelivered }: MethodNamed<'basic.deliver' | 'basic.get-ok'>,
    content: Content,
    subscribed: Subscribed | undefined,
    queue: string = subscribed?.queue ?? '',
  ): void {
    const { noAck } = this.taking
    this.#lastTag = tag
    this.site.history.record({
      kind: 'delivered',
      channel: this.#number,
      consumer: subscribed?.consumer,
      queue,
      tag,
      noAck,
      message: received(content, redelivered),
    })
    const isNotification = queue === 'replies' && !/^[mqr]\d+$/.test(tokenOf(content.body))
    if (isNotification) this.site.requests.notified(content.body)
    const held = { queue, content }
    if (noAck) return
    this.held.set(tag, held)
    this.taken(tag, held)
  }
}
