/*
 * The server as a whole, as RabbitMQ shows it: overview and node.
 */

import { z } from 'zod'
import { messageStatsShape, rateShape } from './rate.ts'

const exchangeTypeShape = z.object({
  name: z.string(),
  description: z.string(),
  enabled: z.boolean(),
})

export const listenerShape = z.object({
  node: z.string(),
  protocol: z.enum(['amqp', 'amqp/ssl', 'http', 'https']),
  ip_address: z.string(),
  port: z.number(),
})

export const overviewShape = z.object({
  management_version: z.string(),
  /** Version of RabbitMQ whose behaviour clients may expect. */
  rabbitmq_version: z.string(),
  product_name: z.string(),
  product_version: z.string(),
  cluster_name: z.string(),
  node: z.string(),
  rates_mode: z.literal('basic'),
  disable_stats: z.boolean(),
  enable_queue_totals: z.boolean(),
  exchange_types: z.array(exchangeTypeShape),
  message_stats: messageStatsShape.optional(),
  queue_totals: z
    .object({
      messages: z.number(),
      messages_details: rateShape,
      messages_ready: z.number(),
      messages_ready_details: rateShape,
      messages_unacknowledged: z.number(),
      messages_unacknowledged_details: rateShape,
    })
    .optional(),
  object_totals: z.object({
    channels: z.number(),
    connections: z.number(),
    consumers: z.number(),
    exchanges: z.number(),
    queues: z.number(),
  }),
  listeners: z.array(listenerShape),
  contexts: z.array(
    z.object({
      node: z.string(),
      description: z.string(),
      path: z.string(),
      ip: z.string(),
      port: z.string(),
    }),
  ),
  homing: z.object({
    version: z.string(),
    started_at: z.number(),
    /** Why publishers wait; null when they do not. */
    blocked_for: z.string().nullable(),
    stopping: z.boolean(),
    read_only: z.boolean(),
    /** Messages without an outcome, in the queues that the caller may see. */
    not_home: z.number(),
    delayed: z.number(),
    dead: z.number(),
    paused_queues: z.number(),
  }),
})

export const nodeShape = z.object({
  name: z.string(),
  type: z.literal('disc'),
  running: z.boolean(),
  os_pid: z.string(),
  uptime: z.number(),
  processors: z.number(),
  rates_mode: z.literal('basic'),
  /** Bytes that the system has lent to the process. */
  mem_used: z.number(),
  /** Bytes in use above which publishers are blocked. */
  mem_limit: z.number(),
  mem_alarm: z.boolean(),
  /** Bytes, on the disk of the data directory. */
  disk_free: z.number().optional(),
  /** Free bytes below which publishers are blocked. */
  disk_free_limit: z.number(),
  disk_free_alarm: z.boolean(),
  /** Open files and sockets. */
  fd_used: z.number().optional(),
  fd_total: z.number().optional(),
  sockets_used: z.number(),
  partitions: z.array(z.string()),
  being_drained: z.boolean(),
  exchange_types: z.array(exchangeTypeShape),
  auth_mechanisms: z.array(exchangeTypeShape),
  applications: z.array(
    z.object({ name: z.string(), description: z.string(), version: z.string() }),
  ),
  enabled_plugins: z.array(z.string()),
  contexts: overviewShape.shape.contexts,
})

export type Overview = z.infer<typeof overviewShape>
export type NodeObject = z.infer<typeof nodeShape>
