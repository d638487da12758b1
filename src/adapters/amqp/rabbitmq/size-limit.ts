/*
 * How large a body the server takes. It tells nobody its `max_message_size`: a publish over it closes the
 * channel, and everything that was on its way there has to go again. So what is larger than anything
 * known to go through is asked for first, with a message to nobody on a channel of its own.
 *
 *   0 ───── taken ─────────── refused ──▶      asked for in doublings: a few times in the life of a link
 *      fits        not known          does not
 */

import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { ChannelModel } from 'amqplib'
import type { HomingError } from '../../../errors.ts'
import type { Later } from '../../../later.ts'
import { brokerFault } from './broker-fault.ts'

const askedBytesMin = 64 * 1024

export class SizeLimit {
  readonly #connection: ChannelModel
  #takenBytes = 0
  #refusedBytes = Number.POSITIVE_INFINITY
  #asking: Promise<void> | undefined

  constructor(connection: ChannelModel) {
    this.#connection = connection
  }

  /** At once when it is known. Fails as the connection does. */
  fits(bytes: number): Later<boolean> {
    if (bytes <= this.#takenBytes) return true
    return bytes < this.#refusedBytes && this.#find(bytes)
  }

  async #find(bytes: number): Promise<boolean> {
    while (bytes > this.#takenBytes && bytes < this.#refusedBytes) {
      this.#asking ??= this.#ask(this.#bytesToAsk(bytes)).finally(() => {
        this.#asking = undefined
      })
      await this.#asking
    }
    return bytes <= this.#takenBytes
  }

  #bytesToAsk(bytes: number): number {
    const doubled = Math.max(askedBytesMin, 2 ** Math.ceil(Math.log2(bytes)))
    return doubled < this.#refusedBytes ? doubled : bytes
  }

  async #ask(bytes: number): Promise<void> {
    const channel = await this.#connection.createChannel()
    let fault: unknown
    channel.on('error', (error: Error) => {
      fault = error
    })
    try {
      // There is no queue of this name, so it goes nowhere. What is answered behind it says that it was taken.
      channel.publish('', `homing.size.${randomUUID()}`, Buffer.alloc(bytes))
      await channel.prefetch(1)
    } catch (error) {
      this.#refused(bytes, brokerFault(fault ?? error, `take a message of ${bytes} bytes`))
      return
    }
    this.#takenBytes = Math.max(this.#takenBytes, bytes)
    await channel.close().catch(() => undefined)
  }

  #refused(bytes: number, error: HomingError): void {
    if (error.code !== 'message-too-large') throw error
    const said = /max size (\d+)/.exec(error.message)?.[1]
    this.#refusedBytes = said === undefined ? bytes : Number(said) + 1
    if (said !== undefined) this.#takenBytes = Number(said)
  }
}
