/*
 * Messages by RabbitMQ's API: publish to an exchange, get from a queue. For trying things out; those who
 * work with messages over HTTP have deliveries.
 */

import { Buffer } from 'node:buffer'
import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { PlainMessage } from '../../message/plain-message.ts'
import type { Got, HeldMessage, VirtualHost } from '../../virtual-host/port.ts'
import { type Route, route } from '../route.ts'
import { publishedShape } from '../shapes/exchange.ts'
import { channelOf, hostOf } from './answers.ts'
import { exchangeInPath } from './exchange-objects.ts'
import { jsonFromProperties, propertyBytes } from './message-properties.ts'
import { looseBoolean, looseCount, objectShape } from './request-shapes.ts'

const tag = 'Messages'

const publishing = z.object({
  routing_key: z.string().max(limits.nameBytesMax),
  payload: z.string(),
  payload_encoding: z.enum(['string', 'base64']).default('string'),
  properties: objectShape.default({}),
})

const ackModes = [
  'ack_requeue_true',
  'ack_requeue_false',
  'reject_requeue_true',
  'reject_requeue_false',
] as const
type AckMode = (typeof ackModes)[number]

const getting = z.object({
  count: looseCount.default(1),
  ackmode: z.enum(ackModes).optional(),
  /** As it was before RabbitMQ 3.7. */
  requeue: looseBoolean.optional(),
  encoding: z.enum(['auto', 'base64']).default('auto'),
  truncate: looseCount.optional(),
})

const gotShape = z.object({
  payload_bytes: z.number(),
  redelivered: z.boolean(),
  exchange: z.string(),
  routing_key: z.string(),
  /** Ready messages that remain. */
  message_count: z.number(),
  properties: z.record(z.string(), z.unknown()),
  payload: z.string(),
  payload_encoding: z.enum(['string', 'base64']),
})

const countMax = 1_000
/** Bytes of bodies that one answer brings. */
const bodiesBytesMax = 64 * 1_048_576

export const messageRoutes: readonly Route[] = [
  route({
    method: 'post',
    path: '/api/exchanges/{vhost}/{exchange}/publish',
    summary: 'Publish a message; the answer comes when it is on disk',
    tag,
    access: 'management',
    right: { right: 'write', on: 'exchange' },
    unaudited: true,
    body: publishing,
    bodyBytesMax: 2 * limits.bodyBytesMax,
    answers: { 200: { description: 'Whether a queue took it.', schema: publishedShape } },
    async handle(call) {
      const { routing_key, payload, payload_encoding, properties } = call.body
      const body = bodyFrom(payload, payload_encoding)
      const exchange = exchangeInPath(call.param('exchange'))
      const message = new PlainMessage(exchange, routing_key, propertyBytes(properties), body)
      return { json: { routed: await published(hostOf(call), channelOf(call), message) } }
    },
  }),
  route({
    method: 'post',
    path: '/api/queues/{vhost}/{queue}/get',
    summary: 'Take messages from a queue, or look at them and put them back as redelivered',
    tag,
    access: 'management',
    right: { right: 'read', on: 'queue' },
    unaudited: true,
    body: getting,
    answers: { 200: { description: 'The messages.', schema: z.array(gotShape) } },
    async handle(call) {
      const { count, ackmode, requeue, encoding, truncate } = call.body
      if (count < 1 || count > countMax) {
        throw new HomingError('bad-argument', `count is ${count}; give one of 1 to ${countMax}`)
      }
      const mode = ackmode ?? (requeue === false ? 'ack_requeue_false' : 'ack_requeue_true')
      const host = hostOf(call)
      const got = await taken(call, { count, mode, host })
      return { json: got.map((one) => gotObject(one, { encoding, truncate })) }
    },
  }),
]

function bodyFrom(payload: string, encoding: 'string' | 'base64'): Uint8Array {
  const body = encoding === 'base64' ? decoded(payload) : Buffer.from(payload, 'utf8')
  if (body.length > limits.bodyBytesMax) {
    throw new HomingError(
      'message-too-large',
      `the message has ${body.length} bytes; ${limits.bodyBytesMax} are the most`,
    )
  }
  return body
}

/** Node's decoder passes over what is no base64, and a message would be kept that nobody sent. */
function decoded(payload: string): Uint8Array {
  const dense = payload.replaceAll(/\s+/g, '')
  if (z.base64().safeParse(dense).success) return Buffer.from(dense, 'base64')
  throw new HomingError('bad-argument', 'the payload is no base64')
}

/** Whether it was routed; resolves when it is durable. Fails with `queue-full`. */
async function published(
  host: VirtualHost,
  channel: ReturnType<typeof channelOf>,
  message: PlainMessage,
): Promise<boolean> {
  const fate = await host.publish(channel, message)
  if (fate === 'refused') {
    throw new HomingError(
      'queue-full',
      'a queue refused the message: it is full; wait for consumers',
    )
  }
  if (fate === 'durable') {
    await new Promise<void>((resolve, reject) => {
      host.whenDurable((error) => (error === undefined ? resolve() : reject(error)))
    })
  }
  return fate !== 'unroutable'
}

interface Taking {
  readonly count: number
  readonly mode: AckMode
  readonly host: VirtualHost
}

/** They are settled together, so that none of those put back is taken twice. */
async function taken(
  call: Parameters<typeof channelOf>[0],
  { count, mode, host }: Taking,
): Promise<readonly Got[]> {
  const channel = channelOf(call)
  const all: Got[] = []
  let bytes = 0
  try {
    while (all.length < count && bytes < bodiesBytesMax) {
      const got = await host.get(channel, call.param('queue'), false)
      if (got === undefined) break
      all.push(got)
      bytes += got.message.body.length
    }
  } finally {
    settle(
      host,
      mode,
      all.flatMap(({ held }) => held ?? []),
    )
  }
  return all
}

function settle(host: VirtualHost, mode: AckMode, held: readonly HeldMessage[]): void {
  if (held.length === 0) return
  if (mode === 'ack_requeue_false') host.acknowledge(held)
  else if (mode === 'reject_requeue_false') host.reject(held)
  else host.requeue(held, true)
}

function gotObject(
  { message, properties, redelivered, remaining }: Got,
  {
    encoding,
    truncate,
  }: { readonly encoding: 'auto' | 'base64'; readonly truncate?: number | undefined },
): z.infer<typeof gotShape> {
  const body =
    truncate === undefined ? message.body : message.body.subarray(0, Math.max(0, truncate))
  const text = encoding === 'auto' ? textOf(body) : undefined
  return {
    payload_bytes: message.body.length,
    redelivered,
    exchange: message.exchange,
    routing_key: message.routingKey,
    message_count: remaining,
    properties: jsonFromProperties(properties),
    payload: text ?? Buffer.from(body).toString('base64'),
    payload_encoding: text === undefined ? 'base64' : 'string',
  }
}

/** Undefined when it is no UTF-8. */
function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}
