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

export class Waits {
  readonly #engine: Engine
  readonly #keepAlive: KeepAlive
  readonly #open = new Set<Wait>()
  #closed = false

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
      const wait = new Wait(this, contract, false, resolve as (value: unknown) => void, reject)
      if (options !== undefined) wait.limit(id, options)
      this.#begin(wait, id)
    })
  }

  /** The outcomes of many messages known to be accepted, in order; one signal ends all waits. */
  async outcomes<C extends AnyContract>(
    contract: C,
    ids: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<Outcome<C>[]> {
    const waits: Wait[] = []
    const all = ids.map(
      (id) =>
        new Promise<unknown>((resolve, reject) => {
          const wait = new Wait(this, contract, false, resolve, reject)
          waits.push(wait)
          this.#begin(wait, id)
        }),
    )
    // One listener: a signal looks through all it has whenever one is added.
    const aborted = (): void => {
      waits.forEach((wait, n) => {
        wait.fail(abortedError(ids[n] as string, signal?.reason))
      })
    }
    if (signal?.aborted) aborted()
    signal?.addEventListener('abort', aborted, { once: true })
    try {
      return (await Promise.all(all)) as Outcome<C>[]
    } finally {
      signal?.removeEventListener('abort', aborted)
    }
  }

  /** The value of a message being sent; `sent` may still fail, and then so does the wait. */
  value(
    contract: AnyContract,
    id: string,
    sent: Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const wait = new Wait(this, contract, true, resolve, reject)
      if (signal !== undefined) wait.limit(id, { signal })
      this.#begin(wait, id)
      sent.then(undefined, (error: unknown) => wait.fail(error))
    })
  }

  #begin(wait: Wait, id: string): void {
    if (this.#closed) wait.fail(closedError())
    if (wait.over) return
    this.#open.add(wait)
    this.#keepAlive.hold()
    wait.stop = this.#engine.whenFinal(id, (stored) => wait.told(stored))
  }

  ended(wait: Wait): void {
    if (this.#open.delete(wait)) this.#keepAlive.release()
  }

  /** Ends every wait: the home is closed. */
  close(): void {
    this.#closed = true
    for (const wait of this.#open) wait.fail(closedError())
  }
}

class Wait {
  over = false
  stop: (() => void) | undefined
  readonly #waits: Waits
  readonly #contract: AnyContract
  readonly #asValue: boolean
  readonly #resolve: (value: unknown) => void
  readonly #reject: (error: unknown) => void
  #unlimit: (() => void) | undefined

  /** `asValue` resolves with the outcome's value, and rejects when it is not ok. */
  constructor(
    waits: Waits,
    contract: AnyContract,
    asValue: boolean,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ) {
    this.#waits = waits
    this.#contract = contract
    this.#asValue = asValue
    this.#resolve = resolve
    this.#reject = reject
  }

  told(stored: StoredOutcome): void {
    if (!this.#end()) return
    const outcome = readOutcome(this.#contract, stored)
    if (!this.#asValue) this.#resolve(outcome)
    else if (outcome instanceof Promise) this.#resolve(outcome.then(okValue))
    else if (outcome.ok) this.#resolve(outcome.value)
    else this.#reject(outcomeError(outcome))
  }

  fail(error: unknown): void {
    if (!this.#end()) return
    this.stop?.()
    this.#reject(error)
  }

  #end(): boolean {
    if (this.over) return false
    this.over = true
    this.#waits.ended(this)
    if (this.#unlimit !== undefined) this.#unlimit()
    return true
  }

  /** Fails with `unknown-option` and `bad-duration`; an aborted signal ends the wait at once. */
  limit(id: string, options: WaitOptions): void {
    checkOptions(options, waitOptions, 'the wait for an outcome')
    const { timeout, signal } = options
    const ms = timeout === undefined ? undefined : durationMs(timeout, 'the timeout of the wait')
    const aborted = (): void => this.fail(abortedError(id, signal?.reason))
    if (signal?.aborted) {
      aborted()
      return
    }
    signal?.addEventListener('abort', aborted, { once: true })
    const timer =
      ms === undefined ? undefined : setTimeout(() => this.fail(timeoutError(id, ms)), timerMs(ms))
    this.#unlimit = () => {
      signal?.removeEventListener('abort', aborted)
      clearTimeout(timer)
    }
  }
}

/** Longer than a timer can wait is longer than any process lives. */
function timerMs(ms: number): number {
  return Math.min(ms, 2 ** 31 - 1)
}

function okValue(outcome: Outcome<AnyContract>): unknown {
  if (outcome.ok) return outcome.value
  throw outcomeError(outcome as FailedOutcome<AnyContract>)
}

function closedError(): HomingError {
  return new HomingError(
    'closed',
    'the home was closed before the outcome came; ask again with home.receipt(contract, id) after opening it',
  )
}

function abortedError(id: string, cause: unknown): HomingError {
  return new HomingError(
    'aborted',
    `the wait for message "${id}" was aborted; the message goes on`,
    { id, cause },
  )
}

function timeoutError(id: string, ms: number): HomingError {
  return new HomingError(
    'timeout',
    `message "${id}" has no outcome after ${ms} ms; it goes on: wait longer, or cancel it`,
    { id },
  )
}
