/*
 * A queue: RabbitMQ's object, and beside it in `homing` what RabbitMQ does not have.
 */

import { z } from 'zod'
import { argumentsShape } from './arguments.ts'
import { consumerShape } from './consumer.ts'
import { messageStatsShape, rateShape } from './rate.ts'

/** Times are wall milliseconds. */
export const queueExtrasShape = z.object({
  /** Queues of callbacks hold outcomes that are to be brought home; internal ones are the server's own. */
  kind: z.enum(['queue', 'callback', 'internal']),
  /** Nothing is delivered until it is resumed. */
  paused: z.boolean(),
  /** Made by the library; its settings are the contract's. */
  library: z.boolean(),
  /** Of its messages those that have no outcome yet: ready, unacknowledged and delayed. */
  not_home: z.number(),
  delayed: z.number(),
  /** Dead letters that came from it. */
  dead: z.number(),
  /** When the oldest waiting message was accepted, as far as it is known without the disk. */
  oldest_at: z.number().nullable(),
  /** Since the start of the server. */
  outcomes: z.number(),
  outcomes_details: rateShape,
  /** Of the outcomes those other than `ok`. */
  failed: z.number(),
  failed_details: rateShape,
  settled: z.number(),
  settled_details: rateShape,
  refused: z.number(),
  refused_details: rateShape,
  /** Rights of the caller on this queue. */
  may: z.object({ configure: z.boolean(), write: z.boolean(), read: z.boolean() }),
})

/** What a list shows. */
export const queueShape = z.object({
  name: z.string(),
  vhost: z.string(),
  type: z.enum(['classic', 'quorum']),
  durable: z.boolean(),
  exclusive: z.boolean(),
  auto_delete: z.boolean(),
  arguments: argumentsShape,
  node: z.string(),
  state: z.literal('running'),
  /** Ready and unacknowledged. */
  messages: z.number().optional(),
  messages_details: rateShape.optional(),
  messages_ready: z.number().optional(),
  messages_ready_details: rateShape.optional(),
  messages_unacknowledged: z.number().optional(),
  messages_unacknowledged_details: rateShape.optional(),
  /** Of the records of what waits; about. */
  message_bytes_ready: z.number().optional(),
  consumers: z.number().optional(),
  /** Of the policy that is in force. */
  policy: z.string().nullable(),
  operator_policy: z.string().nullable(),
  effective_policy_definition: argumentsShape,
  exclusive_consumer_tag: z.string().nullable(),
  single_active_consumer_tag: z.string().nullable(),
  message_stats: messageStatsShape.optional(),
  homing: queueExtrasShape.optional(),
})

export const queueDetailShape = queueShape.extend({
  consumer_details: z.array(consumerShape).optional(),
  /** Connection that declared it exclusive. */
  owner_pid_details: z
    .object({ name: z.string(), peer_host: z.string(), peer_port: z.number() })
    .optional(),
})

export type QueueExtras = z.infer<typeof queueExtrasShape>
export type QueueObject = z.infer<typeof queueShape>
export type QueueDetail = z.infer<typeof queueDetailShape>
