/*
 * Requests and replies by amqplib as it is installed: what a program that exists today gets.
 *
 *   requester ─ request, reply_to, correlation_id ─▶ request queue ─▶ responder
 *   requester ◀─ reply, correlation_id ─ direct reply-to, or a durable reply queue ─┘
 *
 * Over direct reply-to everything is transient and unacknowledged, as its users have it; over a
 * durable queue messages are persistent both ways and acknowledged by hand.
 */

import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import { type Channel, type ChannelModel, type ConsumeMessage, connect } from 'amqplib'
import { closedLoop, type Load, type LoadResult } from '../client/closed-loop.ts'
import { withUse } from './measured-use.ts'

export interface RpcSettings {
  readonly port: number
  readonly pid: number
  readonly load: Load
  readonly replies: 'direct' | 'durable queue'
  /** The responder runs in a process of its own. */
  readonly responderElsewhere: boolean
}

const requests = 'bench-requests'
const replyQueue = 'bench-replies'
const request = Buffer.alloc(100, 'homing ')

async function open(settings: RpcSettings): Promise<[ChannelModel, Channel]> {
  const url = `amqp://guest:guest@127.0.0.1:${settings.port}`
  const connection = await connect(url, { noDelay: true })
  const channel = await connection.createChannel()
  const durable = settings.replies === 'durable queue'
  await channel.assertQueue(requests, { durable })
  if (durable) await channel.assertQueue(replyQueue, { durable })
  return [connection, channel]
}

/** Resolves with how to end it. */
export async function startResponder(settings: RpcSettings): Promise<() => Promise<void>> {
  const [connection, channel] = await open(settings)
  const persistent = settings.replies === 'durable queue'
  const answer = (message: ConsumeMessage | null): void => {
    if (message === null) return
    const { replyTo, correlationId } = message.properties
    channel.publish('', replyTo, message.content, { correlationId, persistent })
    if (persistent) channel.ack(message)
  }
  await channel.prefetch(200)
  await channel.consume(requests, answer, { noAck: !persistent })
  return () => connection.close()
}

export async function runRequests(settings: RpcSettings): Promise<LoadResult> {
  const [connection, channel] = await open(settings)
  const endResponder = settings.responderElsewhere ? undefined : await startResponder(settings)
  const persistent = settings.replies === 'durable queue'
  const replyTo = persistent ? replyQueue : 'amq.rabbitmq.reply-to'
  const waiting = new Map<string, () => void>()
  // New for ever, as clients have them: a broker may look an id up that it has seen.
  const run = randomUUID().slice(0, 23)
  const bringHome = (message: ConsumeMessage | null): void => {
    if (message === null) return
    if (message.content.length !== request.length) throw new Error('a reply is not its request')
    waiting.get(message.properties.correlationId)?.()
    waiting.delete(message.properties.correlationId)
    if (persistent) channel.ack(message)
  }
  await channel.consume(replyTo, bringHome, { noAck: !persistent })
  const trip = (n: number): Promise<void> =>
    new Promise((resolve) => {
      const correlationId = `${run}-${String(n).padStart(12, '0')}`
      waiting.set(correlationId, resolve)
      channel.publish('', requests, request, { replyTo, correlationId, persistent })
    })
  const { pid, load } = settings
  const result = await withUse([pid], load, () => closedLoop(load, trip))
  await endResponder?.()
  await channel.deleteQueue(requests)
  if (persistent) await channel.deleteQueue(replyQueue)
  await connection.close()
  return result
}
