import type { HomingError } from '../errors.ts'
import type { Message } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import type { HeldDelivery } from './live-queue.ts'
import type { Entry } from './queue/entry.ts'

/** Says when what was written until now is on disk. */
export interface Durability {
  whenDurable(told: (error: HomingError | undefined) => void): void
}

export interface EndedMessage {
  readonly message: Message
  readonly outcome: StoredOutcome
}

/**
 * Told what happens to each message as it happens; none by default. It is called on the way of every
 * message: it returns at once, throws nothing and changes nothing.
 */
export interface MessageObserver {
  /** It waits in its queue from now on. Not told of what its consumer has in the same turn. */
  waits(entry: Entry, message: Message): void
  /** Its consumer has it. */
  delivered(delivery: HeldDelivery): void
  /** Its consumer no longer has it, for the reason in `over`. */
  released(delivery: HeldDelivery): void
  /** Given on the spot to a consumer that acknowledges nothing. */
  handedOver(queue: string, message: Message): void
  /** Its outcome is written, and stands when that is durable. */
  finishes(entry: Entry, ended: EndedMessage, journal: Durability): void
}
