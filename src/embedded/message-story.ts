/*
 * The story of one message, as people see it: from its acceptance over each attempt to its outcome and
 * to each callback. Types only; what is kept of it, and where: docs/adr/0015-the-story-of-a-message.md.
 */

import type { BasicProperties } from '../amqp/protocol/properties.ts'
import type { StoredOutcome } from '../message/outcome.ts'

export type MessageState = 'delayed' | 'ready' | 'unsettled' | 'final'

export interface MessageStory {
  readonly id: string
  readonly state: MessageState
  /** Where it stands, or stood when it ended. */
  readonly queue: string
  /** Its position there; undefined once it is final. */
  readonly position: number | undefined
  /** Accepted is confirmed: a message is in the books when it is durable. */
  readonly acceptedAtMs: number
  /** The message as it was sent; undefined when it is final and no dead letter: then only its outcome is kept. */
  readonly message: StoryMessage | undefined
  /** While it is delayed: until then. */
  readonly availableAtMs: number | undefined
  /** By when it must have an outcome; undefined for never, or when the message is not kept. */
  readonly deadlineAtMs: number | undefined
  readonly attemptsMax: number | undefined
  /** Deliveries made so far. */
  readonly attemptsMade: number
  /** Oldest first. Of more than `attemptsKept` attempts the first ones are kept and the last. */
  readonly attempts: readonly Attempt[]
  /** The latest value reported by the handler under way; undefined when there is none. */
  readonly progress: StoryProgress | undefined
  readonly outcome: StoredOutcome | undefined
  /** True while it is kept as a dead letter: it can be replayed. */
  readonly isDeadLetter: boolean
  /** Where the outcome goes, and how far it has come. */
  readonly callbacks: readonly CallbackStory[]
  /** The message whose handler sent this one. */
  readonly parentId: string | undefined
  /** Messages that its handler sent, newest first, at most 100: finished ones, and live ones sent since the start. */
  readonly childIds: readonly string[]
  /** The dead letter it replays, and the newest message by which it was replayed itself. */
  readonly replayOf: string | undefined
  readonly replayedAs: string | undefined
}

export interface StoryMessage {
  readonly exchange: string
  readonly routingKey: string
  readonly contentType: string
  readonly body: Uint8Array
  /** Bytes of the whole body; `body` has at most as many as `story` reads (1 MiB). */
  readonly bodyBytes: number
  readonly priority: number
  readonly timeoutMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly key: string | undefined
  /** Of a message of an AMQP client: decoded. */
  readonly properties: BasicProperties | undefined
}

/**
 * How an attempt ended:
 *   running         the consumer has it
 *   settled         it was the last: the outcome says what came of it
 *   failed          the handler threw (or a contract's retry), and it was to be tried again
 *   requeued        an AMQP consumer gave it back
 *   returned        the consumer gave it back without working on it; does not count
 *   timed-out       no answer in time
 *   connection-lost the consumer's connection, channel or subscription ended
 *   rejected        an AMQP consumer refused it
 *   expired, canceled   the message's end came from elsewhere
 *   not-kept        delivered, and nothing else is known: the process ended, or an older version ran
 */
export type AttemptEnd =
  | 'running'
  | 'settled'
  | 'failed'
  | 'requeued'
  | 'returned'
  | 'timed-out'
  | 'connection-lost'
  | 'rejected'
  | 'expired'
  | 'canceled'
  | 'not-kept'

export interface Attempt {
  /** 1 for the first. */
  readonly number: number
  /** The consumer's name or consumer tag, as far as it gave one. */
  readonly consumer: string | undefined
  /** Name of its connection and its user, for consumers that come over one. */
  readonly connection: string | undefined
  readonly user: string | undefined
  readonly deliveredAtMs: number | undefined
  readonly endedAtMs: number | undefined
  readonly end: AttemptEnd
  /** `thrown`, `invalid`, the name of a declared error …; undefined without an error. */
  readonly code: string | undefined
  /** Of what was thrown; undefined when nothing was. */
  readonly error: AttemptError | undefined
  /** It comes again, not before then (backoff); undefined when at once or never. */
  readonly retryAtMs: number | undefined
}

export interface AttemptError {
  readonly name: string | undefined
  readonly message: string | undefined
  /** Bounded to some kilobytes. */
  readonly stack: string | undefined
  /** The whole data as JSON text when it is no thrown error; bounded. */
  readonly data: string | undefined
}

export interface StoryProgress {
  readonly contentType: string
  readonly body: Uint8Array
  readonly reportedAtMs: number
}

/**
 *   pending    its outcome is not there yet
 *   waiting    in the callback's queue
 *   running    its function has it now
 *   backing-off  its function failed, and is tried again
 *   told       it returned
 *   dead       the tries are used up; the outcome stays readable
 */
export type CallbackState = 'pending' | 'waiting' | 'running' | 'backing-off' | 'told' | 'dead'

export interface CallbackStory {
  /** Name of the callback; for a notification the queue that is told. */
  readonly name: string
  readonly kind: 'callback' | 'notification'
  readonly state: CallbackState
  readonly context: string | undefined
  readonly tries: readonly Attempt[]
  readonly triesMade: number
  /** When it is tried next; undefined when at once, or never. */
  readonly nextTryAtMs: number | undefined
}
