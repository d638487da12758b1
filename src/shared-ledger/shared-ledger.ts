/*
 * The shared ledger: what became of each message, beside an outside broker that keeps no results.
 * Any number of processes use one ledger, a SQLite file or PostgreSQL; each may ask for any id.
 *
 *   accept ──▶ claimed ──confirmed──▶ pending ──end──▶ final ──retention──▶ forgotten
 *                 │ ▲                    ▲
 *      withdraw ◀─┘ └─ accept, when the claim ran out       accept of an id already published
 *
 *   end ──▶ outcome · dead letter · callback messages · gathers counted down: one transaction
 *                                         │
 *                                         └─▶ sent by the caller, then `sent`; what a dead process
 *                                             left is handed to the next who asks, by `unsent`
 *
 * Rules:
 *   Every promise that changes something resolves when that is durable.
 *   One outcome by id, over all processes: the first durable one wins, whoever else ends it is told which.
 *   A claim is a right for a short time (claimMs) to publish or send; it cannot be held by the dead.
 *   Lists are answered in the order asked. Calls of one turn share a transaction: nobody need batch.
 *   An id or a text with a NUL character is refused with `bad-argument`: PostgreSQL cannot store it.
 *
 * Any call fails with `ledger-unavailable` (retryable) when the database cannot be reached for as long
 * as `patienceMs`, `disk-full`, `disk-failed`, `not-permitted`, `closed`. Nothing was changed then, or
 * it is unknown whether it was; each call may be made again and then has its effect once.
 */

import type { DeadLetter, DeadLetterFilter, OutcomeFilter } from '../engine.ts'
import type { CallbackTarget, Message } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'

/** A message about to be published, or published already. */
export interface Acceptance {
  readonly id: string
  readonly queue: string
  /** Wall ms. */
  readonly acceptedAtMs: number
  /** Wall ms by which it must have its outcome; Infinity for none. See {@link SharedLedger.overdue}. */
  readonly deadlineAtMs: number
  /** Kept for whoever ends the message without having it in hand: a cancel, a passed deadline. */
  readonly callbacks?: readonly CallbackTarget[]
  /**
   * True: the broker has confirmed it already, and nobody else can know the id: one step for messages
   * whose id the sender did not choose. False: it is to be published when the claim says so.
   */
  readonly confirmed: boolean
}

/** What `accept` says to a message that was not known to be confirmed. */
export type Claim =
  /** Publish it now, then tell `confirmed`, or `withdraw` when the broker refused it. */
  | { readonly state: 'yours' }
  /** Another process is publishing it: ask again after that time, when it is known, or becomes yours. */
  | { readonly state: 'taken'; readonly retryInMs: number }
  /** The id is known: the first message stands, whatever became of it since. */
  | { readonly state: 'known' }

/** A message that brings an outcome, or a finished gather, to the queue of a callback. */
export interface CallbackMessage {
  /** The same on every try. Unique together with the queue. */
  readonly id: string
  readonly queue: string
  readonly contentType: string
  readonly body: Uint8Array
}

export interface Ending {
  readonly outcome: StoredOutcome
  /** The whole message, when it is to be kept among the dead letters. */
  readonly deadLetter?: Message
  /** To be sent if this outcome wins. */
  readonly callbacks?: readonly CallbackMessage[]
}

/** What stands after an `end`. */
export type Ended =
  | {
      readonly state: 'final'
      /** True when it is the one given; false when another came first. */
      readonly won: boolean
      readonly outcome: StoredOutcome
      /** To be sent now: callbacks of this outcome, and of gathers that it completed. */
      readonly unsent: readonly CallbackMessage[]
    }
  /** It had its outcome, which retention has removed. */
  | { readonly state: 'forgotten' }

/** What is known about an id. `state` is that of the port's `Answer`. */
export type LedgerEntry =
  | {
      readonly state: 'pending'
      readonly queue: string
      readonly acceptedAtMs: number
      readonly deadlineAtMs: number
      readonly callbacks: readonly CallbackTarget[]
      /** False while it is being published. */
      readonly confirmed: boolean
    }
  | {
      readonly state: 'final'
      readonly outcome: StoredOutcome
      readonly unsent: readonly CallbackMessage[]
    }
  /** Never accepted; or claimed by a process that died before it knew that it was published. */
  | { readonly state: 'unknown' }
  | { readonly state: 'forgotten' }

/** A message without an outcome. */
export interface PendingMessage {
  readonly id: string
  readonly queue: string
  readonly acceptedAtMs: number
  readonly deadlineAtMs: number
  readonly callbacks: readonly CallbackTarget[]
}

/** A dead letter, and the new message that is to be published in its place. */
export interface Replay {
  readonly deadId: string
  readonly message: Message
}

export interface Gathering {
  readonly id: string
  readonly memberIds: readonly string[]
  /** Sent once, when the last member has its outcome. */
  readonly told: CallbackMessage
}

/** Numbers of one queue. */
export interface LedgerCounts {
  /** Accepted and without an outcome. */
  readonly pending: number
  readonly dead: number
}

export interface SharedLedger extends AsyncDisposable {
  /** `memory` is this process's alone: other processes can neither ask it nor are fenced by it. */
  readonly kind: 'sqlite' | 'postgres' | 'memory'
  /** How long a claim holds: on publishing, on sending callbacks. */
  readonly claimMs: number

  accept(messages: readonly Acceptance[]): Promise<readonly Claim[]>
  /** The broker has confirmed them: from here on their ids are duplicates. Ends replays too. */
  confirmed(ids: readonly string[]): Promise<void>
  /** The broker has refused them: what was claimed here and not confirmed is unknown again. */
  withdraw(ids: readonly string[]): Promise<void>

  lookUp(ids: readonly string[]): Promise<readonly LedgerEntry[]>

  /** The first outcome of each id stands, also within one call. An id never accepted is ended as well. */
  end(endings: readonly Ending[]): Promise<readonly Ended[]>
  /** They are with the broker, confirmed. */
  sent(messages: readonly Pick<CallbackMessage, 'id' | 'queue'>[]): Promise<void>
  /** Callback messages whose sender did not say `sent` within claimMs; they are now the caller's to send. */
  unsent(limit?: number): Promise<readonly CallbackMessage[]>
  /** Confirmed messages whose deadline is before that time and that have no outcome, oldest deadline first. */
  overdue(beforeMs: number, limit?: number): Promise<readonly PendingMessage[]>

  /** Newest first. Fails with `bad-argument` when `after` was never held. */
  outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]>
  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]>
  /**
   * Each dead letter that is still there is replaced by its new message, which is claimed here:
   * publish those whose new ids are returned, then tell `confirmed`. Who comes second gets nothing.
   */
  takeDeadLetters(replays: readonly Replay[]): Promise<readonly string[]>
  /** Messages of replays that nobody confirmed within claimMs; they are now the caller's to publish. */
  unpublished(limit?: number): Promise<readonly Message[]>
  /** Drops dead letters; their outcomes stay. Returns how many. */
  dropDeadLetters(filter: DeadLetterFilter): Promise<number>

  /**
   * Starts a gather; again with the same id changes nothing, also when it is long over. Returns the
   * message to be sent now when all members are final already, none otherwise.
   * Fails with `unknown`, naming the member, when one was never accepted.
   */
  gather(gathering: Gathering): Promise<readonly CallbackMessage[]>

  /** By queue; those with neither are left out. Counts rows: for people, not for every message. */
  counts(): Promise<ReadonlyMap<string, LedgerCounts>>
  /** Forgets by age and count now; resolves with how many. Also runs by itself. */
  forget(): Promise<number>
  /** Ends what is under way, then closes. Later calls fail with `closed`. */
  close(): Promise<void>
}
