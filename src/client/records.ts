/*
 * Outcomes and dead letters as rows for people: of any contract, read by their content types alone.
 */

import type { AnyContract } from '../contract/contract.ts'
import { json } from '../contract/json-codec.ts'
import type { DeadLetter, DeadLetterFilter, OutcomeFilter } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import { isBuiltinCode, type StoredOutcome } from '../message/outcome.ts'
import { decodeBody } from './body.ts'
import { builtinData } from './outcome.ts'

export interface OutcomeRow {
  readonly id: string
  readonly queue: string
  /** `ok`, a built-in code, or a declared error's name. */
  readonly code: string
  /** The result, or the error's data; bytes when they are of a type that needs a contract. */
  readonly value: unknown
  readonly contentType: string
  readonly attempts: number
  readonly acceptedAt: Date
  readonly finishedAt: Date
}

export interface DeadLetterRow {
  readonly id: string
  readonly queue: string
  /** The outcome's code. */
  readonly reason: string
  /** The error's data. */
  readonly error: unknown
  readonly input: unknown
  readonly contentType: string
  readonly headers: Readonly<Record<string, string>>
  readonly attempts: number
  readonly acceptedAt: Date
  readonly diedAt: Date
}

/** Rows come newest first; `after` is the last id of the page before. */
export interface OutcomesFilter {
  readonly queue?: string | AnyContract
  /** `ok`, `failed` (everything else), or an exact code. */
  readonly code?: string
  readonly since?: Date
  readonly before?: Date
  /** Default 100. */
  readonly limit?: number
  readonly after?: string
}

export interface DeadLettersFilter {
  readonly ids?: readonly string[]
  readonly queue?: string | AnyContract
  readonly limit?: number
  readonly after?: string
}

/** Which dead letters to replay or drop: never all of them by leaving something out. */
export interface DeadLetterChoice {
  readonly ids?: readonly string[]
  readonly queue?: string | AnyContract
  readonly all?: true
}

const outcomesFilter = new Set(['queue', 'code', 'since', 'before', 'limit', 'after'])
const deadLettersFilter = new Set(['ids', 'queue', 'limit', 'after'])
const deadLetterChoice = new Set(['ids', 'queue', 'all'])

export function readOutcomesFilter(filter: OutcomesFilter): OutcomeFilter {
  checkOptions(filter, outcomesFilter, 'home.outcomes')
  const { queue, code, since, before, limit, after } = filter
  return {
    ...(queue !== undefined && { queue: queueName(queue) }),
    ...(code !== undefined && { code }),
    ...(since !== undefined && { finishedSinceMs: timeOf(since, 'since') }),
    ...(before !== undefined && { finishedBeforeMs: timeOf(before, 'before') }),
    ...(limit !== undefined && { limit: readLimit(limit) }),
    ...(after !== undefined && { after }),
  }
}

export function readDeadLettersFilter(filter: DeadLettersFilter): DeadLetterFilter {
  checkOptions(filter, deadLettersFilter, 'home.deadLetters.list')
  const { ids, queue, limit, after } = filter
  return {
    ...(ids !== undefined && { ids }),
    ...(queue !== undefined && { queue: queueName(queue) }),
    ...(limit !== undefined && { limit: readLimit(limit) }),
    ...(after !== undefined && { after }),
  }
}

export function readDeadLetterChoice(choice: DeadLetterChoice, of: string): DeadLetterFilter {
  checkOptions(choice, deadLetterChoice, of)
  const { ids, queue, all } = choice
  if (ids === undefined && queue === undefined && all !== true) {
    throw new HomingError(
      'bad-argument',
      `${of} is told no ids and no queue; give ids, a queue, or all: true`,
    )
  }
  return {
    ...(ids !== undefined && { ids }),
    ...(queue !== undefined && { queue: queueName(queue) }),
  }
}

export function outcomeRow(stored: StoredOutcome): OutcomeRow {
  const { id, queue, code, contentType, body, attempts, acceptedAtMs, finishedAtMs } = stored
  return {
    id,
    queue,
    code,
    value: isBuiltinCode(code) ? builtinData(stored) : readAny(contentType, body),
    contentType,
    attempts,
    acceptedAt: new Date(acceptedAtMs),
    finishedAt: new Date(finishedAtMs),
  }
}

export function deadLetterRow(dead: DeadLetter): DeadLetterRow {
  const { message, queue, reason, errorContentType, error, attempts } = dead
  return {
    id: message.id,
    queue,
    reason,
    error: readAny(errorContentType, error),
    input: readAny(message.contentType, message.body),
    contentType: message.contentType,
    headers: message.meta?.headers ?? {},
    attempts,
    acceptedAt: new Date(dead.acceptedAtMs),
    diedAt: new Date(dead.diedAtMs),
  }
}

function readAny(contentType: string, body: Uint8Array): unknown {
  // What has no type may be anything; only no bytes at all are no value.
  if (contentType === '' && body.length > 0) return new Uint8Array(body)
  try {
    return decodeBody(json, contentType, body)
  } catch {
    return new Uint8Array(body)
  }
}

function queueName(queue: string | AnyContract): string {
  return typeof queue === 'string' ? queue : queue.name
}

function timeOf(date: Date, what: string): number {
  const ms = date instanceof Date ? date.getTime() : Number.NaN
  if (Number.isFinite(ms)) return ms
  throw new HomingError('bad-argument', `${what} is ${String(date)}; give a valid Date`)
}

function readLimit(limit: number): number {
  if (Number.isInteger(limit) && limit >= 0) return limit
  throw new HomingError('bad-argument', `limit is ${limit}; give a whole number from 0`)
}
