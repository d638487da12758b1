/*
 * Requests that are answered later: they wait for an outcome or for messages.
 *
 *   begin(user, signal) ─▶ a signal: the client has gone, its user lost something, the server stops
 *
 * Rule: who loses a right waits for nothing any more; asking again tells what is left.
 */

import { HomingError } from '../errors.ts'

export interface OpenRequest extends Disposable {
  readonly signal: AbortSignal
}

export class OpenRequests {
  readonly #open = new Map<AbortController, string>()
  #isClosed = false

  get count(): number {
    return this.#open.size
  }

  begin(user: string, client: AbortSignal): OpenRequest {
    const over = new AbortController()
    if (this.#isClosed) over.abort(stopped())
    const gone = (): void => over.abort(client.reason)
    if (client.aborted) gone()
    else client.addEventListener('abort', gone, { once: true })
    this.#open.set(over, user)
    return {
      signal: over.signal,
      [Symbol.dispose]: () => {
        this.#open.delete(over)
        client.removeEventListener('abort', gone)
      },
    }
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

/** Fails with what the server ended the request for; not when its client has gone. */
export function throwIfEnded({ aborted, reason }: AbortSignal): void {
  if (aborted && reason instanceof HomingError) throw reason
}
