/*
 * A shared ledger in PostgreSQL, for processes on many machines.
 *
 *   accept · confirmed · lookUp · end · sent     each gathers into batches (lane.ts), one
 *                                                transaction at a time
 *   the rest                                     a transaction each
 *
 * What a lost connection, a restarted server or a hung one means: postgres-pool.ts. The rows and who
 * wins: accepting.ts, ending.ts.
 */

import { randomBytes, randomUUID } from 'node:crypto'
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
import { accept, confirm, lookUp, withdraw } from './accepting.ts'
import {
  type ClaimOf,
  deadLetters,
  dropDeadLetters,
  takeDeadLetters,
  unpublished,
} from './dead-letters.ts'
import { end } from './ending.ts'
import { forgetPage } from './forgetting.ts'
import { gather } from './gathering.ts'
import { Lane } from './lane.ts'
import { counts, outcomes, overdue, unsent } from './listing.ts'
import { PostgresPool, type Work } from './postgres-pool.ts'
import { isCurrent, migrate } from './postgres-schema.ts'

/** Opens it, and makes its schema. Fails at once when the server cannot be reached. */
export async function openPostgresLedger(
  address: string,
  settings: SharedLedgerSettings,
): Promise<PostgresLedger> {
  const pool = await PostgresPool.make(address, settings)
  try {
    if (!(await pool.once(isCurrent))) await pool.once((session) => migrate(session, pool.where))
    return new PostgresLedger(pool, settings)
  } catch (error) {
    await pool.close()
    throw error
  }
}

const itemsMax = 1_000
const bytesMax = 8 * 1024 * 1024
type SentMessage = Pick<CallbackMessage, 'id' | 'queue'>

export class PostgresLedger implements SharedLedger {
  readonly kind = 'postgres'
  readonly claimMs: number
  readonly #pool: PostgresPool
  readonly #settings: SharedLedgerSettings
  readonly #claim: ClaimOf
  readonly #accepting: Lane<Acceptance, Claim>
  readonly #confirming: Lane<string, undefined>
  readonly #lookingUp: Lane<string, LedgerEntry>
  readonly #ending: Lane<Ending, Ended>
  readonly #sending: Lane<SentMessage, undefined>
  readonly #forgetting: ForgetTimer
  readonly #under = new Set<Promise<unknown>>()
  #closed: Promise<void> | undefined

  constructor(pool: PostgresPool, settings: SharedLedgerSettings) {
    this.#pool = pool
    this.#settings = settings
    this.claimMs = settings.claimMs
    this.#claim = { owner: randomUUID(), ms: settings.claimMs }
    const small = { itemsMax, bytesMax, bytesOf: () => 0 }
    this.#accepting = new Lane((items) => this.#accept(items), small)
    this.#confirming = new Lane((ids) => this.#confirm(ids), small)
    this.#lookingUp = new Lane((ids) => pool.transaction((session) => lookUp(session, ids)), small)
    this.#ending = new Lane((items) => this.#end(items), { itemsMax, bytesMax, bytesOf })
    this.#sending = new Lane((items) => this.#sent(items), small)
    this.#forgetting = new ForgetTimer(() => this.forget(), settings.onProblem)
  }

  async accept(messages: readonly Acceptance[]): Promise<readonly Claim[]> {
    checkAcceptances(messages)
    return this.#open(() => this.#accepting.ask(messages))
  }

  async confirmed(ids: readonly string[]): Promise<void> {
    checkIds(ids)
    await this.#open(() => this.#confirming.ask(ids))
  }

  async withdraw(ids: readonly string[]): Promise<void> {
    checkIds(ids)
    return this.#run((session) => withdraw(session, ids, this.#claim.owner))
  }

  async lookUp(ids: readonly string[]): Promise<readonly LedgerEntry[]> {
    checkIds(ids)
    return this.#open(() => this.#lookingUp.ask(ids))
  }

  async end(endings: readonly Ending[]): Promise<readonly Ended[]> {
    checkEndings(endings)
    return this.#open(() => this.#ending.ask(endings))
  }

  async sent(messages: readonly SentMessage[]): Promise<void> {
    await this.#open(() => this.#sending.ask(messages))
  }

  unsent(limit: number = handOutDefault): Promise<readonly CallbackMessage[]> {
    return this.#run((session) => unsent(session, limit, this.claimMs))
  }

  overdue(beforeMs: number, limit: number = handOutDefault): Promise<readonly PendingMessage[]> {
    return this.#run((session) => overdue(session, beforeMs, limit))
  }

  outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    return this.#run((session) => outcomes(session, filter))
  }

  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    return this.#run((session) => deadLetters(session, filter))
  }

  async takeDeadLetters(replays: readonly Replay[]): Promise<readonly string[]> {
    checkReplays(replays)
    return this.#run((session) => takeDeadLetters(session, replays, this.#claim))
  }

  unpublished(limit: number = handOutDefault): Promise<readonly Message[]> {
    return this.#run((session) => unpublished(session, limit, this.#claim))
  }

  dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    return this.#run((session) => dropDeadLetters(session, filter))
  }

  async gather(gathering: Gathering): Promise<readonly CallbackMessage[]> {
    checkGathering(gathering)
    return this.#run((session) => gather(session, gathering, this.claimMs))
  }

  counts(): Promise<ReadonlyMap<string, LedgerCounts>> {
    return this.#run(counts)
  }

  forget(): Promise<number> {
    const step = { ...this.#settings.retention, rowsMax: forgetRowsMax }
    return inPages(forgetRowsMax, () => this.#run((session) => forgetPage(session, step)))
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
    this.#pool.hurry()
    await Promise.allSettled(this.#under)
    await this.#pool.close()
  }

  #run<Result>(work: Work<Result>): Promise<Result> {
    return this.#open(() => this.#pool.transaction(work))
  }

  async #open<Result>(call: () => Promise<Result>): Promise<Result> {
    if (this.#closed !== undefined)
      throw new HomingError('closed', `the ledger at ${this.#pool.where} is closed`)
    const under = call()
    this.#under.add(under)
    try {
      return await under
    } finally {
      this.#under.delete(under)
    }
  }

  #accept(messages: readonly Acceptance[]): Promise<Claim[]> {
    return this.#pool.transaction((session) => accept(session, messages, this.#claim))
  }

  #end(endings: readonly Ending[]): Promise<Ended[]> {
    const winner = randomBytes(8).readBigInt64LE().toString()
    const context = { claimMs: this.claimMs, winner }
    return this.#pool.transaction((session) => end(session, endings, context))
  }

  async #confirm(ids: readonly string[]): Promise<undefined[]> {
    await this.#pool.transaction((session) => confirm(session, ids))
    return ids.map(() => undefined)
  }

  async #sent(messages: readonly SentMessage[]): Promise<undefined[]> {
    await this.#pool.transaction((session) =>
      session.run(
        `DELETE FROM homing.callback_messages WHERE (queue, id) IN (SELECT queue, id
           FROM homing.callback_messages WHERE (queue, id) IN (
             SELECT * FROM unnest($1::text[], $2::text[])) ORDER BY queue, id FOR UPDATE)`,
        [messages.map(({ queue }) => queue), messages.map(({ id }) => id)],
      ),
    )
    return messages.map(() => undefined)
  }
}

function bytesOf({ outcome, deadLetter, callbacks = [] }: Ending): number {
  let bytes = outcome.body.byteLength + (deadLetter?.body.byteLength ?? 0)
  for (const { body } of callbacks) bytes += body.byteLength
  return bytes
}
