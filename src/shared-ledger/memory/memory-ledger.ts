/*
 * A ledger of this process alone, gone with it.
 *
 *   accept, end, lookUp ──▶ the newest messages, as objects            recent-messages.ts
 *                                │ the oldest of them, in pages; all of them for whatever else is asked
 *                                ▼
 *                           SQLite in memory: the tables and the calls of a shared file
 *
 * Kept as objects, a week of outcomes would fill the heap and busy the collector. Rule: who is not among the
 * newest may be in the database only when `KnownIds` says so.
 */

import { randomUUID } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
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
import { openSharedFile } from '../sqlite/shared-file.ts'
import { SharedStore } from '../sqlite/shared-store.ts'
import { sharedTrouble } from '../sqlite/shared-trouble.ts'
import { detached, storedEnding, storedReplay } from '../sqlite/stored-calls.ts'
import {
  checkAcceptances,
  checkEndings,
  checkGathering,
  checkIds,
  checkReplays,
} from '../storable.ts'
import { KnownIds } from './known-ids.ts'
import { type RecentMessage, RecentMessages } from './recent-messages.ts'

const recentMaxDefault = 2_000
/** What leaves at once: no longer pause than about a millisecond. */
const leavingAtOnce = 200

export class MemoryLedger implements SharedLedger {
  readonly kind = 'memory'
  readonly claimMs: number
  readonly #claim = randomUUID()
  readonly #settings: SharedLedgerSettings
  readonly #forgetting: ForgetTimer
  readonly #recent: RecentMessages
  readonly #known = new KnownIds()
  readonly #db: DatabaseSync
  readonly #store: SharedStore
  readonly #insert: StatementSync
  readonly #recentMax: number
  #isClosed = false

  constructor(settings: SharedLedgerSettings, recentMax = recentMaxDefault) {
    this.#recentMax = recentMax
    this.claimMs = settings.claimMs
    this.#settings = settings
    const { claimMs } = settings
    this.#recent = new RecentMessages({ claimMs, nowMs: Date.now })
    this.#db = openSharedFile(':memory:')
    this.#store = new SharedStore(this.#db, { claim: this.#claim, claimMs, nowMs: Date.now })
    this.#insert = this.#db.prepare(insertRow)
    this.#forgetting = new ForgetTimer(() => this.forget(), settings.onProblem)
  }

  async accept(messages: readonly Acceptance[]): Promise<readonly Claim[]> {
    this.#checkOpen()
    checkAcceptances(messages)
    return messages.map((message) => {
      const known = this.#recent.get(message.id)
      if (known !== undefined) return this.#recent.acceptKnown(known, message)
      if (this.#known.has(message.id)) return this.#storedOne(() => this.#store.accept([message]))
      this.#makeRoom()
      return this.#recent.accept(message)
    })
  }

  async confirmed(ids: readonly string[]): Promise<void> {
    this.#checkOpen()
    checkIds(ids)
    for (const id of ids) {
      const known = this.#recent.get(id)
      if (known !== undefined) known.confirmed = true
      else if (this.#known.has(id)) this.#stored(() => this.#store.confirmed([id]))
    }
  }

  async withdraw(ids: readonly string[]): Promise<void> {
    this.#checkOpen()
    checkIds(ids)
    for (const id of ids) {
      const known = this.#recent.get(id)
      if (known !== undefined) this.#recent.withdraw(known)
      else if (this.#known.has(id)) this.#stored(() => this.#store.withdraw([id]))
    }
  }

  async lookUp(ids: readonly string[]): Promise<readonly LedgerEntry[]> {
    this.#checkOpen()
    checkIds(ids)
    return ids.map((id) => {
      const known = this.#recent.get(id)
      if (known !== undefined) return this.#recent.lookUp(known)
      return this.#known.has(id) ? this.#storedOne(() => this.#store.lookUp([id])) : unknown
    })
  }

  async end(endings: readonly Ending[]): Promise<readonly Ended[]> {
    this.#checkOpen()
    checkEndings(endings)
    return endings.map((ending) => this.#end(ending))
  }

  #end(ending: Ending): Ended {
    const { outcome, deadLetter, callbacks } = ending
    const { id } = outcome
    const known = this.#recent.get(id)
    const isStored = known === undefined && this.#known.has(id)
    const isPlain = deadLetter === undefined && (callbacks === undefined || callbacks.length === 0)
    if (isPlain && !isStored) {
      if (known === undefined) this.#makeRoom()
      return this.#recent.end(known, outcome)
    }
    if (!isStored) this.#leave(this.#recent.size)
    this.#known.add(id)
    return this.#storedOne(() => this.#store.end([storedEnding(ending)]))
  }

  async sent(messages: readonly Pick<CallbackMessage, 'id' | 'queue'>[]): Promise<void> {
    this.#checkOpen()
    this.#stored(() => this.#store.sent(messages))
  }

  async unsent(limit: number = handOutDefault): Promise<readonly CallbackMessage[]> {
    this.#checkOpen()
    return this.#stored(() => this.#store.unsent(limit))
  }

  async overdue(beforeMs: number, limit = handOutDefault): Promise<readonly PendingMessage[]> {
    this.#checkOpen()
    const stored = this.#stored(() => this.#store.overdue(beforeMs, limit))
    const recent = this.#recent.overdue(beforeMs)
    if (recent.length === 0) return stored
    return [...stored, ...recent]
      .sort((one, other) => one.deadlineAtMs - other.deadlineAtMs)
      .slice(0, limit)
  }

  async outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    return this.#asked(() => this.#store.outcomes(filter))
  }

  async deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    return this.#asked(() => this.#store.deadLetters(filter))
  }

  async takeDeadLetters(replays: readonly Replay[]): Promise<readonly string[]> {
    checkReplays(replays)
    for (const { message } of replays) this.#known.add(message.id)
    return this.#asked(() => this.#store.takeDeadLetters(replays.map(storedReplay)))
  }

  async unpublished(limit: number = handOutDefault): Promise<readonly Message[]> {
    this.#checkOpen()
    return this.#stored(() => this.#store.unpublished(limit))
  }

  async dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    return this.#asked(() => this.#store.dropDeadLetters(filter))
  }

  async gather(gathering: Gathering): Promise<readonly CallbackMessage[]> {
    checkGathering(gathering)
    const { id, memberIds, told } = gathering
    return this.#asked(() => this.#store.gather({ id, memberIds, told: detached(told) }))
  }

  async counts(): Promise<ReadonlyMap<string, LedgerCounts>> {
    return this.#asked(() => this.#store.counts())
  }

  async forget(): Promise<number> {
    const { retainMs, retainCount } = this.#settings.retention
    return inPages(forgetRowsMax, async () => {
      const rows = this.#asked(() => this.#store.forgetPage(retainMs, retainCount, forgetRowsMax))
      await new Promise<void>((resume) => systemClock.soon(resume))
      return rows
    })
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#forgetting.stop()
    this.#db.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new HomingError('closed', 'the ledger in memory is closed')
  }

  /** What looks at everything finds everything in the database. */
  #asked<T>(call: () => T): T {
    this.#checkOpen()
    this.#leave(this.#recent.size)
    return this.#stored(call)
  }

  #makeRoom(): void {
    if (this.#recent.size >= this.#recentMax) this.#leave(leavingAtOnce)
  }

  /** The oldest, into the database. */
  #leave(count: number): void {
    if (count === 0) return
    const leaving = this.#recent.oldest(count)
    this.#stored(() => {
      for (const message of leaving) this.#insertOne(message)
    })
    this.#recent.delete(leaving)
  }

  #insertOne(message: RecentMessage): void {
    const { id, deadlineAtMs, callbacks, confirmed, claimedUntilMs, outcome } = message
    const { queue, acceptedAtMs } = outcome ?? message
    this.#known.add(id)
    this.#insert.run(
      id,
      queue,
      acceptedAtMs,
      deadlineAtMs,
      callbacks.length > 0 ? JSON.stringify(callbacks) : null,
      confirmed ? 1 : 0,
      confirmed ? null : this.#claim,
      confirmed ? null : claimedUntilMs,
      outcome?.code ?? null,
      outcome?.finishedAtMs ?? null,
      outcome?.attempts ?? null,
      outcome?.contentType ?? null,
      outcome?.body ?? null,
    )
  }

  /** All of it, or nothing. */
  #stored<T>(call: () => T): T {
    try {
      this.#db.exec('BEGIN')
      const answer = call()
      this.#db.exec('COMMIT')
      return answer
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      if (error instanceof HomingError) throw error
      const { code, text } = sharedTrouble(error, ':memory:').error
      throw new HomingError(code, text, { cause: error })
    }
  }

  #storedOne<T>(call: () => readonly T[]): T {
    return this.#stored(call)[0] as T
  }
}

const unknown: LedgerEntry = { state: 'unknown' }

const insertRow = `INSERT INTO messages (id, queue, accepted_at_ms, deadline_at_ms, callbacks,
  confirmed, claim, claimed_until_ms, code, finished_at_ms, attempts, content_type, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
