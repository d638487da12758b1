/*
 * One channel of a raw client: what scenarios mostly write.
 *
 *   await channel.call('queue.declare', { queue: 'q' })    sends it and waits for the answer
 *   channel.send('basic.ack', { deliveryTag: 1 })          sends it
 *   channel.publish({ routingKey: 'q', body: '1' })        method, header and bodies in one write
 *   await channel.take('basic.deliver', 3)                 waits for three
 *   await channel.fence()                                  all that came before has been answered
 */

import { propertiesText } from './content-header.ts'
import { type Publish, publishFrames } from './frame.ts'
import { type Fields, fieldsText, type Method } from './method.ts'
import type { Peer, Received } from './peer.ts'
import type { ValueTable } from './typed-value.ts'

const otherAnswers: Readonly<Record<string, readonly string[]>> = {
  'basic.get': ['basic.get-ok', 'basic.get-empty'],
}

export class PeerChannel {
  readonly peer: Peer
  readonly number: number
  #published = 0
  #confirmed = new Set<number>()

  constructor(peer: Peer, number: number) {
    this.peer = peer
    this.number = number
  }

  send(name: string, fields: Fields = {}): void {
    if (name === 'confirm.select') this.#expectConfirms()
    this.peer.send(this.number, name, fields)
  }

  /** Sends it and waits for its answer, or for what makes the answer impossible. */
  async call(name: string, fields: Fields = {}): Promise<Received | undefined> {
    this.send(name, fields)
    return await this.peer.take(this.number, otherAnswers[name] ?? [`${name}-ok`])
  }

  /** The next `count` of that name; fewer when they cannot come any more. */
  async take(name: string, count = 1): Promise<readonly Received[]> {
    const taken: Received[] = []
    while (taken.length < count) {
      const received = await this.peer.take(this.number, [name])
      if (received === undefined) break
      taken.push(received)
    }
    return taken
  }

  async takeOne(name: string): Promise<Received | undefined> {
    return (await this.take(name))[0]
  }

  publish(publish: Publish): void {
    const { properties = {}, body = '', bodyFrameBytes: _, ...fields } = publish
    const told = `basic.publish ${fieldsText(fields)}${propertiesText(properties)}`
    this.peer.note(this.number, `${told} body=${body.length}`, 'sent')
    this.peer.write(Buffer.concat(publishFrames(this.number, publish)))
    this.#published++
  }

  /** To the default exchange: one message each. */
  publishTo(queue: string, ...bodies: readonly string[]): void {
    for (const body of bodies) this.publish({ routingKey: queue, body })
  }

  /** Waits until all publishes since confirm.select are confirmed, one way or the other. */
  async confirmed(): Promise<void> {
    if (!this.peer.confirms.has(this.number)) return
    const all = (): boolean => this.#confirmed.size >= this.#published
    const over = (): boolean => this.peer.isOver(this.number)
    if ((await this.peer.until(() => all() || over() || undefined)) === undefined)
      this.peer.note(this.number, `${this.#published - this.#confirmed.size} confirms did not come`)
  }

  /** A round trip that leaves no line: what was sent before has been dealt with. */
  async fence(): Promise<void> {
    this.peer.unrecorded.add('channel.flow-ok')
    await this.call('channel.flow', { active: true })
    this.peer.unrecorded.delete('channel.flow-ok')
  }

  /** Waits for the broker to close this channel, or the connection. */
  async closed(): Promise<void> {
    const over = await this.peer.until(() => this.peer.isOver(this.number) || undefined)
    if (over === undefined) this.peer.note(this.number, 'the channel stays open')
  }

  async open(): Promise<this> {
    await this.call('channel.open')
    return this
  }

  declare(queue: string, args: ValueTable = {}, fields: Fields = {}) {
    return this.call('queue.declare', { queue, ...fields, arguments: args })
  }

  /** Ready messages and consumers, after all that this channel has asked of the queue. */
  passive(queue: string) {
    return this.call('queue.declare', { queue, passive: true })
  }

  exchange(exchange: string, type: string, fields: Fields = {}) {
    return this.call('exchange.declare', { exchange, type, ...fields })
  }

  bind(queue: string, exchange: string, ...[routingKey = '', args = {}]: [string?, ValueTable?]) {
    return this.call('queue.bind', { queue, exchange, routingKey, arguments: args })
  }

  consume(queue: string, fields: Fields = {}) {
    return this.call('basic.consume', { queue, consumerTag: `on-${queue}`, ...fields })
  }

  get(queue: string, fields: Fields = {}) {
    return this.call('basic.get', { queue, ...fields })
  }

  ack(deliveryTag: number, fields: Fields = {}): void {
    this.send('basic.ack', { deliveryTag, ...fields })
  }

  nack(deliveryTag: number, fields: Fields = {}): void {
    this.send('basic.nack', { deliveryTag, ...fields })
  }

  reject(deliveryTag: number, requeue: boolean): void {
    this.send('basic.reject', { deliveryTag, requeue })
  }

  #expectConfirms(): void {
    if (this.peer.confirms.has(this.number)) return
    this.#published = 0
    this.#confirmed = new Set()
    this.peer.confirms.set(this.number, (method) => this.#confirms(method))
  }

  #confirms({ name, fields }: Method): readonly string[] {
    const last = Number(fields.deliveryTag)
    const tags = fields.multiple === true ? range(1, last) : [last]
    const twice = tags.filter((tag) => this.#confirmed.has(tag) && fields.multiple !== true)
    const fresh = tags.filter((tag) => !this.#confirmed.has(tag))
    for (const tag of fresh) this.#confirmed.add(tag)
    const verb = name === 'basic.ack' ? 'confirmed' : 'refused'
    return [...fresh.map((tag) => `${tag} ${verb}`), ...twice.map((tag) => `${tag} told twice`)]
  }
}

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
