/*
 * A stock amqplib client of a broker that runs in this process, and the few words the tests of results
 * need: publish and wait for the confirm, take the next delivery of a queue, wait for an outcome.
 */

import amqp, {
  type Channel,
  type ChannelModel,
  type ConfirmChannel,
  type ConsumeMessage,
  type Options,
} from 'amqplib'
import type { StoredOutcome } from '../../../src/message/outcome.ts'
import type { RunningBroker } from '../../../src/server/start-broker.ts'

export interface Inbox {
  next(): Promise<ConsumeMessage>
  readonly consumerTag: string
}

export class Client implements AsyncDisposable {
  readonly connection: ChannelModel
  readonly channel: ConfirmChannel

  constructor(connection: ChannelModel, channel: ConfirmChannel) {
    this.connection = connection
    this.channel = channel
  }

  /** Resolves when the broker has confirmed it. */
  async publish(queue: string, body: string, options: Options.Publish = {}): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.channel.sendToQueue(queue, Buffer.from(body), options, (error) =>
        error ? reject(error) : resolve(),
      )
    })
  }

  consume(queue: string, options: Options.Consume = {}): Promise<Inbox> {
    return inboxOf(this.channel, queue, options)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.connection.close()
  }
}

export async function connect(broker: RunningBroker, virtualHost = '/'): Promise<Client> {
  const connection = await amqp.connect(`${broker.url}/${encodeURIComponent(virtualHost)}`)
  return new Client(connection, await connection.createConfirmChannel())
}

async function inboxOf(channel: Channel, queue: string, options: Options.Consume): Promise<Inbox> {
  const came: ConsumeMessage[] = []
  const waiting: ((message: ConsumeMessage) => void)[] = []
  const { consumerTag } = await channel.consume(
    queue,
    (message) => {
      if (!message) return
      const waiter = waiting.shift()
      if (waiter) waiter(message)
      else came.push(message)
    },
    options,
  )
  return {
    consumerTag,
    next: () => {
      const message = came.shift()
      return message ? Promise.resolve(message) : new Promise((resolve) => waiting.push(resolve))
    },
  }
}

/** The outcome of that id, once there is one. */
export const outcomeOf = ({ engine }: RunningBroker, id: string): Promise<StoredOutcome> =>
  new Promise((resolve) => {
    engine.whenFinal(id, resolve)
  })

export const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
