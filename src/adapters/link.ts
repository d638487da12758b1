/*
 * A link: an engine elsewhere, over one connection, for as long as that lasts. See ADR 11.
 *
 * It is the port, less what must outlive a connection: that is kept by the linked engine, which opens
 * the next link. Once `lost` has resolved every call rejects with `connection-lost`, and nothing is
 * delivered, revoked or told any more. Calls that were open then reject so as well; no other error has
 * that code. Functions that return no promise do nothing then.
 */

import type { Accepted, Engine } from '../engine.ts'
import type { HomingError } from '../errors.ts'
import type { Message } from '../message/message.ts'

export interface Link
  extends Omit<
    Engine,
    'publish' | 'publishMany' | 'mintId' | 'nowMs' | typeof Symbol.asyncDispose
  > {
  /** Resolves once, with the reason, when the connection is over; `closed` when it was closed here. */
  readonly lost: Promise<HomingError>
  /**
   * Resolves when all are durable. `again`: they were published on an earlier link and may have arrived;
   * an id that is known is then no duplicate of somebody else's.
   */
  publish(messages: readonly Message[], again: boolean): Promise<readonly Accepted[]>
}

/**
 * Opens a link. Rejects with an error whose `retryable` says whether trying again can help. The signal
 * says that nobody waits for it any more.
 */
export type OpenLink = (signal: AbortSignal) => Promise<Link>
