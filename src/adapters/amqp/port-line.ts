/*
 * The channel under a link: bodies out, bodies in, and the word that it is over.
 *
 *   calls of a turn ─▶ batch ──(end of turn, while the socket takes it)──▶ basic.publish homing.port
 *   basic.deliver ─▶ frames ─▶ taker
 */

import type { Channel } from 'amqplib'
import { HomingError } from '../../errors.ts'
import { CallWriter } from '../../port-wire/calls.ts'
import { type EventTaker, readEvent } from '../../port-wire/events.ts'
import { portQueue } from '../../port-wire/frame.ts'
import { FrameBatch } from '../../port-wire/frame-batch.ts'
import { FrameReader } from '../../port-wire/frame-reader.ts'
import type { AmqpConnection } from './connection.ts'

const noProperties = {}

export class PortLine {
  readonly #channel: Channel
  readonly #connection: AmqpConnection
  readonly #batch = new FrameBatch()
  /** Whoever writes calls `wake` afterwards. */
  readonly calls = new CallWriter(this.#batch)
  #isAwake = false
  #isFull = false
  #isOver = false

  constructor(connection: AmqpConnection, channel: Channel) {
    this.#connection = connection
    this.#channel = channel
    channel.on('drain', () => {
      this.#isFull = false
      if (this.#batch.length > 0) this.wake()
    })
  }

  /** Begins to listen. `over` is told once, with the reason. */
  static async open(
    connection: AmqpConnection,
    taker: EventTaker,
    over: (reason: HomingError) => void,
  ): Promise<PortLine> {
    const { where } = connection
    const channel = await connection.model.createChannel().catch((error) => {
      throw channelError(where, error)
    })
    const line = new PortLine(connection, channel)
    const ended = (reason: HomingError): void => {
      if (line.#isOver) return
      line.#isOver = true
      over(reason)
    }
    let lastError: Error | undefined
    channel.on('error', (error) => {
      lastError = error
    })
    // The connection says why it ended; a channel that ends alone says why itself.
    channel.on('close', () => setImmediate(() => ended(channelError(where, lastError))))
    void connection.ended.then(ended)
    const reader = new FrameReader((type, from) => readEvent(type, from, taker))
    const consuming = channel.consume(
      portQueue,
      (came) => {
        if (line.#isOver) return
        if (came === null) {
          ended(channelError(where, new Error('the server ended it')))
          return
        }
        try {
          reader.read(came.content)
        } catch (error) {
          ended(asFault(error))
          void closed(channel)
        }
      },
      { noAck: true },
    )
    // An error of the channel tells more than the failure of the call.
    await consuming.catch((error) => {
      throw channelError(where, lastError ?? error)
    })
    return line
  }

  /** Something was written. */
  wake(): void {
    if (this.#isAwake || this.#isFull || this.#isOver) return
    this.#isAwake = true
    setImmediate(this.#flush)
  }

  /** Sends what waits, now. */
  flush(): void {
    if (this.#isOver) return
    try {
      this.#batch.eachBody((body) => {
        const takes = this.#channel.publish('', portQueue, body as Buffer, noProperties)
        if (!takes) this.#isFull = true
      })
    } catch {
      // The channel has ended, and is about to say so.
    }
  }

  /** Resolves when the server has closed the channel: what was held is with others then. */
  async close(): Promise<void> {
    this.flush()
    this.#isOver = true
    // A connection that ends meanwhile answers no more.
    await Promise.race([closed(this.#channel), this.#connection.ended])
  }

  readonly #flush = (): void => {
    this.#isAwake = false
    this.flush()
  }
}

/** One that has ended already says so by failing. */
async function closed(channel: Channel): Promise<void> {
  try {
    await channel.close()
  } catch {
    // Nothing is left to close.
  }
}

function asFault(error: unknown): HomingError {
  if (error instanceof HomingError) return error
  return new HomingError('protocol-fault', `an event cannot be taken: ${error}`, { cause: error })
}

const accessRefused = 403

function channelError(where: string, cause: Error | undefined): HomingError {
  const why = cause === undefined ? 'the channel ended' : cause.message.split('\n')[0]
  const isRefused = (cause as { readonly code?: unknown } | undefined)?.code === accessRefused
  return new HomingError(
    isRefused ? 'access-refused' : 'connection-lost',
    `the connection to ${where} was lost: ${why}`,
    { cause },
  )
}
