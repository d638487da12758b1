/*
 * Consuming over HTTP.
 *
 *   POST   /api/queues/{vhost}/{queue}/deliveries   user   ?max=&wait=&lease=&consumer=
 *            200 `deliveries`: none when none came within `wait`
 *   POST   /api/deliveries/{delivery}               user   body: the result as it is   204 · 409 `fenced`: no longer held
 *   POST   /api/deliveries/{delivery}/error         user   ?code=NAME   body: the declared error's data    204 · 409
 *   POST   /api/deliveries/{delivery}/retry         user   ?delay=      body: what went wrong, JSON or text 204 · 409
 *   POST   /api/deliveries/{delivery}/reject        user   body: why, JSON or text                        204 · 409
 *   POST   /api/deliveries/{delivery}/return        user   back untouched; does not count as an attempt   204 · 409
 *   POST   /api/deliveries/{delivery}/lease         user   ?lease=      200 `lease` · 409
 *   POST   /api/deliveries/{delivery}/progress      user   body: a value for who watches                  204 · 409
 *
 * A delivery belongs to the user who took it; for others there is none of that name.
 */

import { z } from 'zod'
import { body, count, properties, timeMs } from './shared-shapes.ts'

export const delivery = z.object({
  /** By which it is settled. */
  delivery: z.string(),
  /** The message's; absent when it is of an AMQP client that asked for no result. */
  id: z.string().optional(),
  queue: z.string(),
  attempt: count,
  redelivered: z.boolean(),
  acceptedAtMs: timeMs,
  /** What is not settled by then goes back into the queue, and the attempt counts. */
  leasedUntilMs: timeMs,
  /** By when the message must have an outcome. */
  deadlineAtMs: timeMs.optional(),
  exchange: z.string(),
  routingKey: z.string(),
  priority: count,
  headers: z.record(z.string(), z.string()),
  key: z.string().optional(),
  properties: properties.optional(),
  ...body,
})
export type DeliveryJson = z.infer<typeof delivery>

export const deliveries = z.object({ deliveries: z.array(delivery) })

export const lease = z.object({ leasedUntilMs: timeMs })
