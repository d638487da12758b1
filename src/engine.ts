/*
 * The engine port: what every engine can do. The client (producer, consumer, callbacks, receipts)
 * knows only this file; embedded, AMQP, Kafka, RocketMQ, ActiveMQ and ZeroMQ stand behind it.
 *
 * Rules every engine keeps:
 *   publish   resolves when the message is durable, never earlier (unless the engine is opened without sync)
 *   settle    resolves when the settlement is durable; an outcome is shown to no one before
 *   outcome   exactly one per accepted id; the first durable one wins
 * Bytes in, bytes out: contracts, schemas and codecs are the client's.
 */

import type { Delivery, Revocation } from './message/delivery.ts'
import type { Message } from './message/message.ts'
import type { Answer, StoredOutcome } from './message/outcome.ts'
import type { Settled, Settlement } from './message/settlement.ts'

export interface Accepted {
  readonly id: string
  /** The id was known already: nothing was stored, the first message stands. */
  readonly duplicate: boolean
  /** Wall ms of the confirm. */
  readonly confirmedAtMs: number
}

/** Settings of a queue. Declaring again with others changes them; what is absent falls back to its default. */
export interface QueueSettings {
  /** Messages that may wait; Infinity by default. */
  readonly depthMax?: number
  /** What a full queue does: refuse the new message (default) or push out the oldest as `rejected`. */
  readonly overflow?: 'reject' | 'drop-head' | 'reject-dead-letter'
  /** Bytes of the bodies that may wait. */
  readonly depthBytesMax?: number
  /** Milliseconds a message may wait undelivered before it is `expired`. */
  readonly messageTtlMs?: number
  /** Deliveries started per period, over all consumers. */
  readonly rate?: { readonly count: number; readonly perMs: number }
  /** Deliveries unsettled at once, over all consumers. */
  readonly concurrencyMax?: number
  /** The same two limits for each message key. */
  readonly perKey?: {
    readonly rate?: { readonly count: number; readonly perMs: number }
    readonly concurrencyMax?: number
  }
  /** False keeps the queue and all in it in memory only. Default true. */
  readonly durable?: boolean
  /** Where plain messages go that are rejected, expire, are pushed out or delivered too often. */
  readonly deadLetter?: { readonly exchange: string; readonly routingKey?: string }
  /** Times a plain message may come back before it is dead-lettered. */
  readonly deliveryLimit?: number
  /** Higher priorities count as this one; 0 for a queue without priorities. */
  readonly priorityMax?: number
  /** One consumer at a time: the next in line when it goes. */
  readonly singleActive?: boolean
  /** Milliseconds a consumer may hold a plain message. */
  readonly consumerTimeoutMs?: number
  /** An AMQP message's `message_id` is its id here: the same one twice is taken once. */
  readonly deduplicate?: boolean
  /** No deliveries. Set by those who administer the engine; a declaration does not change it. */
  readonly paused?: boolean
  /** What an AMQP client declared, as JSON; kept and shown, never interpreted here. */
  readonly declaration?: unknown
}

export interface SubscribeOptions {
  /** Unsettled deliveries this subscription may hold. */
  readonly prefetch: number
  /** Shown to people, kept with the outcome. */
  readonly consumerName?: string
  /** The same of a consumer that comes over a connection: how that is named, and whose it is. */
  readonly connectionName?: string
  readonly userName?: string
}

export interface SubscriptionHandler {
  deliver(delivery: Delivery): void
  /** The delivery is no longer held: abort the work, a later settle is refused. */
  revoke(delivery: Delivery, reason: Revocation): void
}

export interface Subscription {
  readonly queue: string
  /** Takes no more deliveries; those held stay held until settled. */
  stop(): void
  /** Stops, and gives back everything still held. */
  close(): Promise<void>
}

export interface QueueStats {
  readonly name: string
  readonly ready: number
  readonly unsettled: number
  readonly delayed: number
  readonly dead: number
  readonly consumers: number
  /** True while nothing is delivered because somebody has paused it. */
  readonly paused?: boolean
  /** Totals since the engine was opened. */
  readonly accepted: number
  readonly delivered: number
  readonly settled: number
}

export interface OutcomeFilter {
  readonly queue?: string
  /** `ok`, `failed` (everything else), or an exact code. */
  readonly code?: string
  /** Wall ms, inclusive. */
  readonly finishedSinceMs?: number
  readonly finishedBeforeMs?: number
  /** Newest first; default 100. */
  readonly limit?: number
  /** The last id of the page before. */
  readonly after?: string
}

export interface DeadLetter {
  /** The message as it was accepted. */
  readonly message: Message
  readonly queue: string
  /** The outcome's code. */
  readonly reason: string
  /** The outcome's content type and body: the error's data. */
  readonly errorContentType: string
  readonly error: Uint8Array
  readonly attempts: number
  readonly acceptedAtMs: number
  readonly diedAtMs: number
}

export interface DeadLetterFilter {
  readonly ids?: readonly string[]
  readonly queue?: string
  readonly limit?: number
  readonly after?: string
}

/** A copy of a data directory that was taken while it was in use. */
export interface BackupReport {
  readonly directory: string
  readonly files: number
  readonly bytes: number
  /** Everything up to this log sequence number is in it. */
  readonly lsn: number
  readonly startedAtMs: number
  readonly finishedAtMs: number
}

export interface BackupOptions {
  /** Who asks has made the directory, so it must be there: whoever does not see it has other files in view. */
  readonly isMade?: boolean
}

export interface GatherRequest {
  /** Unique for ever; asking twice with one id is asking once. */
  readonly id: string
  readonly memberIds: readonly string[]
  /** Told once, durably, when the last member has its outcome. */
  readonly callback: { readonly name: string; readonly context?: string }
}

/** How an engine keeps a promise. The conformance suite shows that it is true. */
export type Guarantee =
  /** Kept by what carries the messages. */
  | 'native'
  /** Kept by work on top of it: how, and at what cost; a sentence for people. */
  | { readonly emulated: string }
  /** Asking for it fails with `unsupported`, naming engine and feature: why; a sentence for people. */
  | { readonly refused: string }

/** One line for each feature; the rows of the table in docs/guarantees.md. */
export interface Guarantees {
  /** What is confirmed outlives a restart of what carries it. */
  readonly durability: Guarantee
  /** First in, first out; what comes back stands at its old place. Emulated: at another place. */
  readonly order: Guarantee
  /** `publishMany`: one confirm for all, or an error and none. Emulated: some may have been taken. */
  readonly batches: Guarantee
  /** `idChosen`: the same id is the same message, in every state. */
  readonly deduplication: Guarantee
  /** `priority`. */
  readonly priority: Guarantee
  /** `availableAtMs`. */
  readonly delay: Guarantee
  /** `deadlineAtMs`, `ttlMs`, `messageTtlMs`. */
  readonly expiry: Guarantee
  /** A retry, or no settle within `timeoutMs`: the message comes again, with its attempts counted. */
  readonly reinsertion: Guarantee
  /** An attempt that was taken away can settle nothing any more, and is told so. */
  readonly fencing: Guarantee
  /** Outcomes by id and as a list, also after the message is gone. */
  readonly ledger: Guarantee
  /** Outcomes are brought to the queue of a callback until it acknowledges. */
  readonly callbacks: Guarantee
  readonly gather: Guarantee
  /** Also of a message that is being worked on. */
  readonly cancel: Guarantee
  readonly progress: Guarantee
  /** Other processes on the same carrier work, ask, wait and cancel, too. */
  readonly elsewhere: Guarantee
  /** Kept, listed, replayed and dropped. */
  readonly deadLetters: Guarantee
  /** `depthMax`: a full queue refuses. */
  readonly depth: Guarantee
  /** `overflow: 'drop-head'`: a full queue gives its oldest the outcome `rejected`. */
  readonly overflow: Guarantee
  /** `rate`, `concurrencyMax` and the same by key, over all consumers. */
  readonly limits: Guarantee
  /** `queues()` counts exactly. Emulated: as far as this process knows. */
  readonly counts: Guarantee
}

export type Feature = keyof Guarantees

export interface Engine extends AsyncDisposable {
  /** `embedded`, `memory`, `amqp` … */
  readonly kind: string
  readonly guarantees: Guarantees
  /** Wall ms of a clock that does not jump. */
  nowMs(): number
  mintId(): string

  /** Makes the queue, or changes its settings. */
  declareQueue(name: string, settings: QueueSettings): Promise<void>

  /** Resolves when durable. Rejects with `queue-full`, `unroutable`, `disk-full`, `message-too-large`, `closed`. */
  publish(message: Message): Promise<Accepted>
  /** One confirm for all: resolves when every one of them is durable. */
  publishMany(messages: readonly Message[]): Promise<readonly Accepted[]>

  subscribe(queue: string, options: SubscribeOptions, handler: SubscriptionHandler): Subscription
  /**
   * Work begins only now on a delivery that waited in its consumer: the time of the attempt counts
   * from here. Optional: without it, that time counts from the delivery.
   */
  begun?(delivery: Delivery): void
  /** Never rejects for being late: says so. Rejects when the disk fails. */
  settle(delivery: Delivery, settlement: Settlement): Promise<Settled>

  /** What is known about an id now. */
  answer(id: string): Promise<Answer>
  /** Calls back once, when the outcome is durable; at once when it already is. Returns how to stop waiting. */
  whenFinal(id: string, told: (outcome: StoredOutcome) => void): () => void
  /** True when this call ended the message as `canceled`; false when it was final before. */
  cancel(id: string, reason?: string): Promise<boolean>

  /** Live values from a running handler; not stored. */
  reportProgress(delivery: Delivery, body: Uint8Array, contentType: string): void
  watchProgress(id: string, seen: (body: Uint8Array, contentType: string) => void): () => void

  gather(request: GatherRequest): Promise<void>

  queues(): Promise<readonly QueueStats[]>
  outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]>
  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>
  /** Sends dead letters again as new messages with new ids, in one durable step each; returns the new ids. */
  replayDeadLetters(filter: DeadLetterFilter): Promise<readonly string[]>
  /** Drops dead letters; their outcomes stay. Returns how many. */
  dropDeadLetters(filter: DeadLetterFilter): Promise<number>
  /** Removes what waits in the queue, each as `canceled`. Returns how many. */
  purgeQueue(name: string): Promise<number>

  /**
   * No deliveries until `resumeQueue`, also after a restart. Consumers stay, sends go on. Fails with
   * `queue-unknown`. Optional, as the two that follow: `unsupported` without it.
   */
  pauseQueue?(name: string): Promise<void>
  resumeQueue?(name: string): Promise<void>
  /**
   * A copy of all that is stored, while it is in use: everything confirmed before the call is in it. The
   * directory, a full path, is not there or empty. Fails with `bad-argument`, `not-permitted`, `disk-full`,
   * `backup-failed`, `unsupported`. One at a time: a second fails with `backup-running`.
   */
  backup?(directory: string, options?: BackupOptions): Promise<BackupReport>

  close(): Promise<void>
}
