/*
 * Publishes as fast as it is let, from frames that were put together before.
 *
 *   cycle: one buffer of whole publishes, all of one length; a burst is a slice of it
 *
 * With confirms it knows which messages are outstanding, however the broker orders or groups them.
 */

import { Buffer } from 'node:buffer'
import { method, methodIds } from './octets.ts'
import type { Wire } from './wire.ts'

/** More than are ever outstanding; a power of two. */
const ringLength = 1 << 17
const samples = 1 << 12

export interface PublisherSettings {
  readonly cycle: Buffer
  readonly messageBytes: number
  readonly confirms: boolean
  /** One message in that many has its time kept, by {@link Publisher.sentAt}. */
  readonly sampleEvery: number
}

export class Publisher {
  published = 0
  confirmed = 0
  /** The socket is full. */
  blocked = false
  readonly #wire: Wire
  readonly #settings: PublisherSettings
  readonly #perCycle: number
  readonly #outstanding = new Uint8Array(ringLength)
  readonly #sentAt = new Float64Array(samples)
  /** All up to here are confirmed. */
  #lowest = 0

  constructor(wire: Wire, settings: PublisherSettings) {
    this.#wire = wire
    this.#settings = settings
    this.#perCycle = settings.cycle.length / settings.messageBytes
    wire.onMethod = (id, bytes, at) => {
      if (id === methodIds.ack) this.#confirm(tagAt(bytes, at), bytes[at + 8] === 1)
      else if (id === methodIds.nack) throw new Error('the broker refused a message')
    }
  }

  async start(): Promise<void> {
    if (this.#settings.confirms)
      await this.#wire.call(
        method(1, methodIds.confirmSelect, Buffer.of(0)),
        methodIds.confirmSelectOk,
      )
  }

  /** When the sampled message of that number was written; numbers count samples from 0. */
  sentAt(sample: number): number {
    return this.#sentAt[sample & (samples - 1)] as number
  }

  /** Writes that many, or fewer when the socket is full. */
  publish(count: number, now: number): void {
    for (let left = count; left > 0 && !this.blocked; ) {
      const place = this.published % this.#perCycle
      const burst = Math.min(left, this.#perCycle - place)
      this.#note(burst, now)
      const { cycle, messageBytes } = this.#settings
      const slice = cycle.subarray(place * messageBytes, (place + burst) * messageBytes)
      this.published += burst
      left -= burst
      this.blocked = !this.#wire.write(slice)
    }
  }

  #note(burst: number, now: number): void {
    const { sampleEvery, confirms } = this.#settings
    const first = this.published
    const skip = (sampleEvery - (first % sampleEvery)) % sampleEvery
    for (let n = first + skip; n < first + burst; n += sampleEvery)
      this.#sentAt[(n / sampleEvery) & (samples - 1)] = now
    if (!confirms) return
    for (let n = first; n < first + burst; n++) this.#outstanding[n & (ringLength - 1)] = 1
  }

  /** Tags count from 1. */
  #confirm(tag: number, multiple: boolean): void {
    if (tag > this.published) throw new Error(`message ${tag} was confirmed before it was sent`)
    const outstanding = this.#outstanding
    for (let n = multiple ? this.#lowest : tag - 1; n < tag; n++) {
      this.confirmed += outstanding[n & (ringLength - 1)] as number
      outstanding[n & (ringLength - 1)] = 0
    }
    while (this.#lowest < this.published && outstanding[this.#lowest & (ringLength - 1)] === 0)
      this.#lowest++
  }
}

/** Below 2^53, which no load reaches. */
function tagAt(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}
