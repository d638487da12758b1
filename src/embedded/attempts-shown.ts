/*
 * Attempts as people see them: from the records of those that failed, from the outcome for the one that
 * ended the message, and from who holds it now.
 */

import { Buffer } from 'node:buffer'
import type { StoredOutcome } from '../message/outcome.ts'
import { consumerNames } from './consumer-label.ts'
import type { AttemptRecord } from './journal/attempt-record.ts'
import type { LedgerAttempt, LedgerStory } from './ledger/ledger-story.ts'
import type { HeldDelivery } from './live-queue.ts'
import type { Attempt, AttemptError } from './message-story.ts'
import { namesOf } from './shown-message.ts'

/** Longer data of an error is cut. */
const charactersMax = 8 * 1024
/** Numbers without a record that are listed; of a message that was delivered more often, only what is known. */
const gapsMax = 200

/** Those on record; `callback` is empty for attempts at the message itself. */
export const storedAttempts = ({ attempts }: LedgerStory, callback: string): Attempt[] =>
  attempts.filter((attempt) => attempt.callback === callback).map(storedAttempt)

function storedAttempt(record: AttemptRecord): Attempt {
  const { number, end, deliveredAtMs, endedAtMs, retryAtMs, consumer, code, error } = record
  return {
    number,
    ...consumerNames(consumer),
    deliveredAtMs: deliveredAtMs || undefined,
    endedAtMs,
    end,
    code: code || undefined,
    error: error.length === 0 ? undefined : shownError(error),
    retryAtMs: retryAtMs || undefined,
  }
}

/** The attempt that ended the message: what it threw is the outcome. */
export function lastAttempt(
  { end, deliveredAtMs, consumer }: LedgerAttempt,
  outcome: StoredOutcome,
): Attempt {
  const failed = end === 'settled' && outcome.code !== 'ok'
  return {
    number: outcome.attempts,
    ...consumerNames(consumer),
    deliveredAtMs: deliveredAtMs || undefined,
    endedAtMs: outcome.finishedAtMs,
    end,
    code: failed ? outcome.code : undefined,
    error: failed ? shownError(outcome.body) : undefined,
    retryAtMs: undefined,
  }
}

export function runningAttempt({ attempt, subscriber, deliveredAtMs }: HeldDelivery): Attempt {
  return {
    ...notKept(attempt),
    ...namesOf(subscriber),
    deliveredAtMs,
    end: 'running',
  }
}

/** With those that nothing is kept of, by their numbers. */
export function shownAttempts(known: readonly Attempt[], made: number): readonly Attempt[] {
  if (known.length >= made || made > gapsMax) return known
  const numbers = new Set(known.map(({ number }) => number))
  const all = [...known]
  for (let number = 1; number <= made; number++) {
    if (!numbers.has(number)) all.push(notKept(number))
  }
  return all.sort((a, b) => a.number - b.number)
}

const notKept = (number: number): Attempt => ({
  number,
  consumer: undefined,
  connection: undefined,
  user: undefined,
  deliveredAtMs: undefined,
  endedAtMs: undefined,
  end: 'not-kept',
  code: undefined,
  error: undefined,
  retryAtMs: undefined,
})

/** Of what was thrown its texts; of other data all of it, as text. */
export function shownError(body: Uint8Array): AttemptError {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const { name, message, stack } = fieldsOf(text)
  const isThrown = typeof name === 'string' && typeof message === 'string'
  return {
    name: textIn(name),
    message: textIn(message),
    stack: textIn(stack),
    data: isThrown || text === '' ? undefined : text.slice(0, charactersMax),
  }
}

function fieldsOf(text: string): { name?: unknown; message?: unknown; stack?: unknown } {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}

const textIn = (value: unknown): string | undefined =>
  typeof value === 'string' ? value.slice(0, charactersMax) : undefined
