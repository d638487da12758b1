/*
 * Reads one of Homing's own queues for as long as the link lasts: replies, the dead, events.
 * When its channel ends, another one is opened; what was not acknowledged comes again.
 */

import type { Channel, ChannelModel, ConsumeMessage } from 'amqplib'
import { type Clock, sleep } from '../../../clock.ts'
import { Acknowledgements } from './acknowledgements.ts'
import { brokerFault } from './broker-fault.ts'

export interface Reading {
  /** Asked for when it has been prepared. */
  readonly queue: string
  readonly prefetch: number
  /** What must be there before it is read. */
  prepare(channel: Channel): Promise<void>
  /** Acknowledged when it resolves, tried again later when it rejects. */
  read(message: ConsumeMessage): Promise<void> | void
}

export interface ReaderParts {
  readonly connection: ChannelModel
  readonly clock: Clock
  readonly onProblem: (text: string) => void
  readonly isOver: () => boolean
}

const againMs = 1_000

export class QueueReader {
  readonly #parts: ReaderParts
  readonly #reading: Reading
  #channel: Channel | undefined
  #acknowledgements: Acknowledgements | undefined
  #fault: unknown

  constructor(parts: ReaderParts, reading: Reading) {
    this.#parts = parts
    this.#reading = reading
  }

  /** Fails as the server refuses it. */
  async open(): Promise<void> {
    this.#fault = undefined
    try {
      const channel = await this.#parts.connection.createChannel()
      channel.on('error', (error: Error) => {
        this.#fault = error
      })
      channel.on('close', () => this.#over(channel))
      await this.#reading.prepare(channel)
      await channel.prefetch(this.#reading.prefetch)
      const acknowledgements = new Acknowledgements(channel, this.#parts.clock)
      await channel.consume(this.#reading.queue, (message) => {
        if (message === null) {
          channel.close().catch(() => undefined)
          return
        }
        acknowledgements.delivered(message.fields.deliveryTag)
        this.#read(acknowledgements, message)
      })
      this.#channel = channel
      this.#acknowledgements = acknowledgements
    } catch (error) {
      throw brokerFault(this.#fault ?? error, `read queue "${this.#reading.queue}"`)
    }
  }

  /** For what needs no confirm; undefined while there is none. */
  get channel(): Channel | undefined {
    return this.#channel
  }

  /** What was read is acknowledged now: the connection is about to be closed. */
  flush(): void {
    this.#acknowledgements?.flush()
  }

  #read(acknowledgements: Acknowledgements, message: ConsumeMessage): void {
    const done = (): void => acknowledgements.acknowledge(message.fields.deliveryTag)
    const failed = (error: unknown): void => {
      if (this.#parts.isOver()) return
      this.#parts.onProblem(
        `a message of queue "${this.#reading.queue}" waits and is read again: ${error}`,
      )
      this.#parts.clock.after(againMs, () => this.#read(acknowledgements, message))
    }
    try {
      const reading = this.#reading.read(message)
      if (reading === undefined) done()
      else reading.then(done, failed)
    } catch (error) {
      failed(error)
    }
  }

  #over(channel: Channel): void {
    if (this.#channel !== channel) return
    this.#channel = undefined
    if (this.#parts.isOver()) return
    if (this.#fault !== undefined) {
      this.#parts.onProblem(`queue "${this.#reading.queue}" is read again after: ${this.#fault}`)
    }
    void this.#reopen()
  }

  async #reopen(): Promise<void> {
    while (!this.#parts.isOver()) {
      try {
        await this.open()
        return
      } catch (error) {
        if (this.#parts.isOver()) return
        this.#parts.onProblem(`${error}; tried again`)
      }
      await sleep(this.#parts.clock, againMs)
    }
  }
}
