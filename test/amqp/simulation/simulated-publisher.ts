/*
 * A client that publishes, on one channel: without confirms, with them, or in transactions.
 */

import type { Method } from '../../../src/amqp/protocol/methods.ts'
import { type Drawn, drawn, drawProperties, tokenOf } from './drawn-message.ts'
import { drawRequest } from './drawn-request.ts'
import type { Site } from './site.ts'
import { keys } from './topology.ts'
import type { ChannelEnd, Content, WireClient } from './wire-client.ts'

export type PublisherMode = 'plain' | 'confirm' | 'tx'

/** What may be returned. */
interface Returnable {
  readonly publish: number
  readonly seq: number
  readonly token: string
  readonly mandatory: boolean
}

export class SimulatedPublisher implements ChannelEnd {
  readonly mode: PublisherMode
  readonly #site: Site
  readonly client: WireClient
  readonly #channel: number
  readonly #number: number
  #isOver = false
  #hasLeft = false
  #seq = 0
  /** Publishes not confirmed yet, by their number on this channel. */
  readonly #open = new Map<number, { readonly publish: number; readonly drawn: Drawn }>()
  /** In the order of sending, without what was returned. */
  readonly #sent: Returnable[] = []
  #tx = 0
  #inTx = 0
  #committing: number[] = []

  constructor(site: Site, client: WireClient, mode: PublisherMode) {
    this.#site = site
    this.client = client
    this.mode = mode
    this.#number = site.next('channel')
    this.#channel = client.open(this)
    if (mode === 'confirm') client.send(this.#channel, { name: 'confirm.select', nowait: false })
    if (mode === 'tx') {
      client.send(this.#channel, { name: 'tx.select' })
      this.#tx = site.next('tx')
    }
    client.flush()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Nothing that it sent is without an answer. */
  get isIdle(): boolean {
    return this.#isOver || (this.#open.size === 0 && this.#inTx === 0 && !this.#committing.length)
  }

  act(): void {
    const { random } = this.#site
    if (this.#isOver) return
    for (let count = random.below(5); count > 0; count--) this.#draw()
    if (this.#inTx > 0 && random.chance(0.4)) this.endTransaction(random.chance(0.8))
    this.client.flush()
    if (random.chance(0.02)) this.leave(random.chance(0.5) ? 'drop' : 'close')
  }

  leave(how: 'close' | 'drop'): void {
    const { history } = this.#site
    if (this.#isOver) return
    this.#hasLeft = true
    history.record({ kind: 'left', channel: this.#number, how })
    if (how === 'drop') this.client.drop()
    else this.client.closeChannel(this.#channel)
  }

  endTransaction(commit: boolean): void {
    if (this.#isOver || this.#inTx === 0) return
    const { history } = this.#site
    history.record({ kind: commit ? 'committing' : 'rolled-back', tx: this.#tx })
    if (commit) this.#committing.push(this.#tx)
    this.client.send(this.#channel, { name: commit ? 'tx.commit' : 'tx.rollback' })
    this.#tx = this.#site.next('tx')
    this.#inTx = 0
    this.client.flush()
  }

  /** Sends it, and flushes when the caller does. */
  publish(one: Drawn, mandatory: boolean): void {
    const { history, requests } = this.#site
    const publish = this.#site.next('publish')
    const { message, content } = one
    const { exchange, key: routingKey } = message
    const seq = this.mode === 'confirm' ? ++this.#seq : 0
    if (this.mode === 'confirm') this.#open.set(seq, { publish, drawn: one })
    if (this.mode === 'tx') this.#inTx++
    this.#sent.push({ publish, seq, token: message.token, mandatory })
    const routed = this.#site.route(exchange, routingKey)
    history.record({
      kind: 'published',
      publish,
      channel: this.#number,
      seq,
      tx: this.mode === 'tx' ? this.#tx : 0,
      mandatory,
      message,
      routed,
    })
    const isTaken = routed.certain.length > 0
    if (message.id !== undefined && isTaken)
      requests.publishing(publish, message.id, message.digest)
    const method = { exchange, routingKey, mandatory, immediate: false }
    this.client.send(this.#channel, { name: 'basic.publish', ...method })
    this.client.content(this.#channel, content)
  }

  heard(method: Method, content: Content | undefined): void {
    const { history } = this.#site
    switch (method.name) {
      case 'basic.ack':
      case 'basic.nack':
        this.#confirmed(method.deliveryTag, method.multiple, method.name === 'basic.ack')
        break
      case 'basic.return':
        this.#returned(tokenOf((content as Content).body))
        break
      case 'tx.commit-ok':
        history.record({ kind: 'committed', tx: this.#committing.shift() ?? 0 })
        break
      default:
    }
  }

  over(): void {
    this.#isOver = true
    if (this.#hasLeft) return
    this.#site.history.record({ kind: 'left', channel: this.#number, how: 'server' })
  }

  #draw(): void {
    const { random, plan } = this.#site
    const mandatory = random.chance(0.3)
    if (plan.asks && this.mode !== 'tx' && random.chance(0.4)) {
      this.publish(drawRequest(this.#site), mandatory)
      return
    }
    const way = random.weighted({ direct: 5, fan: 2, top: 2, nowhere: 0.4 })
    const names = plan.queues.map(({ name }) => name).filter((name) => name !== 'asks')
    const to = {
      direct: () => ({ exchange: '', key: random.pick(names) }),
      fan: () => ({ exchange: 'fan', key: random.pick(keys) }),
      top: () => ({ exchange: 'top', key: random.pick(keys) }),
      nowhere: () => ({ exchange: '', key: 'nowhere' }),
    }[way]()
    const token = `m${this.#site.next('token')}`
    const body = Buffer.alloc(random.below(plan.machine.bodyBytesMax), random.between(97, 122))
    this.publish(drawn({ token, ...to, properties: drawProperties(random), body }), mandatory)
  }

  #confirmed(tag: number, multiple: boolean, ok: boolean): void {
    const { history, requests } = this.#site
    const tags = multiple ? [...this.#open.keys()].filter((seq) => seq <= tag) : [tag]
    for (const seq of tags) {
      const open = this.#open.get(seq)
      if (open === undefined) {
        history.record({ kind: 'confirmed-wrongly', channel: this.#number, seq })
        continue
      }
      this.#open.delete(seq)
      history.record({ kind: 'confirmed', publish: open.publish, ok })
      const { id } = open.drawn.message
      if (ok && id !== undefined) requests.confirmed(open.publish, id)
    }
  }

  /** Of one that was sent more than once here: the first that asks for it and has no answer yet. */
  #returned(token: string): void {
    const sent = this.#sent.filter((one) => one.token === token)
    const isOpen = ({ seq }: Returnable): boolean => seq === 0 || this.#open.has(seq)
    const published = sent.find((one) => one.mandatory && isOpen(one)) ?? sent.at(-1)
    const { history } = this.#site
    if (published === undefined) {
      history.record({ kind: 'returned-wrongly', channel: this.#number, token })
      return
    }
    this.#sent.splice(this.#sent.indexOf(published), 1)
    history.record({ kind: 'returned', publish: published.publish })
  }
}
