/*
 * A client that works on requests: it publishes a reply to `reply_to` and acknowledges, in this order or
 * the other, or does neither in time.
 */

import { correlationIdOf, replyToOf } from '../../../src/amqp/protocol/properties.ts'
import { drawn } from './drawn-message.ts'
import { goodTaking, type Held, SimulatedConsumer } from './simulated-consumer.ts'
import { type PublisherMode, SimulatedPublisher } from './simulated-publisher.ts'
import type { Site } from './site.ts'

export class SimulatedResponder extends SimulatedConsumer {
  readonly replies: SimulatedPublisher
  #isGood = false

  constructor(site: Site, mode: PublisherMode) {
    super(site, ['asks'], { ...goodTaking, good: false, prefetch: site.random.between(1, 5) })
    this.replies = new SimulatedPublisher(site, this.client, mode)
  }

  /** From now on it answers everything at once. */
  behave(): void {
    this.#isGood = true
    for (const [tag, held] of [...this.held]) this.#work(tag, held)
    this.client.flush()
  }

  override act(): void {
    if (this.isOver) return
    for (const [tag, held] of [...this.held]) {
      if (this.site.random.chance(0.5)) this.#work(tag, held)
    }
    this.client.flush()
    if (this.site.random.chance(0.03)) this.leave('drop')
  }

  protected override taken(tag: number, held: Held): void {
    if (!this.#isGood) return
    this.#work(tag, held)
    this.site.soon(() => this.client.flush())
  }

  #work(tag: number, held: Held): void {
    const { random } = this.site
    const way = this.#isGood
      ? 'replyAck'
      : random.weighted({ replyAck: 5, ackReply: 2, ack: 1, reply: 0.7, reject: 0.7, requeue: 1 })
    switch (way) {
      case 'replyAck':
        this.#reply(held)
        this.settle([tag], 'ack')
        break
      case 'ackReply':
        this.settle([tag], 'ack')
        this.#reply(held)
        break
      case 'reply':
        this.#reply(held)
        break
      default:
        this.settle([tag], way)
    }
  }

  #reply({ content }: Held): void {
    const correlationId = correlationIdOf(content.properties) ?? ''
    const token = `r${this.site.next('token')}`
    const properties = { deliveryMode: 2, contentType: 'text/plain', correlationId }
    const key = replyToOf(content.properties) ?? ''
    const body = Buffer.from(`for ${correlationId}`)
    this.replies.publish(drawn({ token, exchange: '', key, properties, body }), false)
  }
}
