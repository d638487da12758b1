/*
 * What people see of an engine at work: types only, for those who show it (HTTP API, dashboard, `homing top`).
 *
 *   Broker.inspection ─▶ Inspection   looks, and changes nothing: no order, no attempt, no redelivered flag
 *   Broker.pauseQueue, resumeQueue, backup   change something, and are durable when they resolve
 *
 * Names of queues, callbacks and ids are the engine's: in a virtual host other than `/` they begin with
 * the host's name and U+001F (src/scoped-name.ts). Times are wall milliseconds, as Engine.nowMs() has them.
 *
 * Rule: the work of each call is bounded: by `limit` (at most 1,000), by a number of
 * records that may be read from disk, or by the number of queues.
 *
 * The story of a message is in message-story.ts, what is counted and measured in figures-port.ts.
 */

import type { BasicProperties } from '../amqp/protocol/properties.ts'
import type { BackupOptions, BackupReport, DeadLetter, OutcomeFilter } from '../engine.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import type { ConsumerFigures, Figures, QueueFigures, TimeTotals } from './figures-port.ts'
import type { AttemptError, MessageStory } from './message-story.ts'

export interface Inspection {
  /**
   * Everything known of a message with an id: waiting, held, delayed or finished. Undefined when there
   * never was one, or it is forgotten: `Engine.answer` tells the two apart.
   */
  story(id: string): Promise<MessageStory | undefined>

  /** Messages of a queue without taking them. Fails with `queue-unknown`, `bad-argument`. */
  messages(queue: string, filter: MessagesFilter): Promise<MessagePage>
  /** One of them whole. Undefined when nothing stands at that position any more. Fails with `queue-unknown`. */
  message(
    queue: string,
    position: number,
    options?: WholeOptions,
  ): Promise<WholeMessage | undefined>

  /** Every queue with what a list of queues shows; synchronous and cheap: 500 queues take microseconds. */
  queues(): readonly QueueFigures[]
  queue(name: string): QueueFigures | undefined
  /** Who consumes from the queue, and what each of them holds. Fails with `queue-unknown`. */
  consumers(queue: string): readonly ConsumerFigures[]

  /** Callbacks that have outcomes not yet brought home. */
  callbacks(): readonly CallbackFigures[]
  /** Outcomes whose callback has not returned yet, oldest first. */
  notHome(filter?: NotHomeFilter): Promise<NotHomePage>

  /** What is delayed, next first. Without `queue` in all queues. */
  delayed(filter?: DelayedFilter): Promise<DelayedPage>
  /** Cron schedules that have an occurrence among the next 1,000 delayed messages, next first. */
  schedules(filter?: DelayedFilter): Promise<readonly ScheduleFigures[]>

  /** A snapshot of all counters and gauges; the work of a loop over the queues. */
  figures(): Figures
  /** How long round trips and syncs took since the start, counted up to each of these times, which rise. */
  times(upToMs: readonly number[]): { readonly roundTrip: TimeTotals; readonly sync: TimeTotals }

  /** Outcomes other than `ok`, grouped by queue, code and message, most frequent first. */
  failures(filter?: FailuresFilter): Promise<FailurePage>
  /** Finished outcomes, newest first, with the cursor of the next page. */
  outcomes(filter: OutcomeSearch): Promise<OutcomePage>
  /** How many dead letters there are of each queue, also of those that were deleted. */
  deadCounts(): ReadonlyMap<string, number>
  /** Dead letters, newest first. */
  deadLetters(filter: DeadLetterSearch): Promise<DeadLetterPage>
  /** One dead letter by its id. */
  deadLetter(id: string): Promise<DeadLetter | undefined>
}

/** What `Broker` has beside the engine port. */
export interface Administration {
  readonly inspection: Inspection
  /** No deliveries until `resumeQueue`, also after a restart. Consumers stay, sends go on. Fails with `queue-unknown`. */
  pauseQueue(name: string): Promise<void>
  resumeQueue(name: string): Promise<void>
  /**
   * A copy of the whole data directory while it is in use: everything confirmed before the call is in
   * it. The directory must not exist, or be empty. Fails with `bad-argument`, `not-permitted`,
   * `disk-full`, `unsupported` (an engine in memory). One at a time: a second fails with `backup-running`.
   */
  backup(directory: string, options?: BackupOptions): Promise<BackupReport>
}

export interface MessagesFilter {
  readonly state: 'ready' | 'unsettled' | 'delayed'
  /** Default 100, at most 1,000. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly after?: string
}

export interface MessagePage {
  /** In the order in which they would be delivered; unsettled ones by position; delayed ones next first. */
  readonly messages: readonly MessageSummary[]
  /** Undefined on the last page. */
  readonly next: string | undefined
}

export interface MessageSummary {
  readonly position: number
  /** Undefined for messages of AMQP clients that asked for no result. */
  readonly id: string | undefined
  readonly state: 'ready' | 'unsettled' | 'delayed'
  readonly priority: number
  readonly bodyBytes: number
  readonly contentType: string
  readonly acceptedAtMs: number | undefined
  /** Deliveries made; more than 0 means redelivered. */
  readonly attempts: number
  readonly availableAtMs: number | undefined
  /** Until when it may wait. */
  readonly expiresAtMs: number | undefined
  readonly durable: boolean
  /** Of an unsettled one. */
  readonly held: HeldBy | undefined
  /** The record could not be read: damaged; it is set aside when its turn comes. */
  readonly unreadable: boolean
}

export interface HeldBy {
  readonly consumer: string | undefined
  readonly connection: string | undefined
  readonly user: string | undefined
  readonly attempt: number
  /** Undefined for messages without an id. */
  readonly sinceMs: number | undefined
}

export interface WholeOptions {
  /** Bytes of the body to give, at most 16 MiB; 1 MiB by default. */
  readonly bodyBytesMax?: number
}

export interface WholeMessage extends MessageSummary {
  readonly exchange: string
  readonly routingKey: string
  /** The beginning of the body when it is longer than asked for: compare with `bodyBytes`. */
  readonly body: Uint8Array
  /** Headers of a library message. */
  readonly headers: Readonly<Record<string, string>>
  /** Properties of an AMQP message, decoded; undefined when it is a library message. */
  readonly properties: BasicProperties | undefined
  /** As they came, for those who decode themselves. */
  readonly propertyBytes: Uint8Array | undefined
}

export interface CallbackFigures {
  readonly name: string
  /** The engine's name of its queue, `callback:NAME`. */
  readonly queue: string
  readonly waiting: number
  readonly running: number
  readonly backingOff: number
  readonly consumers: number
  readonly paused: boolean
}

export interface NotHomeFilter {
  /** Name of one callback. */
  readonly callback?: string
  readonly limit?: number
  readonly after?: string
}

export interface NotHome {
  /** Of the message whose outcome it is. */
  readonly messageId: string
  readonly callback: string
  readonly position: number
  readonly state: 'waiting' | 'running' | 'backing-off'
  /** When the outcome was there. */
  readonly finishedAtMs: number
  readonly code: string
  readonly tries: number
  readonly nextTryAtMs: number | undefined
  readonly lastError: AttemptError | undefined
}

export interface NotHomePage {
  readonly rows: readonly NotHome[]
  readonly total: number
  readonly next: string | undefined
}

export interface DelayedFilter {
  readonly queue?: string
  readonly limit?: number
  readonly after?: string
}

export interface Delayed extends MessageSummary {
  readonly queue: string
  /** Name of the cron schedule that sent it. */
  readonly schedule: string | undefined
}

export interface DelayedPage {
  readonly rows: readonly Delayed[]
  readonly total: number
  readonly next: string | undefined
}

export interface ScheduleFigures {
  readonly name: string
  readonly queue: string
  readonly nextAtMs: number
  readonly messageId: string
  /** Undefined when it was sent by an older version. */
  readonly cron: string | undefined
  readonly timezone: string | undefined
}

export interface FailuresFilter {
  readonly queue?: string
  readonly finishedSinceMs?: number
  readonly finishedBeforeMs?: number
  /** Groups to give, at most; default 100. */
  readonly limit?: number
}

export interface FailureGroup {
  readonly queue: string
  readonly code: string
  /** Of what was thrown, or of the error's data; undefined when it has none. At most 200 characters. */
  readonly message: string | undefined
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
  /** Of the newest one. */
  readonly lastId: string
}

export interface FailurePage {
  readonly groups: readonly FailureGroup[]
  /** Failed outcomes that were looked at, newest first, at most 10,000. */
  readonly examined: number
  /** False when there were more in that time than were looked at: older ones are not counted. */
  readonly complete: boolean
}

export interface OutcomeSearch extends OutcomeFilter {
  /** Ids that begin so. */
  readonly idPrefix?: string
}

export interface OutcomePage {
  readonly outcomes: readonly StoredOutcome[]
  /** For `after` of the next page; undefined on the last. */
  readonly next: string | undefined
}

export interface DeadLetterSearch {
  readonly queue?: string
  readonly reason?: string
  readonly idPrefix?: string
  readonly diedSinceMs?: number
  readonly diedBeforeMs?: number
  readonly limit?: number
  readonly after?: string
}

export interface DeadLetterPage {
  readonly deadLetters: readonly DeadLetter[]
  readonly next: string | undefined
}
