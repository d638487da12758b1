/*
 * Requests that are answered later: they wait for an outcome or for messages.
 *
 *   begin(caller, signal) ─▶ a signal: the client has gone, its user lost something or logged out, the
 *                            server stops
 *
 * Rule: who loses a right waits for nothing any more; asking again tells what is left.
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Waiter } from './caller.ts'

export interface OpenRequest extends Disposable {
  readonly signal: AbortSignal
}

export class OpenRequests {
  readonly #open = new Map<AbortController, string>()
  /** By user. */
  readonly #counts = new Map<string, number>()
  #isClosed = false

  get count(): number {
    return this.#open.size
  }

  /** Fails with `memory-full`. */
  begin({ user, browserSession }: Waiter, client: AbortSignal): OpenRequest {
    this.#count(user, 1)
    const over = new AbortController()
    if (this.#isClosed) over.abort(stopped())
    const gone = (): void => over.abort(client.reason)
    if (client.aborted) gone()
    else client.addEventListener('abort', gone, { once: true })
    this.#open.set(over, user)
    const release = browserSession?.hold(() => over.abort(loggedOut()))
    return {
      signal: over.signal,
      [Symbol.dispose]: () => {
        if (this.#open.delete(over)) this.#count(user, -1)
        client.removeEventListener('abort', gone)
        release?.()
      },
    }
  }

  #count(user: string, change: 1 | -1): void {
    const own = (this.#counts.get(user) ?? 0) + change
    const { httpWaitsMax, httpWaitsPerUserMax } = limits
    if (change > 0 && (own > httpWaitsPerUserMax || this.#open.size >= httpWaitsMax)) {
      throw new HomingError(
        'memory-full',
        `${own > httpWaitsPerUserMax ? httpWaitsPerUserMax : httpWaitsMax} requests wait already, which is the limit; ask without waiting`,
      )
    }
    if (own > 0) this.#counts.set(user, own)
    else this.#counts.delete(user)
  }

  closeAllOf(user: string): void {
    for (const [over, of] of [...this.#open]) if (of === user) over.abort(lostRights())
  }

  /** Who comes later is not made to wait either. */
  close(): void {
    this.#isClosed = true
    for (const over of [...this.#open.keys()]) over.abort(stopped())
  }
}

const stopped = (): HomingError =>
  new HomingError('closed', 'the server stops; ask again when it is back')

const lostRights = (): HomingError =>
  new HomingError('access-refused', 'what the user may do has changed meanwhile; ask again')

const loggedOut = (): HomingError =>
  new HomingError('login-refused', 'the session has ended meanwhile; log in again')

/** Fails with what the server ended the request for; not when its client has gone. */
export function throwIfEnded({ aborted, reason }: AbortSignal): void {
  if (aborted && reason instanceof HomingError) throw reason
}
