/*
 * Messages: sending them, and looking at those in a queue.
 *
 *   POST   /api/queues/{vhost}/{queue}/messages  user   body: as it comes, with its content type
 *            ?within=&deadline=&delay=&at=&priority=&timeout=&attempts=&ttl=&key=&callback=&context=
 *            Idempotency-Key: the message's id · Prefer: wait=N · Homing-Header-NAME: a header of the message
 *            202 `receipt` with Location (at once, or not home in time) · waiting: 200 the result, 422 `failedOutcome`
 *   POST   /api/queues/{vhost}/{queue}/batch     user   JSON array of `batchMessage`, or one a line (application/x-ndjson)
 *            202 `receipts`, in order: all of them or none
 *   GET    /api/queues/{vhost}/{queue}/messages  user   ?state=ready|unsettled|delayed&limit=&after=
 *            200 `messagePage`: nothing is taken, no order changed
 *   GET    /api/queues/{vhost}/{queue}/messages/{position}   user   ?bodyBytesMax=
 *            200 `wholeMessage` · 404 it is there no more
 *   DELETE /api/queues/{vhost}/{queue}/messages  user   200 `purged`: what was ready ends as `canceled`
 *   POST   /api/queues/{vhost}/{queue}/pause     management (right: configure)   200 `paused`
 *   POST   /api/queues/{vhost}/{queue}/resume    management (right: configure)   200 `paused`
 *   DELETE /api/messages/{id}                    user   ?vhost=&reason=   200 `canceled`, also when it was final before
 *   GET    /api/messages/{id}                    user   ?vhost=           200 `story`: story-shapes.ts
 *   GET    /api/delayed                          user   ?vhost=&queue=&limit=&after=   200 `delayedPage`, next first
 *   GET    /api/schedules                        user   ?vhost=&queue=&limit=          200 `schedulePage`
 */

import { z } from 'zod'
import { count, next, properties, timeMs } from './shared-shapes.ts'

export const receipt = z.object({
  id: z.string(),
  /** The id was known: nothing was stored, the first message stands. */
  duplicate: z.boolean(),
  confirmedAtMs: timeMs,
  /** Where its outcome is asked for. */
  outcome: z.string(),
})
export type ReceiptJson = z.infer<typeof receipt>

export const receipts = z.object({ accepted: z.array(receipt) })

export const messageState = z.enum(['ready', 'unsettled', 'delayed'])

export const heldBy = z.object({
  consumer: z.string().optional(),
  connection: z.string().optional(),
  user: z.string().optional(),
  attempt: count,
  sinceMs: timeMs.optional(),
})

const summary = {
  position: z.number(),
  /** Absent for messages of AMQP clients that asked for no result. */
  id: z.string().optional(),
  state: messageState,
  priority: count,
  bodyBytes: count,
  contentType: z.string(),
  acceptedAtMs: timeMs.optional(),
  /** Deliveries made. */
  attempts: count,
  availableAtMs: timeMs.optional(),
  expiresAtMs: timeMs.optional(),
  durable: z.boolean(),
  held: heldBy.optional(),
  /** Its record is damaged; it is set aside when its turn comes. */
  unreadable: z.boolean(),
}

export const messageSummary = z.object(summary)
export type MessageSummaryJson = z.infer<typeof messageSummary>

export const messagePage = z.object({ messages: z.array(messageSummary), next })
export type MessagePageJson = z.infer<typeof messagePage>

export const wholeMessage = z.object({
  ...summary,
  exchange: z.string(),
  routingKey: z.string(),
  bodyBase64: z.string(),
  headers: z.record(z.string(), z.string()),
  /** Of an AMQP message. */
  properties: properties.optional(),
})
export type WholeMessageJson = z.infer<typeof wholeMessage>

export const purged = z.object({ purged: count })
export type PurgedJson = z.infer<typeof purged>

export const paused = z.object({ vhost: z.string(), queue: z.string(), paused: z.boolean() })

export const canceled = z.object({
  /** True when this request ended the message; false when it was final before. */
  canceled: z.boolean(),
  /** Where its outcome is. */
  outcome: z.string(),
})
export type CanceledJson = z.infer<typeof canceled>

export const delayed = z.object({
  ...summary,
  vhost: z.string(),
  queue: z.string(),
  /** Name of the cron schedule that sent it. */
  schedule: z.string().optional(),
})
export type DelayedJson = z.infer<typeof delayed>

/** `total` is there where the user may read all that is counted. */
export const delayedPage = z.object({ delayed: z.array(delayed), total: count.optional(), next })
export type DelayedPageJson = z.infer<typeof delayedPage>

export const schedule = z.object({
  name: z.string(),
  vhost: z.string(),
  queue: z.string(),
  nextAtMs: timeMs,
  messageId: z.string(),
  cron: z.string().optional(),
  timezone: z.string().optional(),
})
export type ScheduleJson = z.infer<typeof schedule>

export const schedulePage = z.object({ schedules: z.array(schedule) })
export type SchedulePageJson = z.infer<typeof schedulePage>
