import { Buffer } from 'node:buffer'
import { method, methodIds, shortString, table, u16, u32, u64 } from './octets.ts'
import type { Wire } from './wire.ts'

export interface ConsumerSettings {
  /** One queue a channel, from channel 1 on. */
  readonly queues: readonly string[]
  /** Acknowledge that many at once; 0 consumes without acknowledgement. */
  readonly ackEvery: number
  readonly prefetch: number
}

/** Takes what comes on one connection, counts it, and acknowledges it in groups. */
export class Consumer {
  delivered = 0
  /** Called with the number of a delivery on channel 1, from 0, before it is counted. */
  onFirstChannel: (n: number) => void = () => undefined
  readonly #wire: Wire
  readonly #settings: ConsumerSettings
  readonly #counts: Float64Array
  readonly #acknowledged: Float64Array
  #acks: Buffer[] = []

  constructor(wire: Wire, settings: ConsumerSettings) {
    this.#wire = wire
    this.#settings = settings
    this.#counts = new Float64Array(settings.queues.length + 1)
    this.#acknowledged = new Float64Array(settings.queues.length + 1)
    wire.onMethod = (id, _bytes, _at, channel) => {
      if (id === methodIds.deliver) this.#take(channel)
    }
  }

  async start(): Promise<void> {
    const { queues, ackEvery, prefetch } = this.#settings
    const noAck = ackEvery === 0
    for (const [index, queue] of queues.entries()) {
      const channel = index + 1
      const qos = method(channel, methodIds.qos, u32(0), u16(prefetch), Buffer.of(0))
      if (!noAck) await this.#wire.call(qos, methodIds.qosOk)
      const bits = Buffer.of(noAck ? 2 : 0)
      const words = [shortString(queue), shortString('')]
      await this.#wire.call(
        method(channel, methodIds.consume, u16(0), ...words, bits, table({})),
        methodIds.consumeOk,
      )
    }
  }

  /** Writes what is to be acknowledged: once a read, however many groups it held. */
  flush(): void {
    if (this.#acks.length === 0) return
    this.#wire.write(Buffer.concat(this.#acks))
    this.#acks = []
  }

  /** Acknowledges the last ones too, which are less than a group. */
  finish(): void {
    for (let channel = 1; channel < this.#counts.length; channel++) {
      const count = this.#counts[channel] as number
      if (this.#settings.ackEvery > 0 && count > (this.#acknowledged[channel] as number))
        this.#acknowledge(channel, count)
    }
    this.flush()
  }

  #take(channel: number): void {
    const count = this.#counts[channel] as number
    if (channel === 1) this.onFirstChannel(count)
    // Delivery tags count from 1 on every channel.
    this.#counts[channel] = count + 1
    this.delivered++
    const { ackEvery } = this.#settings
    if (ackEvery > 0 && (count + 1) % ackEvery === 0) this.#acknowledge(channel, count + 1)
  }

  #acknowledge(channel: number, tag: number): void {
    this.#acknowledged[channel] = tag
    this.#acks.push(method(channel, methodIds.ack, u64(tag), Buffer.of(1)))
  }
}
