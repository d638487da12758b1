/*
 * Waiting for outcomes. A wait ends with the outcome, with the caller's timeout or abort, or
 * with the closing of its home; the message itself goes on in every case.
 */

import type { AnyContract } from '../contract/contract.ts'
import { type Duration, durationMs } from '../duration.ts'
import type { Engine } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import type { KeepAlive } from './keep-alive.ts'
import { type FailedOutcome, type Outcome, outcomeError, readOutcome } from './outcome.ts'

export interface WaitOptions {
  /** Longest wait; without one, until the message's deadline has made an outcome. Fails with `timeout`. */
  readonly timeout?: Duration
  /** Ends the wait with `aborted`. */
  readonly signal?: AbortSignal | undefined
}

const waitOptions = new Set(['timeout', 'signal'])

interface Wait {
  fail(error: unknown): void
}

export class Waits {
  readonly #engine: Engine
  readonly #keepAlive: KeepAlive
  readonly #open = new Set<Wait>()

  constructor(engine: Engine, keepAlive: KeepAlive) {
    this.#engine = engine
    this.#keepAlive = keepAlive
  }

  /** The outcome of a message known to be accepted. */
  outcome<C extends AnyContract>(
    contract: C,
    id: string,
    options: WaitOptions | undefined,
  ): Promise<Outcome<C>> {
    return new Promise((resolve, reject) => {
      this.#begin(id, options, reject, (stored) => resolve(readOutcome(contract, stored)))
    })
  }

  /** The value of a message being sent; `sent` may still fail, and then so does the wait. */
  value<C extends AnyContract>(
    contract: C,
    id: string,
    sent: Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const options = signal === undefined ? undefined : { signal }
      const wait = this.#begin(id, options, reject, (stored) => {
        const outcome = readOutcome(contract, stored)
        if (outcome instanceof Promise) resolve(outcome.then(okValue))
        else if (outcome.ok) resolve(outcome.value)
        else reject(outcomeError(outcome))
      })
      sent.then(undefined, (error: unknown) => wait.fail(error))
    })
  }

  #begin(
    id: string,
    options: WaitOptions | undefined,
    reject: (error: unknown) => void,
    told: (stored: StoredOutcome) => void,
  ): Wait {
    let stop: (() => void) | undefined
    let timers: (() => void) | undefined
    let over = false
    const end = (): boolean => {
      if (over) return false
      over = true
      if (this.#open.delete(wait)) this.#keepAlive.release()
      timers?.()
      return true
    }
    const wait: Wait = {
      fail(error) {
        if (!end()) return
        stop?.()
        reject(error)
      },
    }
    if (options !== undefined) timers = limitWait(wait, id, options)
    if (over) return wait
    this.#open.add(wait)
    this.#keepAlive.hold()
    stop = this.#engine.whenFinal(id, (stored) => {
      if (end()) told(stored)
    })
    return wait
  }

  /** Ends every wait: the home is closed. */
  close(): void {
    for (const wait of this.#open) {
      wait.fail(
        new HomingError(
          'closed',
          'the home was closed while an outcome was awaited; ask again with home.receipt(contract, id) after opening it',
        ),
      )
    }
  }
}

function okValue(outcome: Outcome<AnyContract>): unknown {
  if (outcome.ok) return outcome.value
  throw outcomeError(outcome as FailedOutcome<AnyContract>)
}

/** Returns how to take the limits away again. */
function limitWait(wait: Wait, id: string, options: WaitOptions): (() => void) | undefined {
  checkOptions(options, waitOptions, 'the wait for an outcome')
  const { timeout, signal } = options
  const ms = timeout === undefined ? undefined : durationMs(timeout, 'the timeout of the wait')
  const aborted = (): void =>
    wait.fail(
      new HomingError('aborted', `the wait for message "${id}" was aborted; the message goes on`, {
        id,
        cause: signal?.reason,
      }),
    )
  if (signal?.aborted) {
    aborted()
    return undefined
  }
  signal?.addEventListener('abort', aborted, { once: true })
  const timer = ms === undefined ? undefined : setTimeout(() => wait.fail(tooLong(id, ms)), ms)
  return () => {
    signal?.removeEventListener('abort', aborted)
    clearTimeout(timer)
  }
}

function tooLong(id: string, ms: number): HomingError {
  return new HomingError(
    'timeout',
    `message "${id}" has no outcome after ${ms} ms; it goes on: wait longer, or cancel it`,
    { id },
  )
}
