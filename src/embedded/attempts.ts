/*
 * How deliveries ended, put on record for people.
 *
 *   given back ─▶ an `attempt` record just before the `requeue` record, in the same batch
 *   final      ─▶ part of the `final` record
 *
 * Rule: nothing is decided by it. Only what a consumer has seen is an attempt, and only messages with an
 * id have a story; of one message the first `attemptsKeptMax` are written, and always the last.
 */

import { Buffer } from 'node:buffer'
import { limits } from '../limits.ts'
import type { Message } from '../message/message.ts'
import { scopeEnd } from '../scoped-name.ts'
import type { Core } from './core.ts'
import {
  type AttemptRecord,
  type StoredAttemptEnd,
  writeAttempt,
} from './journal/attempt-record.ts'
import type { FinalAttempt, FinalStory } from './journal/final-record.ts'
import { recordTypes } from './journal/record.ts'
import { attemptKind } from './ledger/ledger-event.ts'
import type { HeldDelivery } from './live-queue.ts'
import { type Entry, homecomingKind, messageKind, plainKind } from './queue/entry.ts'

const none = new Uint8Array(0)
const callbackPrefix = 'callback:'

export class Attempts {
  readonly #core: Core

  constructor(core: Core) {
    this.#core = core
  }

  /** The entry goes back into its queue, until then; call it before its record is written. */
  gaveBack(entry: Entry, retryAtMs: number, isExcused: boolean): void {
    const delivery = takeLast(entry)
    if (delivery === undefined || entry.transient || !isTold(delivery)) return
    this.#write(delivery, backEnd(delivery, isExcused), retryAtMs)
  }

  /** A callback returned that had failed before, or a request waits for its reply now. */
  settled(entry: Entry): void {
    const delivery = takeLast(entry)
    if (delivery === undefined || entry.transient || !isTold(delivery)) return
    this.#write(delivery, 'settled', 0)
  }

  #write(delivery: HeldDelivery, end: StoredAttemptEnd, retryAtMs: number): void {
    const { entry, message, subscriber } = delivery
    const failure = delivery.told?.failure
    const { journal, outcomes } = this.#core
    const attempt: AttemptRecord = {
      ...whose(entry, message, delivery.queue),
      number: delivery.attempt,
      end,
      deliveredAtMs: delivery.deliveredAtMs ?? 0,
      endedAtMs: this.#core.turnMs(),
      retryAtMs,
      consumer: Buffer.from(subscriber.label).toString('utf8'),
      code: failure?.code ?? '',
      error: failure === undefined ? none : boundedError(failure.body),
    }
    writeAttempt(journal.begin(), attempt)
    outcomes.feedLast(journal.end(recordTypes.attempt), attemptKind)
  }

  /** For the final record of the entry's message; undefined when there is nothing to tell. */
  story(entry: Entry, message: Message): FinalStory | undefined {
    const delivery = takeLast(entry)
    const attempt = delivery?.seen ? finalAttempt(delivery) : undefined
    const { parentId, replayOf } = message.meta ?? {}
    if (attempt === undefined && parentId === undefined && replayOf === undefined) return undefined
    return { attempt, parentId, replayOf }
  }
}

function takeLast(entry: Entry): HeldDelivery | undefined {
  const last = entry.lastHolder as HeldDelivery | undefined
  entry.lastHolder = undefined
  return last
}

const isTold = ({ seen, attempt, entry, message }: HeldDelivery): boolean =>
  seen && attempt <= limits.attemptsKeptMax && entry.kind !== plainKind && message.id !== ''

function backEnd(delivery: HeldDelivery, isExcused: boolean): StoredAttemptEnd {
  if (delivery.over === 'timeout') return 'timed-out'
  if (delivery.told?.end === 'lost' || delivery.over === 'closed') return 'connection-lost'
  if (delivery.told?.failure !== undefined) return 'failed'
  return isExcused ? 'returned' : 'requeued'
}

function finalAttempt(delivery: HeldDelivery): FinalAttempt {
  const deliveredAtMs = delivery.deliveredAtMs ?? 0
  return { end: finalEnd(delivery), deliveredAtMs, consumer: delivery.subscriber.label }
}

function finalEnd({ over, told }: HeldDelivery): StoredAttemptEnd {
  if (over === 'timeout') return 'timed-out'
  if (over === 'expired' || over === 'canceled') return over
  return told?.end === 'lost' || over === 'closed' ? 'connection-lost' : 'settled'
}

/** A homecoming is told of the message whose outcome it is: its own id is that one, `>` and the callback. */
function whose(
  entry: Entry,
  { id }: Message,
  queue: string,
): Pick<AttemptRecord, 'id' | 'callback'> {
  if (entry.kind === messageKind) return { id, callback: '' }
  const n = entry.kind - homecomingKind
  const name = callbackOf(queue)
  const suffix = n === 0 ? `>${name}` : `>${name}>${n}`
  return { id: id.slice(0, id.length - suffix.length), callback: suffix.slice(1) }
}

/** The callback whose queue has that name. */
export function callbackOf(queue: string): string {
  const from = queue.indexOf(scopeEnd) + 1
  return `${queue.slice(0, from)}${queue.slice(from + callbackPrefix.length)}`
}

export function isCallbackQueue(queue: string): boolean {
  return queue.startsWith(callbackPrefix, queue.indexOf(scopeEnd) + 1)
}

/** What was thrown as it came, or its texts cut until they fit. */
function boundedError(body: Uint8Array): Uint8Array {
  const most = limits.attemptErrorBytesMax
  if (body.length <= most) return body
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  try {
    const { name, message, stack } = JSON.parse(text) as Record<string, unknown>
    for (let characters = most / 2; characters > 0; characters = Math.floor(characters / 2)) {
      const cut = {
        name: start(name, characters / 16),
        message: start(message, characters / 4),
        stack: start(stack, characters),
      }
      // Escapes and other scripts take more bytes than characters.
      const json = Buffer.from(JSON.stringify(cut))
      if (json.length <= most) return json
    }
  } catch {
    // Not what this version writes: then only the code is kept.
  }
  return none
}

const start = (value: unknown, characters: number): string | undefined =>
  typeof value === 'string' ? value.slice(0, characters).toWellFormed() : undefined
