/*
 * A shared ledger in a SQLite file: this thread gathers, a worker thread stores.
 *
 *   call ──┐
 *   call ──┼─▶ gathered ── one message ──▶ worker: one transaction, one sync ──▶ answers
 *   call ──┘      ▲                                    │
 *                 └── called meanwhile: next turn ◀────┘
 *
 * Rule: while one turn is stored all others gather, so load makes turns larger and not the queue longer.
 * Locked by another process, disk full: the calls of the turn are rejected and nothing was stored.
 * A failed sync, damage, a dead worker: every later call is rejected too, until it is opened again.
 */

import { randomUUID } from 'node:crypto'
import { systemClock } from '../../clock.ts'
import { inPages } from '../../embedded/ledger/in-pages.ts'
import type { DeadLetter, DeadLetterFilter, OutcomeFilter } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import type { Message } from '../../message/message.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { ForgetTimer } from '../forget-timer.ts'
import type {
  Acceptance,
  CallbackMessage,
  Claim,
  Ended,
  Ending,
  Gathering,
  LedgerCounts,
  LedgerEntry,
  PendingMessage,
  Replay,
  SharedLedger,
} from '../shared-ledger.ts'
import {
  forgetRowsMax,
  handOutDefault,
  type SharedLedgerSettings,
} from '../shared-ledger-options.ts'
import {
  checkAcceptances,
  checkEndings,
  checkGathering,
  checkIds,
  checkReplays,
} from '../storable.ts'
import type {
  CallName,
  CallResult,
  SaidError,
  SharedCall,
  TurnReply,
  TurnRequest,
} from './shared-calls.ts'
import { detached, storedEnding, storedReplay } from './stored-calls.ts'
import { workerTurns } from './turn-channel.ts'

interface Asked {
  readonly call: SharedCall
  readonly resolve: (value: unknown) => void
  readonly reject: (error: HomingError) => void
}

/** Calls in one transaction: another process that waits for the file waits for this one first. */
const turnCallsMax = 1_000

/**
 * Opens the file, or makes it. Fails with `not-permitted`, `format-unknown`, `ledger-unavailable`, `disk-full`.
 */
export async function openSqliteSharedLedger(
  path: string,
  settings: SharedLedgerSettings,
): Promise<SqliteSharedLedger> {
  const ledger = new SqliteSharedLedger(path, settings)
  try {
    await ledger.lookUp([])
    return ledger
  } catch (error) {
    await ledger.close()
    throw error
  }
}

export class SqliteSharedLedger implements SharedLedger {
  readonly kind = 'sqlite'
  readonly claimMs: number
  readonly #path: string
  readonly #settings: SharedLedgerSettings
  readonly #forgetting: ForgetTimer
  readonly #channel: ReturnType<typeof workerTurns>
  #gathered: Asked[] = []
  #isStoring = false
  #stored: Promise<void> = Promise.resolve()
  #failure: HomingError | undefined
  #closed: Promise<void> | undefined

  constructor(path: string, settings: SharedLedgerSettings) {
    this.claimMs = settings.claimMs
    this.#path = path
    this.#settings = settings
    this.#channel = workerTurns({ path, claim: randomUUID(), claimMs: settings.claimMs })
    this.#forgetting = new ForgetTimer(() => this.forget(), settings.onProblem)
  }

  async accept(messages: readonly Acceptance[]): Promise<readonly Claim[]> {
    checkAcceptances(messages)
    return this.#ask('accept', [messages])
  }

  async confirmed(ids: readonly string[]): Promise<void> {
    checkIds(ids)
    return this.#ask('confirmed', [ids])
  }

  async withdraw(ids: readonly string[]): Promise<void> {
    checkIds(ids)
    return this.#ask('withdraw', [ids])
  }

  async lookUp(ids: readonly string[]): Promise<readonly LedgerEntry[]> {
    checkIds(ids)
    return this.#ask('lookUp', [ids])
  }

  async end(endings: readonly Ending[]): Promise<readonly Ended[]> {
    checkEndings(endings)
    return this.#ask('end', [endings.map(storedEnding)])
  }

  async sent(messages: readonly Pick<CallbackMessage, 'id' | 'queue'>[]): Promise<void> {
    return this.#ask('sent', [messages.map(({ id, queue }) => ({ id, queue }))])
  }

  unsent(limit: number = handOutDefault): Promise<readonly CallbackMessage[]> {
    return this.#ask('unsent', [limit])
  }

  overdue(beforeMs: number, limit: number = handOutDefault): Promise<readonly PendingMessage[]> {
    return this.#ask('overdue', [beforeMs, limit])
  }

  outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    return this.#ask('outcomes', [filter])
  }

  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    return this.#ask('deadLetters', [filter])
  }

  async takeDeadLetters(replays: readonly Replay[]): Promise<readonly string[]> {
    checkReplays(replays)
    return this.#ask('takeDeadLetters', [replays.map(storedReplay)])
  }

  unpublished(limit: number = handOutDefault): Promise<readonly Message[]> {
    return this.#ask('unpublished', [limit])
  }

  dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    return this.#ask('dropDeadLetters', [filter])
  }

  async gather(gathering: Gathering): Promise<readonly CallbackMessage[]> {
    checkGathering(gathering)
    const { id, memberIds, told } = gathering
    return this.#ask('gather', [{ id, memberIds, told: detached(told) }])
  }

  counts(): Promise<ReadonlyMap<string, LedgerCounts>> {
    return this.#ask('counts', [])
  }

  forget(): Promise<number> {
    const { retainMs, retainCount } = this.#settings.retention
    return inPages(forgetRowsMax, () =>
      this.#ask('forgetPage', [retainMs, retainCount, forgetRowsMax]),
    )
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    this.#forgetting.stop()
    await this.#stored
    this.#channel.hold()
    if (this.#channel.isStarted && this.#failure === undefined)
      await this.#channel.ask({ kind: 'close' }).catch(() => undefined)
    await this.#channel.terminate()
  }

  #ask<Name extends CallName>(
    name: Name,
    args: (SharedCall & { readonly name: Name })['args'],
  ): Promise<CallResult<Name>> {
    if (this.#closed !== undefined)
      return Promise.reject(new HomingError('closed', `the ledger ${this.#path} is closed`))
    if (this.#failure !== undefined) return Promise.reject(this.#failure)
    const { promise, resolve, reject } = Promise.withResolvers<CallResult<Name>>()
    const call = { name, args } as SharedCall
    this.#gathered.push({ call, resolve: resolve as (value: unknown) => void, reject })
    if (!this.#isStoring) this.#stored = this.#store()
    return promise
  }

  async #store(): Promise<void> {
    this.#isStoring = true
    // Somebody awaits it: until it is stored the worker keeps the process alive.
    this.#channel.hold()
    await endOfTurn()
    while (this.#gathered.length > 0) await this.#storeTurn(this.#gathered.splice(0, turnCallsMax))
    this.#channel.release()
    this.#isStoring = false
  }

  async #storeTurn(asked: readonly Asked[]): Promise<void> {
    if (this.#failure !== undefined) {
      for (const { reject } of asked) reject(this.#failure)
      return
    }
    const calls = asked.map(({ call }) => call)
    const reply = await this.#reply({
      kind: 'turn',
      calls,
      patienceMs: this.#settings.patienceMs,
    })
    if (!reply.ok) {
      const error = errorFrom(reply.error)
      if (reply.isFinal) this.#failure = error
      for (const { reject } of asked) reject(error)
      return
    }
    for (const [at, { resolve, reject }] of asked.entries()) {
      const answer = reply.answers[at]
      if (answer?.ok) resolve(answer.value)
      else if (answer !== undefined) reject(errorFrom(answer.error))
    }
  }

  async #reply(request: TurnRequest): Promise<TurnReply> {
    try {
      return await this.#channel.ask(request)
    } catch (error) {
      const text = `the thread that stores ${this.#path} ended (${(error as Error).message}); open the ledger again`
      return { ok: false, error: { code: 'ledger-unavailable', text }, isFinal: true }
    }
  }
}

/** What else is called in this turn of the event loop goes along: they share a sync. */
const endOfTurn = (): Promise<void> => new Promise((resume) => systemClock.soon(resume))

const errorFrom = ({ code, text, id }: SaidError): HomingError =>
  new HomingError(code, text, id === undefined ? {} : { id })
