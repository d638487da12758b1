/*
 * Counters with their rates, as RabbitMQ writes them: `publish` and beside it `publish_details.rate`.
 */

import { z } from 'zod'

/** Per second, over the last seconds. */
export const rateShape = z.object({ rate: z.number() })

/** What was done with messages; all of it counts from the start of the server. */
export const messageStatsShape = z.object({
  publish: z.number(),
  publish_details: rateShape,
  confirm: z.number(),
  confirm_details: rateShape,
  /** Handed to consumers, first and again. */
  deliver: z.number(),
  deliver_details: rateShape,
  deliver_get: z.number(),
  deliver_get_details: rateShape,
  redeliver: z.number(),
  redeliver_details: rateShape,
  /** Settled in whatever way. */
  ack: z.number(),
  ack_details: rateShape,
})

export type MessageStats = z.infer<typeof messageStatsShape>
