/*
 * One channel in confirm mode for everything that must arrive.
 *
 *   publish ─▶ pending ─┬─ ack ──────────────▶ resolved
 *                       ├─ return, then ack ─▶ its queue is gone: `absent`
 *                       └─ nack ─────────────▶ `queue-full`
 *
 * When the server closes the channel it is because of one publish, and nobody can tell which. All that
 * were pending go again over the next channel, one after the other, until the one that closes it is alone
 * and is told. They may have arrived: every consumer looks ids up before it works.
 *
 * A channel can go on refusing for a queue of a cluster that takes messages from everybody else: it asked
 * for the queue's leader when there was none (RabbitMQ 3.10). So whoever is refused asks for another one.
 */

import type { Buffer } from 'node:buffer'
import type { ChannelModel, ConfirmChannel, Options, Message as Returned } from 'amqplib'
import { HomingError } from '../../../errors.ts'
import { brokerFault } from './broker-fault.ts'
import { header } from './wire-message.ts'

export interface Outgoing {
  readonly exchange: string
  readonly routingKey: string
  readonly body: Buffer
  readonly options: Options.Publish
}

/** `absent`: mandatory, and no queue took it. */
export type Published = 'stored' | 'absent'

interface Pending {
  readonly outgoing: Outgoing
  /** The last one that it was written to. */
  channel: ConfirmChannel | undefined
  returned: boolean
  resolve(published: Published): void
  reject(error: HomingError): void
}

export class Publisher {
  readonly #connection: ChannelModel
  readonly #pending = new Set<Pending>()
  /** Closed when nothing is pending there any more. */
  readonly #retired = new Set<ConfirmChannel>()
  readonly #ended = new WeakSet<ConfirmChannel>()
  #waiting: Pending[] = []
  #channel: ConfirmChannel | undefined
  #fault: unknown
  #reopening = false
  #over: HomingError | undefined

  constructor(connection: ChannelModel) {
    this.#connection = connection
  }

  async open(): Promise<void> {
    const channel = await this.#connection.createConfirmChannel()
    this.#fault = undefined
    channel.on('error', (error: Error) => {
      this.#fault = error
    })
    channel.on('return', (returned: Returned) => this.#returned(returned))
    channel.on('close', () => {
      this.#ended.add(channel)
      if (this.#channel === channel) this.#channel = undefined
      else if (!this.#retired.delete(channel)) return
      if (this.#over === undefined && !this.#reopening) void this.#reopen()
    })
    const before = this.#channel
    this.#channel = channel
    if (before === undefined) return
    this.#retired.add(before)
    this.#closeRetired()
  }

  /** Another channel for what comes from now on. What is on its way is answered on the one that it took. */
  async renew(): Promise<void> {
    if (this.#channel !== undefined && !this.#reopening && this.#over === undefined) {
      await this.open()
    }
  }

  #closeRetired(): void {
    const inUse = new Set([...this.#pending].map(({ channel }) => channel))
    for (const channel of this.#retired) {
      if (inUse.has(channel)) continue
      this.#retired.delete(channel)
      channel.close().catch(() => undefined)
    }
  }

  publish(outgoing: Outgoing): Promise<Published> {
    return new Promise((resolve, reject) => {
      const pending = { outgoing, channel: undefined, returned: false, resolve, reject }
      if (this.#over !== undefined) reject(this.#over)
      else if (this.#channel === undefined || this.#reopening) this.#waiting.push(pending)
      else this.#write(this.#channel, pending)
    })
  }

  #write(channel: ConfirmChannel, pending: Pending): void {
    const { exchange, routingKey, body, options } = pending.outgoing
    pending.returned = false
    pending.channel = channel
    this.#pending.add(pending)
    try {
      channel.publish(exchange, routingKey, body, sharing(options), (error: unknown) => {
        // The channel is over: what becomes of it is decided when the next one is open.
        if (error !== null && !isNack(error)) return
        if (!this.#pending.delete(pending)) return
        if (error !== null) pending.reject(nacked(pending.outgoing))
        else pending.resolve(pending.returned ? 'absent' : 'stored')
        if (this.#retired.size > 0) this.#closeRetired()
      })
    } catch (error) {
      // Closed in this moment, or a property that cannot be written.
      if (this.#channel === channel && this.#pending.delete(pending)) {
        pending.reject(
          new HomingError('bad-argument', `a message cannot be written: ${error}`, {
            cause: error,
          }),
        )
      }
    }
  }

  #returned({ fields, properties }: Returned): void {
    for (const pending of this.#pending) {
      const { outgoing } = pending
      if (
        !pending.returned &&
        outgoing.routingKey === fields.routingKey &&
        outgoing.exchange === fields.exchange &&
        outgoing.options.messageId === properties.messageId
      ) {
        pending.returned = true
        return
      }
    }
  }

  /** One after the other, so that whoever closes the channel is known. */
  async #reopen(): Promise<void> {
    this.#reopening = true
    for (;;) {
      const suspect = this.#suspect()
      if (suspect === undefined) break
      this.#pending.delete(suspect)
      if (this.#over !== undefined) suspect.reject(this.#over)
      else await this.#tryAlone(suspect)
    }
    try {
      if (this.#channel === undefined) await this.open()
    } catch (error) {
      this.end(brokerFault(error, 'open a channel'))
      return
    }
    this.#reopening = false
    const waiting = this.#waiting
    this.#waiting = []
    for (const pending of waiting) {
      if (this.#channel === undefined) this.#waiting.push(pending)
      else this.#write(this.#channel, pending)
    }
  }

  /** Of a channel that has ended: nobody knows whether it arrived. */
  #suspect(): Pending | undefined {
    for (const pending of this.#pending) {
      if (pending.channel !== undefined && this.#ended.has(pending.channel)) return pending
    }
    return undefined
  }

  async #tryAlone(suspect: Pending): Promise<void> {
    try {
      if (this.#channel === undefined) await this.open()
    } catch (error) {
      suspect.reject(brokerFault(error, 'open a channel'))
      return
    }
    const channel = this.#channel
    if (channel === undefined) return suspect.reject(gone)
    await new Promise<void>((resolve) => {
      const done = (tell: () => void): void => {
        channel.off('close', closed)
        tell()
        resolve()
      }
      const alone: Pending = {
        outgoing: suspect.outgoing,
        channel: undefined,
        returned: false,
        resolve: (published) => done(() => suspect.resolve(published)),
        reject: (error) => done(() => suspect.reject(error)),
      }
      const closed = (): void => {
        this.#pending.delete(alone)
        const { routingKey } = suspect.outgoing
        alone.reject(brokerFault(this.#fault, `take a message for "${routingKey}"`))
      }
      channel.once('close', closed)
      this.#write(channel, alone)
    })
  }

  /** Everything that is on its way is told that it will not be known. */
  end(why: HomingError): void {
    this.#over ??= why
    const all = [...this.#pending, ...this.#waiting]
    this.#pending.clear()
    this.#waiting = []
    for (const pending of all) pending.reject(this.#over)
  }
}

const gone = new HomingError('connection-lost', 'the channel to RabbitMQ ended')

/**
 * amqplib makes the headers that it is given the prototype of others, which costs more than all the rest of a
 * message when they are new each time. It has written them when `publish` returns, so most can share one.
 */
const sharedHeaders = { [header]: '' }

function sharing(options: Options.Publish): Options.Publish {
  const text: unknown = options.headers?.[header]
  if (typeof text !== 'string' || Object.keys(options.headers).length > 1) return options
  sharedHeaders[header] = text
  return { ...options, headers: sharedHeaders }
}

const isNack = (error: unknown): boolean =>
  error instanceof Error && error.message === 'message nacked'

function nacked({ routingKey }: Outgoing): HomingError {
  return new HomingError(
    'queue-full',
    `RabbitMQ does not take the message for queue "${routingKey}": it is full, or its server cannot store it; wait for consumers or raise depthMax`,
  )
}
