/*
 * Dead letters, and callbacks whose outcomes are not home yet.
 *
 *   GET    /api/dead-letters                     user   ?vhost=&queue=&reason=&idPrefix=&since=&before=&limit=&after=&bodyBytesMax=
 *            200 `deadLetterPage`, newest first
 *   GET    /api/dead-letters/{id}                user   ?vhost=   200 `deadLetter` with its whole body · 404 `unknown`
 *   POST   /api/dead-letters/{id}/replay         user   ?vhost=   200 `replayed` · 404 `unknown`
 *   DELETE /api/dead-letters/{id}                user   ?vhost=   200 `dropped`  · 404 `unknown`
 *   POST   /api/dead-letters/replay              user   body `deadLetterChoice`  200 `replayed`
 *   POST   /api/dead-letters/drop                user   body `deadLetterChoice`  200 `dropped`
 *   GET    /api/callbacks                        user   ?vhost=                  200 `callbackPage`
 *   GET    /api/not-home                         user   ?vhost=&callback=&limit=&after=   200 `notHomePage`, oldest first
 *
 * To look at and to drop takes the right to read the queue; to replay also the right to send to it.
 */

import { z } from 'zod'
import { body, count, next, timeMs } from './shared-shapes.ts'
import { attemptError } from './story-shapes.ts'

export const deadLetter = z.object({
  id: z.string(),
  vhost: z.string(),
  queue: z.string(),
  /** The outcome's code. */
  reason: z.string(),
  /** Of what was thrown; absent when nothing was. */
  error: attemptError.optional(),
  attempts: count,
  acceptedAtMs: timeMs,
  diedAtMs: timeMs,
  exchange: z.string(),
  routingKey: z.string(),
  priority: count,
  headers: z.record(z.string(), z.string()),
  key: z.string().optional(),
  ...body,
})
export type DeadLetterJson = z.infer<typeof deadLetter>

export const deadLetterPage = z.object({
  deadLetters: z.array(deadLetter),
  /** Of the queue, the virtual host, or all that the user may read; whatever the other filters say. */
  total: count,
  next,
})
export type DeadLetterPageJson = z.infer<typeof deadLetterPage>

/** Which ones: by id, or all that match. Nothing, or a limit alone, means none, and is refused. */
export const deadLetterChoice = z.strictObject({
  vhost: z.string().optional(),
  /** All that the user may read, where nothing else is said. */
  all: z.literal(true).optional(),
  ids: z.array(z.string()).min(1).max(1_000).optional(),
  queue: z.string().optional(),
  reason: z.string().optional(),
  idPrefix: z.string().optional(),
  /** Milliseconds, an ISO date, or a duration ago. */
  since: z.union([z.number(), z.string()]).optional(),
  before: z.union([z.number(), z.string()]).optional(),
  /** At most so many, newest first; at most 1,000, which is the default. */
  limit: z.int().min(1).max(1_000).optional(),
})
export type DeadLetterChoiceJson = z.infer<typeof deadLetterChoice>

export const replayed = z.object({
  replayed: count,
  /** Of the new messages. */
  ids: z.array(z.string()),
  /** More match than were taken: ask again. */
  more: z.boolean(),
})
export type ReplayedJson = z.infer<typeof replayed>

export const dropped = z.object({ dropped: count, more: z.boolean() })
export type DroppedJson = z.infer<typeof dropped>

export const callbackFigures = z.object({
  name: z.string(),
  vhost: z.string(),
  /** Its own queue, `callback:NAME`. */
  queue: z.string(),
  waiting: count,
  running: count,
  backingOff: count,
  consumers: count,
  paused: z.boolean(),
})
export type CallbackFiguresJson = z.infer<typeof callbackFigures>

export const callbackPage = z.object({ callbacks: z.array(callbackFigures) })
export type CallbackPageJson = z.infer<typeof callbackPage>

export const notHome = z.object({
  messageId: z.string(),
  vhost: z.string(),
  callback: z.string(),
  position: z.number(),
  state: z.enum(['waiting', 'running', 'backing-off']),
  finishedAtMs: timeMs,
  code: z.string(),
  tries: count,
  nextTryAtMs: timeMs.optional(),
  lastError: attemptError.optional(),
})
export type NotHomeJson = z.infer<typeof notHome>

export const notHomePage = z.object({
  notHome: z.array(notHome),
  /** Absent where the user may not read all that is counted. */
  total: count.optional(),
  next,
})
export type NotHomePageJson = z.infer<typeof notHomePage>
