/*
 * Acknowledgements of one channel, put together: those of a turn of the event loop go out at its end, as
 * one for the oldest that are done without a gap, and one each for what is done behind a gap.
 *
 *   unacknowledged   1 2 3 4 5 6 7        done: 1 2 3 5
 *   sent             3 with all before it, and 5        left: 4 6 7
 *
 * Every acknowledgement is an entry in the log of a quorum queue, on each of its nodes: that of many costs
 * as much as that of one. Rule: none covers a message that is not done.
 */

import type { Channel, Message } from 'amqplib'
import type { Clock } from '../../../clock.ts'

export class Acknowledgements {
  readonly #channel: Channel
  readonly #clock: Clock
  /** Delivered and neither acknowledged nor given back, in the order of their tags. */
  readonly #open = new Set<number>()
  readonly #done = new Set<number>()

  constructor(channel: Channel, clock: Clock) {
    this.#channel = channel
    this.#clock = clock
  }

  delivered(tag: number): void {
    this.#open.add(tag)
  }

  acknowledge(tag: number): void {
    if (!this.#open.has(tag)) return
    if (this.#done.size === 0) this.#clock.soon(this.flush)
    this.#done.add(tag)
  }

  /** Back into the queue by the server itself. */
  requeue(tag: number): void {
    if (this.#done.has(tag) || !this.#open.delete(tag)) return
    try {
      this.#channel.nack(withTag(tag), false, true)
    } catch {
      // The channel has ended: it comes again.
    }
  }

  /** Sends what waits, now. */
  readonly flush = (): void => {
    if (this.#done.size === 0) return
    let last = 0
    for (const tag of this.#open) {
      if (!this.#done.delete(tag)) break
      this.#open.delete(tag)
      last = tag
    }
    const behindGap = [...this.#done]
    this.#done.clear()
    try {
      if (last > 0) this.#channel.ack(withTag(last), true)
      for (const tag of behindGap) {
        this.#open.delete(tag)
        this.#channel.ack(withTag(tag))
      }
    } catch {
      // The channel has ended: they come again, and are known.
    }
  }
}

const withTag = (deliveryTag: number): Message => ({ fields: { deliveryTag } }) as Message
