/*
 * A message as an engine carries it: bytes and settings, no schema, no class.
 *
 * What the hot path reads on every message is a field of its own. What only some messages have sits
 * in `meta`, which is stored as one piece of JSON and only when present.
 */

import { scopeEnd } from '../scoped-name.ts'

export interface Message {
  /** Unique for ever. At most 255 bytes. */
  readonly id: string
  /** True when the sender chose the id: then it may be a duplicate and is looked up. */
  readonly idChosen: boolean
  /** The id came from another process: it is looked up though nobody chose it. Not stored. */
  readonly idFromOutside?: true
  /** '' is the default exchange: the routing key is the queue's name. */
  readonly exchange: string
  readonly routingKey: string
  readonly contentType: string
  readonly body: Uint8Array
  /** 0 (default) to 255, higher first. */
  readonly priority: number
  /** Wall ms by which the outcome must exist; Infinity for none. */
  readonly deadlineAtMs: number
  /** Wall ms before which the message is not delivered; 0 for at once. */
  readonly availableAtMs: number
  /** Milliseconds one attempt may take; 0 for no limit. */
  readonly timeoutMs: number
  /** Attempts before the outcome is `thrown` or `lost`; at least 1. */
  readonly attemptsMax: number
  readonly meta: MessageMeta | undefined
  /** Property flags and list of an AMQP content header, as they came; library messages have none. */
  readonly properties?: Uint8Array
}

/** Whether the id may be known already. */
export const mayBeDuplicate = ({ idChosen, idFromOutside }: Message): boolean =>
  idChosen || idFromOutside === true

export interface MessageMeta {
  readonly headers?: Readonly<Record<string, string>>
  /** Messages of one key share the queue's per-key limits. */
  readonly key?: string
  /** Where the outcome is brought. */
  readonly callbacks?: readonly CallbackTarget[]
  /** The message whose handler sent this one. */
  readonly parentId?: string
  /** The dead letter this message replays. */
  readonly replayOf?: string
  /** Milliseconds the message may wait in its queue undelivered. */
  readonly ttlMs?: number
  /** Backoff of the sender's contract, for consumers that know none. */
  readonly backoff?: Backoff
  /** What the consumer publishes to the message's reply_to is its result; an acknowledgement is not. */
  readonly awaitsReply?: true
  /** It is an occurrence of the cron schedule that its id names. */
  readonly schedule?: { readonly cron: string; readonly timezone?: string }
  /** Acknowledged there, after so many attempts, and waiting for its reply since. */
  readonly workedOn?: { readonly queue: string; readonly attempts: number }
}

export interface CallbackTarget {
  /** Name of the durable callback, whose queue is `callback:NAME`. */
  readonly name: string
  /** JSON of the sender's context, undefined when there is none. */
  readonly context?: string
  /** For {@link notification}: the queue that is told, by the engine's name. */
  readonly queue?: string
  /** Told only of outcomes other than `ok`. */
  readonly onlyFailure?: true
}

export interface Backoff {
  readonly baseMs: number
  readonly factor: number
  readonly maxMs: number
  readonly jitter: boolean
}

/** In place of a callback's name: an AMQP message about the outcome, for a queue. No callback has it. */
export const notification = '\u0001notify'

/** Where requests wait that were acknowledged and not yet replied to. */
export const awaitedReplies = 'homing.awaited-replies'

/** The queue a durable callback of this name reads from, in the callback's virtual host. */
export function callbackQueue(name: string): string {
  const from = name.indexOf(scopeEnd) + 1
  return `${name.slice(0, from)}callback:${name.slice(from)}`
}
