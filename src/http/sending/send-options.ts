/*
 * What is said of a message that is sent: in the query for one, in its line for one of a batch. The same
 * words as in docs/sending.md.
 */

import { z } from 'zod'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import type { MessageMeta } from '../../message/message.ts'
import { checkName } from '../../name.ts'
import { durationFrom, momentFrom, positiveDurationFrom } from '../moments.ts'
import { wholeText } from '../page-query.ts'

const sendNames = {
  /** From the first moment it can be delivered until its outcome. */
  within: z.string().optional(),
  deadline: z.string().optional(),
  /** Not delivered before. */
  delay: z.string().optional(),
  at: z.string().optional(),
  priority: wholeText(0, limits.priorityMax).optional(),
  /** One attempt. */
  timeout: z.string().optional(),
  attempts: wholeText(1, limits.attemptsMax).optional(),
  /** Longest wait in the queue. */
  ttl: z.string().optional(),
  /** Messages of one key share the queue's limits by key. */
  key: z.string().optional(),
  /** Name of the callback that is told the outcome. */
  callback: z.string().optional(),
  /** JSON that the callback is given. */
  context: z.string().optional(),
}

const headerPrefix = 'header.'

/** Of `POST …/messages`; `header.NAME=TEXT` is a header of the message. */
export const sendQuery = z.object(sendNames).catchall(z.string())
export type SendQuery = z.infer<typeof sendQuery>

/** Fails with `unknown-option`, `bad-argument`. */
export function optionsFromQuery(query: SendQuery): GivenOptions {
  let headers: Record<string, string> | undefined
  for (const [name, value] of Object.entries(query)) {
    if (name in sendNames) continue
    if (!name.startsWith(headerPrefix)) throw unknownOption(name)
    headers ??= Object.create(null) as Record<string, string>
    headers[name.slice(headerPrefix.length)] = String(value)
  }
  if (query.context !== undefined) checkJson(query.context)
  return headers === undefined ? query : { ...query, headers }
}

const unknownOption = (name: string): HomingError =>
  new HomingError(
    'unknown-option',
    `"${name.slice(0, 60)}" is not known in the query; known are ${Object.keys(sendNames).join(', ')} and header.NAME`,
  )

function checkJson(context: string): void {
  try {
    JSON.parse(context)
  } catch (cause) {
    throw new HomingError('bad-argument', 'context is no JSON; give JSON, a text in quotes', {
      cause,
    })
  }
}

const duration = z.union([z.string(), z.number()])

/** One of `POST …/batch`: a body as JSON, as text with its type, or as base64. */
export const batchMessage = z.strictObject({
  /** JSON; or the text itself when `contentType` is no JSON. */
  body: z.unknown().optional(),
  bodyBase64: z.base64().optional(),
  contentType: z.string().optional(),
  id: z.string().optional(),
  headers: z.record(z.string(), z.string()).optional(),
  within: duration.optional(),
  deadline: duration.optional(),
  delay: duration.optional(),
  at: duration.optional(),
  priority: z.int().min(0).max(limits.priorityMax).optional(),
  timeout: duration.optional(),
  attempts: z.int().min(1).max(limits.attemptsMax).optional(),
  ttl: duration.optional(),
  key: z.string().optional(),
  callback: z.string().optional(),
  context: z.unknown().optional(),
})
export type BatchMessage = z.infer<typeof batchMessage>

/** As both say it. */
export interface GivenOptions {
  readonly within?: string | number | undefined
  readonly deadline?: string | number | undefined
  readonly delay?: string | number | undefined
  readonly at?: string | number | undefined
  readonly priority?: number | undefined
  readonly timeout?: string | number | undefined
  readonly attempts?: number | undefined
  readonly ttl?: string | number | undefined
  readonly key?: string | undefined
  readonly callback?: string | undefined
  /** JSON text. */
  readonly context?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

export interface Timing {
  readonly availableAtMs: number
  readonly deadlineAtMs: number
  readonly timeoutMs: number
}

/** Fails with `bad-duration`, `bad-argument`. */
export function timingFrom(given: GivenOptions, nowMs: number): Timing {
  const { within, deadline, delay, at, timeout } = given
  onlyOne('within', within, 'deadline', deadline)
  onlyOne('delay', delay, 'at', at)
  const withinMs =
    within === undefined ? limits.withinMsDefault : positiveDurationFrom(within, 'within')
  const timeoutMs =
    timeout === undefined ? limits.timeoutMsDefault : positiveDurationFrom(timeout, 'timeout')
  const availableAtMs = availableAt(delay, at, nowMs)
  const from = Math.max(nowMs, availableAtMs)
  const deadlineAtMs = deadline === undefined ? from + withinMs : momentFrom(deadline, 'deadline')
  if (deadlineAtMs > availableAtMs) return { availableAtMs, deadlineAtMs, timeoutMs }
  throw new HomingError(
    'bad-argument',
    `the deadline ${iso(deadlineAtMs)} is not after ${iso(availableAtMs)}, when the message can first be delivered; move one of them`,
  )
}

function availableAt(
  delay: string | number | undefined,
  at: string | number | undefined,
  nowMs: number,
): number {
  if (delay !== undefined) {
    const delayMs = durationFrom(delay, 'delay')
    return delayMs > 0 ? nowMs + delayMs : 0
  }
  const atMs = at === undefined ? 0 : momentFrom(at, 'at')
  return atMs > nowMs ? atMs : 0
}

/** Names as the client has them. Fails with `bad-name`, `bad-argument`. */
export function metaFrom(given: GivenOptions): MessageMeta | undefined {
  const { headers, key, callback, context, ttl } = given
  if (context !== undefined && callback === undefined) {
    throw new HomingError('bad-argument', 'context is for a callback; give callback, too')
  }
  if (key !== undefined) checkName(key, 'the key')
  if (callback !== undefined) checkName(callback, 'the name of the callback')
  for (const [name, value] of Object.entries(headers ?? {})) checkHeader(name, value)
  const isPlain = headers === undefined && key === undefined && callback === undefined
  if (isPlain && ttl === undefined) return undefined
  return {
    ...(headers !== undefined && { headers }),
    ...(key !== undefined && { key }),
    ...(callback !== undefined && {
      callbacks: [{ name: callback, ...(context !== undefined && { context }) }],
    }),
    ...(ttl !== undefined && { ttlMs: positiveDurationFrom(ttl, 'ttl') }),
  }
}

function checkHeader(name: string, value: string): void {
  checkName(name, 'the name of a header')
  if (value.isWellFormed()) return
  throw new HomingError('bad-argument', `header "${name}" has half of a surrogate pair in it`)
}

function onlyOne(aName: string, a: unknown, bName: string, b: unknown): void {
  if (a === undefined || b === undefined) return
  throw new HomingError('bad-argument', `both ${aName} and ${bName} are given; give one of them`)
}

const iso = (ms: number): string =>
  Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms)
