/*
 * A consumer, as RabbitMQ lists it.
 */

import { z } from 'zod'
import { argumentsShape } from './arguments.ts'

export const channelDetailsShape = z.object({
  /** `connection name (number)`. */
  name: z.string(),
  connection_name: z.string(),
  node: z.string(),
  number: z.number(),
  peer_host: z.string(),
  peer_port: z.number(),
  user: z.string(),
})

export const consumerShape = z.object({
  queue: z.object({ name: z.string(), vhost: z.string() }),
  /** As far as the consumer gave one. */
  consumer_tag: z.string(),
  /** Empty for a consumer of the library within the server's process. */
  channel_details: z.union([channelDetailsShape, z.strictObject({})]),
  ack_required: z.boolean(),
  exclusive: z.boolean(),
  /** 0 for no limit. */
  prefetch_count: z.number(),
  active: z.boolean(),
  activity_status: z.enum(['up', 'single_active', 'waiting']),
  arguments: argumentsShape,
  homing: z.object({
    /** What it holds. */
    unacknowledged: z.number(),
    priority: z.number(),
    user: z.string().nullable(),
  }),
})

export type ChannelDetails = z.infer<typeof channelDetailsShape>
export type ConsumerObject = z.infer<typeof consumerShape>
