/*
 * The story of one message: GET /api/messages/{id}   user   ?vhost=
 *   200 `story` · 404 `unknown`, when no message ever had the id
 *
 * The same as src/embedded/message-story.ts says, with bodies as base64 and absent for undefined.
 */

import { z } from 'zod'
import { outcome } from './outcome-shapes.ts'
import { body, count, properties, timeMs } from './shared-shapes.ts'

export const attemptError = z.object({
  name: z.string().optional(),
  message: z.string().optional(),
  stack: z.string().optional(),
  /** The whole data as JSON text when it is no thrown error. */
  data: z.string().optional(),
})
export type AttemptErrorJson = z.infer<typeof attemptError>

export const attempt = z.object({
  number: count,
  consumer: z.string().optional(),
  connection: z.string().optional(),
  user: z.string().optional(),
  deliveredAtMs: timeMs.optional(),
  endedAtMs: timeMs.optional(),
  end: z.enum([
    'running',
    'settled',
    'failed',
    'requeued',
    'returned',
    'timed-out',
    'connection-lost',
    'rejected',
    'expired',
    'canceled',
    'not-kept',
  ]),
  code: z.string().optional(),
  error: attemptError.optional(),
  retryAtMs: timeMs.optional(),
})
export type AttemptJson = z.infer<typeof attempt>

export const callbackStory = z.object({
  /** Name of the callback; for a notification the queue that is told. */
  name: z.string(),
  kind: z.enum(['callback', 'notification']),
  state: z.enum(['pending', 'waiting', 'running', 'backing-off', 'told', 'dead']),
  context: z.string().optional(),
  tries: z.array(attempt),
  triesMade: count,
  nextTryAtMs: timeMs.optional(),
})
export type CallbackStoryJson = z.infer<typeof callbackStory>

export const storyMessage = z.object({
  exchange: z.string(),
  routingKey: z.string(),
  ...body,
  priority: count,
  timeoutMs: z.number(),
  headers: z.record(z.string(), z.string()),
  key: z.string().optional(),
  properties: properties.optional(),
})
export type StoryMessageJson = z.infer<typeof storyMessage>

export const story = z.object({
  id: z.string(),
  vhost: z.string(),
  state: z.enum(['delayed', 'ready', 'unsettled', 'final']),
  queue: z.string(),
  position: z.number().optional(),
  acceptedAtMs: timeMs,
  /** Absent when only the outcome is kept. */
  message: storyMessage.optional(),
  availableAtMs: timeMs.optional(),
  deadlineAtMs: timeMs.optional(),
  attemptsMax: count.optional(),
  attemptsMade: count,
  attempts: z.array(attempt),
  progress: z.object({ ...body, reportedAtMs: timeMs }).optional(),
  outcome: outcome.optional(),
  isDeadLetter: z.boolean(),
  callbacks: z.array(callbackStory),
  parentId: z.string().optional(),
  childIds: z.array(z.string()),
  replayOf: z.string().optional(),
  replayedAs: z.string().optional(),
})
export type StoryJson = z.infer<typeof story>
