/*
 * A virtual host, as RabbitMQ lists it.
 */

import { z } from 'zod'
import { messageStatsShape, rateShape } from './rate.ts'

export const virtualHostShape = z.object({
  name: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  metadata: z.object({ description: z.string(), tags: z.array(z.string()) }),
  default_queue_type: z.string(),
  tracing: z.literal(false),
  cluster_state: z.record(z.string(), z.string()),
  messages: z.number(),
  messages_details: rateShape,
  messages_ready: z.number(),
  messages_ready_details: rateShape,
  messages_unacknowledged: z.number(),
  messages_unacknowledged_details: rateShape,
  message_stats: messageStatsShape,
  homing: z.object({
    queues: z.number(),
    exchanges: z.number(),
    connections: z.number(),
    users: z.number(),
    limits: z.object({
      'max-connections': z.number().optional(),
      'max-queues': z.number().optional(),
    }),
  }),
})

export const virtualHostLimitsShape = z.object({
  vhost: z.string(),
  value: z.record(z.string(), z.number()),
})

export type VirtualHostObject = z.infer<typeof virtualHostShape>
