/*
 * RabbitMQ through amqplib, with the same promises as Homing: durable queues, persistent messages,
 * confirms awaited, the result a persistent message on a durable reply queue, and the order
 * acknowledged only when that result is confirmed. Requests and replies have a connection each, as
 * RabbitMQ's documents advise.
 */

import { Buffer } from 'node:buffer'
import { type ChannelModel, type ConfirmChannel, type ConsumeMessage, connect } from 'amqplib'
import { withUse } from '../amqp/measured-use.ts'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'
import { checkTotal, type OrderTotal, orderOf, totalOf } from './order.ts'

export interface RabbitSettings {
  readonly port: number
  readonly load: Load
  /** Classic queue version 1 or 2, or a quorum queue. */
  readonly queueType: 'classic 1' | 'classic 2' | 'quorum'
  /** The consumer runs in a process of its own. */
  readonly workerElsewhere: boolean
  /** Unsettled deliveries the consumer may hold. */
  readonly prefetch: number
  /** Its process, where what it takes is looked at. */
  readonly server?: number
}

const requests = 'orders'
const replies = 'totals'

const queueArguments = {
  'classic 1': { 'x-queue-version': 1 },
  'classic 2': { 'x-queue-version': 2 },
  quorum: { 'x-queue-type': 'quorum' },
}

async function open(settings: RabbitSettings): Promise<[ChannelModel, ConfirmChannel]> {
  const connection = await connect(`amqp://guest:guest@127.0.0.1:${settings.port}`, {
    noDelay: true,
  })
  const channel = await connection.createConfirmChannel()
  const options = { durable: true, arguments: queueArguments[settings.queueType] }
  await channel.assertQueue(requests, options)
  await channel.assertQueue(replies, options)
  return [connection, channel]
}

/** Resolves with how to end it. */
export async function startConsumer(settings: RabbitSettings): Promise<() => Promise<void>> {
  const [connection, channel] = await open(settings)
  await channel.prefetch(settings.prefetch)
  const work = (message: ConsumeMessage | null): void => {
    if (message === null) return
    const total = totalOf(JSON.parse(message.content.toString()))
    channel.sendToQueue(
      message.properties.replyTo,
      Buffer.from(JSON.stringify(total)),
      { persistent: true, correlationId: message.properties.correlationId },
      (error) => {
        if (error) throw error
        channel.ack(message)
      },
    )
  }
  await channel.consume(requests, work)
  return async () => {
    // A result can be home before its confirm is here.
    await channel.waitForConfirms()
    await connection.close()
  }
}

export async function rabbitRoundTrips(settings: RabbitSettings): Promise<LoadResult> {
  const [connection, channel] = await open(settings)
  const endConsumer = settings.workerElsewhere ? undefined : await startConsumer(settings)
  const waiting = new Map<string, (total: OrderTotal) => void>()
  const bringHome = (message: ConsumeMessage | null): void => {
    if (message === null) return
    const id = message.properties.correlationId
    waiting.get(id)?.(JSON.parse(message.content.toString()))
    waiting.delete(id)
    channel.ack(message)
  }
  await channel.consume(replies, bringHome)
  const trip = async (n: number): Promise<void> => {
    const home = new Promise<OrderTotal>((resolve) => waiting.set(String(n), resolve))
    await confirmed(channel, n)
    checkTotal(n, await home)
  }
  const { load, server } = settings
  const servers = server === undefined ? [] : [server]
  const result = await withUse(servers, load, () => closedLoop(load, trip))
  await channel.waitForConfirms()
  await endConsumer?.()
  await channel.deleteQueue(requests)
  await channel.deleteQueue(replies)
  await connection.close()
  return result
}

const confirmed = (channel: ConfirmChannel, n: number): Promise<void> =>
  new Promise((resolve, reject) => {
    channel.sendToQueue(
      requests,
      Buffer.from(JSON.stringify(orderOf(n))),
      { persistent: true, correlationId: String(n), replyTo: replies },
      (error) => (error ? reject(error) : resolve()),
    )
  })
