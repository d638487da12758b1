/*
 * Connections and channels, as RabbitMQ lists them.
 */

import { z } from 'zod'
import { argumentsShape } from './arguments.ts'
import { consumerShape } from './consumer.ts'
import { rateShape } from './rate.ts'

export const connectionShape = z.object({
  /** `address:port -> address:port`. */
  name: z.string(),
  /** As the client calls itself. */
  user_provided_name: z.string().optional(),
  user: z.string(),
  /** '' before it has opened one. */
  vhost: z.string(),
  node: z.string(),
  type: z.literal('network'),
  protocol: z.string(),
  state: z.enum(['starting', 'running', 'blocked', 'closing', 'closed']),
  host: z.string(),
  port: z.number(),
  peer_host: z.string(),
  peer_port: z.number(),
  ssl: z.boolean(),
  auth_mechanism: z.string(),
  channels: z.number(),
  channel_max: z.number(),
  frame_max: z.number(),
  /** Heartbeat in seconds; 0 for none. */
  timeout: z.number(),
  connected_at: z.number(),
  recv_oct: z.number(),
  recv_oct_details: rateShape,
  send_oct: z.number(),
  send_oct_details: rateShape,
  /** Bytes that wait for the client to read them. */
  send_pend: z.number(),
  client_properties: argumentsShape,
  homing: z.object({
    /** What RabbitMQ 4.3 would refuse or change of what it did, by feature. */
    warnings: z.record(z.string(), z.string()),
  }),
})

export const channelShape = z.object({
  /** `connection name (number)`. */
  name: z.string(),
  number: z.number(),
  connection_details: z.object({
    name: z.string(),
    peer_host: z.string(),
    peer_port: z.number(),
  }),
  user: z.string(),
  vhost: z.string(),
  node: z.string(),
  state: z.enum(['running', 'closing', 'flow']),
  consumer_count: z.number(),
  messages_unacknowledged: z.number(),
  messages_unconfirmed: z.number(),
  messages_uncommitted: z.number(),
  acks_uncommitted: z.number(),
  prefetch_count: z.number(),
  global_prefetch_count: z.number(),
  confirm: z.boolean(),
  transactional: z.boolean(),
  message_stats: z.object({ publish: z.number(), publish_details: rateShape }),
})

export const channelDetailShape = channelShape.extend({
  consumer_details: z.array(consumerShape),
})

export type ConnectionObject = z.infer<typeof connectionShape>
export type ChannelObject = z.infer<typeof channelShape>
