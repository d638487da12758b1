/*
 * Outcomes.
 *
 *   GET    /api/outcomes/{id}                    user   ?vhost=&as=json        Prefer: wait=N (seconds)
 *            200 the result as its consumer wrote it (or `outcome`, when ?as=json) · 202 `pending`
 *            422 `failedOutcome` as problem+json · 404 unknown · 410 forgotten
 *   GET    /api/outcomes                         user   ?vhost=&queue=&code=&since=&before=&idPrefix=&limit=&after=&bodyBytesMax=
 *            200 `outcomePage`, newest first; code: `ok`, `failed` or an exact one
 *   GET    /api/outcome-events                   user   ?vhost=&queue=  or  ?vhost=&ids=a,b,c
 *            events `outcome` with `outcome` as data; with Last-Event-ID what came meanwhile, too
 *   GET    /api/failures                         user   ?vhost=&queue=&since=&before=&limit=
 *            200 `failurePage`: grouped by queue, code and message, most frequent first
 *
 * Shown are outcomes of queues that the user may read; by id also to those who may ask by id.
 * `since` and `before`: milliseconds, an ISO date, or a duration ago (`1h`).
 */

import { z } from 'zod'
import { body, count, next, timeMs } from './shared-shapes.ts'

export const outcome = z.object({
  id: z.string(),
  vhost: z.string(),
  queue: z.string(),
  /** `ok`, thrown, lost, expired, canceled, rejected, invalid, unroutable, or the name of a declared error. */
  code: z.string(),
  ...body,
  attempts: count,
  acceptedAtMs: timeMs,
  finishedAtMs: timeMs,
})
export type OutcomeJson = z.infer<typeof outcome>

export const outcomePage = z.object({ outcomes: z.array(outcome), next })
export type OutcomePageJson = z.infer<typeof outcomePage>

/** Not home yet. */
export const pending = z.object({
  id: z.string(),
  vhost: z.string(),
  state: z.enum(['delayed', 'ready', 'unsettled', 'pending']),
  /** Where to ask again. */
  outcome: z.string(),
})
export type PendingJson = z.infer<typeof pending>

/** It came home and is no result: a problem (RFC 9457) of type `urn:homing:outcome:CODE`. */
export const failedOutcome = z.object({
  type: z.string(),
  title: z.string(),
  status: z.literal(422),
  code: z.string(),
  detail: z.string(),
  id: z.string(),
  vhost: z.string(),
  queue: z.string(),
  attempts: count,
  acceptedAtMs: timeMs,
  finishedAtMs: timeMs,
  /** Data of the error when it is JSON. */
  data: z.unknown().optional(),
  /** When it is not: its type and bytes. */
  dataContentType: z.string().optional(),
  dataBase64: z.string().optional(),
})
export type FailedOutcomeJson = z.infer<typeof failedOutcome>

export const failureGroup = z.object({
  vhost: z.string(),
  queue: z.string(),
  code: z.string(),
  /** Of what was thrown; at most 200 characters. */
  message: z.string().optional(),
  count,
  firstAtMs: timeMs,
  lastAtMs: timeMs,
  /** Of the newest one. */
  lastId: z.string(),
})
export type FailureGroupJson = z.infer<typeof failureGroup>

export const failurePage = z.object({
  groups: z.array(failureGroup),
  /** Failed outcomes that were looked at, newest first. */
  examined: count,
  /** False when there were more in that time than were looked at. */
  complete: z.boolean(),
})
export type FailurePageJson = z.infer<typeof failurePage>
