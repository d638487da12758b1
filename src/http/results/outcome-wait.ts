/*
 * Waiting for an outcome, for as long as the client would.
 */

import type { Clock } from '../../clock.ts'
import type { Engine } from '../../engine.ts'
import type { StoredOutcome } from '../../message/outcome.ts'

export interface OutcomeWait {
  /** The engine's. */
  readonly id: string
  readonly waitMs: number
  readonly signal: AbortSignal
}

/** Undefined when it did not come in time, or nobody waits any more. */
export function outcomeWithin(
  engine: Engine,
  clock: Clock,
  { id, waitMs, signal }: OutcomeWait,
): Promise<StoredOutcome | undefined> {
  return new Promise((resolve) => {
    const over = (outcome: StoredOutcome | undefined): void => {
      timer.cancel()
      signal.removeEventListener('abort', givenUp)
      stop()
      resolve(outcome)
    }
    const givenUp = (): void => over(undefined)
    // It may be told before `whenFinal` returns.
    let stop = (): void => undefined
    const timer = clock.after(waitMs, givenUp)
    signal.addEventListener('abort', givenUp, { once: true })
    const stopWaiting = engine.whenFinal(id, over)
    stop = stopWaiting
    if (signal.aborted) givenUp()
  })
}
