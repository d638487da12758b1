/*
 * A shared ledger in SQLite: what each call does with the rows. Runs within a transaction that its caller
 * begins and ends: in the worker thread for a file (shared-turn.ts), in this one for memory (memory-ledger.ts). The tables: shared-schema.ts.
 *
 * Rule: a call checks first and changes then, so one that is refused has changed nothing.
 */

import type { DatabaseSync } from 'node:sqlite'
import { forgottenKey } from '../../embedded/ledger/forgotten-key.ts'
import { outcomeFrom } from '../../embedded/ledger/outcome-row.ts'
import type { DeadLetter, DeadLetterFilter, OutcomeFilter } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import type { Message } from '../../message/message.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { claimLeftMs } from '../claim.ts'
import { gatherKey } from '../gather-key.ts'
import { callbackFrom, pendingFrom } from '../ledger-rows.ts'
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
} from '../shared-ledger.ts'
import { messageFrom, type StoredMessage } from '../stored-message.ts'
import { forgetPage } from './shared-forgetting.ts'
import { countByQueue, dropDeadLetters, listDeadLetters, listOutcomes } from './shared-listing.ts'
import { SharedStatements } from './shared-statements.ts'

/** A replay as it comes over the line. */
export interface StoredReplay {
  readonly deadId: string
  readonly id: string
  readonly queue: string
  readonly deadlineAtMs: number
  readonly callbacks: string | null
  readonly stored: StoredMessage
}

/** An ending as it comes over the line: a dead letter as it is stored. */
export type StoredEnding = Omit<Ending, 'deadLetter'> & { readonly dead?: StoredMessage }

export interface SharedStoreOptions {
  /** Names this process in its claims. */
  readonly claim: string
  readonly claimMs: number
  readonly nowMs: () => number
}

export class SharedStore {
  readonly #sql: SharedStatements
  readonly #options: SharedStoreOptions

  constructor(db: DatabaseSync, options: SharedStoreOptions) {
    this.#sql = new SharedStatements(db)
    this.#options = options
  }

  accept(messages: readonly Acceptance[]): readonly Claim[] {
    return messages.map((message) => this.#accept(message))
  }

  confirmed(ids: readonly string[]): void {
    for (const id of ids) {
      this.#sql.run('UPDATE messages SET confirmed = 1, claim = NULL WHERE id = ?', id)
      this.#sql.run('DELETE FROM replays WHERE id = ?', id)
    }
  }

  withdraw(ids: readonly string[]): void {
    for (const id of ids) {
      const { changes } = this.#sql.run(
        'DELETE FROM messages WHERE id = ? AND code IS NULL AND confirmed = 0 AND claim = ?',
        id,
        this.#options.claim,
      )
      if (changes === 1) this.#sql.run('DELETE FROM replays WHERE id = ?', id)
    }
  }

  lookUp(ids: readonly string[]): readonly LedgerEntry[] {
    return ids.map((id) => this.#lookUp(id))
  }

  end(endings: readonly StoredEnding[]): readonly Ended[] {
    return endings.map((ending) => this.#end(ending))
  }

  sent(messages: readonly Pick<CallbackMessage, 'id' | 'queue'>[]): void {
    for (const { id, queue } of messages)
      this.#sql.run('DELETE FROM callback_messages WHERE queue = ? AND id = ?', queue, id)
  }

  unsent(limit: number): readonly CallbackMessage[] {
    const rows = this.#sql.all(
      `UPDATE callback_messages SET due_at_ms = ? WHERE rowid IN (
         SELECT rowid FROM callback_messages WHERE due_at_ms <= ? ORDER BY due_at_ms, rowid LIMIT ?)
       RETURNING id, queue, content_type, body`,
      this.#claimedUntilMs(),
      this.#options.nowMs(),
      limit,
    )
    return rows.map(callbackFrom)
  }

  overdue(beforeMs: number, limit: number): readonly PendingMessage[] {
    const rows = this.#sql.all(
      `SELECT id, queue, accepted_at_ms, deadline_at_ms, callbacks FROM messages
       WHERE code IS NULL AND confirmed = 1 AND deadline_at_ms < ? ORDER BY deadline_at_ms LIMIT ?`,
      beforeMs,
      limit,
    )
    return rows.map((row) => ({ id: row.id as string, ...pendingFrom(row) }))
  }

  outcomes(filter: OutcomeFilter): readonly StoredOutcome[] {
    return listOutcomes(this.#sql, filter)
  }

  deadLetters(filter: DeadLetterFilter): readonly DeadLetter[] {
    return listDeadLetters(this.#sql, filter)
  }

  dropDeadLetters(filter: DeadLetterFilter): number {
    return dropDeadLetters(this.#sql, filter)
  }

  counts(): ReadonlyMap<string, LedgerCounts> {
    return countByQueue(this.#sql)
  }

  takeDeadLetters(replays: readonly StoredReplay[]): readonly string[] {
    const taken: string[] = []
    for (const { deadId, id, queue, deadlineAtMs, callbacks, stored } of replays) {
      if (this.#sql.run('DELETE FROM dead_letters WHERE id = ?', deadId).changes === 0) continue
      const dueMs = this.#claimedUntilMs()
      const { claim, nowMs } = this.#options
      this.#sql.run(insertPending, id, queue, nowMs(), deadlineAtMs, callbacks, 0, claim, dueMs)
      this.#sql.run(
        'INSERT INTO replays (id, settings, body, due_at_ms) VALUES (?, ?, ?, ?)',
        id,
        stored.settings,
        stored.body,
        dueMs,
      )
      taken.push(id)
    }
    return taken
  }

  unpublished(limit: number): readonly Message[] {
    const dueMs = this.#claimedUntilMs()
    const rows = this.#sql.all(
      `UPDATE replays SET due_at_ms = ? WHERE id IN (
         SELECT id FROM replays WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?)
       RETURNING id, settings, body`,
      dueMs,
      this.#options.nowMs(),
      limit,
    )
    for (const { id } of rows)
      this.#sql.run(
        'UPDATE messages SET claim = ?, claimed_until_ms = ? WHERE id = ? AND confirmed = 0',
        this.#options.claim,
        dueMs,
        id as string,
      )
    return rows.map((row) => messageFrom(row as unknown as StoredMessage))
  }

  gather({ id, memberIds, told }: Gathering): readonly CallbackMessage[] {
    if (this.#sql.get('SELECT 1 FROM gathers WHERE id = ?', id) || this.#isKey(gatherKey(id)))
      return []
    const open = this.#openMembers(id, memberIds)
    this.#sql.run(
      `INSERT INTO gathers (id, remaining, changed_at_ms, told_queue, told_id, told_content_type,
         told_body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
      id,
      open.size,
      this.#options.nowMs(),
      told.queue,
      told.id,
      told.contentType,
      told.body,
    )
    for (const member of open)
      this.#sql.run('INSERT INTO gather_members (member_id, gather_id) VALUES (?, ?)', member, id)
    return open.size === 0 ? this.#bring(told, told.id) : []
  }

  forgetPage(retainMs: number, retainCount: number, rowsMax: number): number {
    return forgetPage(this.#sql, {
      beforeMs: this.#options.nowMs() - retainMs,
      retainCount,
      rowsMax,
    })
  }

  #accept(message: Acceptance): Claim {
    const { id, queue, acceptedAtMs, deadlineAtMs, confirmed } = message
    const callbacks = message.callbacks?.length ? JSON.stringify(message.callbacks) : null
    const values = [queue, acceptedAtMs, deadlineAtMs, callbacks, confirmed ? 1 : 0] as const
    // Nearly always nobody knows it yet, and one statement finds that out.
    const { changes } = this.#sql.run(
      insertUnknown,
      ...[id, ...values, this.#options.claim, this.#claimedUntilMs(), forgottenKey(id)],
    )
    return changes === 1 ? { state: 'yours' } : this.#acceptKnown(message, values)
  }

  /** It has a row, or had one. */
  #acceptKnown(message: Acceptance, values: PendingValues): Claim {
    const { id, confirmed } = message
    const row = this.#sql.get(
      'SELECT confirmed, code IS NOT NULL AS is_final, claimed_until_ms FROM messages WHERE id = ?',
      id,
    )
    if (row === undefined || row.confirmed === 1 || row.is_final === 1) return { state: 'known' }
    const leftMs = claimLeftMs(Number(row.claimed_until_ms ?? 0), this.#options)
    if (!confirmed && leftMs > 0) return { state: 'taken', retryInMs: leftMs }
    this.#sql.run(
      `UPDATE messages SET queue = ?, accepted_at_ms = ?, deadline_at_ms = ?, callbacks = ?,
         confirmed = ?, claim = ?, claimed_until_ms = ? WHERE id = ?`,
      ...values,
      this.#options.claim,
      this.#claimedUntilMs(),
      id,
    )
    return { state: 'yours' }
  }

  #lookUp(id: string): LedgerEntry {
    const row = this.#sql.get('SELECT * FROM messages WHERE id = ?', id)
    if (row === undefined) return { state: this.#isKey(forgottenKey(id)) ? 'forgotten' : 'unknown' }
    if (row.code !== null)
      return { state: 'final', outcome: outcomeFrom(row), unsent: this.#unsentOf(id) }
    const isClaimed = Number(row.claimed_until_ms) > this.#options.nowMs()
    if (row.confirmed === 0 && !isClaimed) return { state: 'unknown' }
    return { state: 'pending', ...pendingFrom(row), confirmed: row.confirmed === 1 }
  }

  #end(ending: StoredEnding): Ended {
    const { outcome, callbacks = [] } = ending
    const { id } = outcome
    const { queue, acceptedAtMs, code, finishedAtMs, attempts, contentType, body } = outcome
    const values = [queue, acceptedAtMs, code, finishedAtMs, attempts, contentType, body] as const
    // Nearly always it is known, and has no outcome yet.
    if (this.#sql.run(endPending, ...values, id).changes === 0) {
      const row = this.#sql.get('SELECT * FROM messages WHERE id = ?', id)
      if (row !== undefined)
        return {
          state: 'final',
          won: false,
          outcome: outcomeFrom(row),
          unsent: this.#unsentOf(id),
        }
      if (this.#isKey(forgottenKey(id))) return { state: 'forgotten' }
      this.#sql.run(insertEnded, ...values, id)
    }
    if (ending.dead !== undefined) this.#keepDead(ending, ending.dead)
    for (const callback of callbacks) this.#bring(callback, id)
    if (this.#sql.get(hasMore, id, id, id) === undefined)
      return { state: 'final', won: true, outcome, unsent: [] }
    this.#sql.run('DELETE FROM replays WHERE id = ?', id)
    this.#countDown(id)
    return { state: 'final', won: true, outcome, unsent: this.#unsentOf(id) }
  }

  #keepDead({ outcome }: StoredEnding, { settings, body }: StoredMessage): void {
    this.#sql.run(
      `INSERT INTO dead_letters (seq, id, queue, reason, died_at_ms, accepted_at_ms, attempts,
         error_content_type, error, settings, body)
       SELECT seq, id, ?, ?, ?, ?, ?, ?, ?, ?, ? FROM messages WHERE id = ?`,
      outcome.queue,
      outcome.code,
      outcome.finishedAtMs,
      outcome.acceptedAtMs,
      outcome.attempts,
      outcome.contentType,
      outcome.body,
      settings,
      body,
      outcome.id,
    )
  }

  /** The caller sends it now; when it does not, it is handed out again after the claim. */
  #bring(message: CallbackMessage, owner: string): readonly CallbackMessage[] {
    this.#sql.run(
      `INSERT INTO callback_messages (queue, id, owner, content_type, body, due_at_ms)
       VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (queue, id) DO NOTHING`,
      message.queue,
      message.id,
      owner,
      message.contentType,
      message.body,
      this.#claimedUntilMs(),
    )
    return [message]
  }

  /** A message has its outcome: gathers that wait for nothing else are told. */
  #countDown(memberId: string): void {
    const gathers = this.#sql.all(
      'DELETE FROM gather_members WHERE member_id = ? RETURNING gather_id',
      memberId,
    )
    for (const { gather_id: gatherId } of gathers) {
      const left = this.#sql.get(
        `UPDATE gathers SET remaining = remaining - 1, changed_at_ms = ? WHERE id = ?
         RETURNING remaining, told_queue AS queue, told_id AS id, told_content_type AS content_type,
           told_body AS body`,
        this.#options.nowMs(),
        gatherId as string,
      )
      if (left?.remaining === 0) this.#bring(callbackFrom(left), memberId)
    }
  }

  #openMembers(gatherId: string, memberIds: readonly string[]): Set<string> {
    const open = new Set<string>()
    for (const member of memberIds) {
      const { state } = this.#lookUp(member)
      if (state === 'unknown')
        throw new HomingError(
          'unknown',
          `gather ${gatherId}: no message ${member} was ever accepted`,
          { id: member },
        )
      if (state === 'pending') open.add(member)
    }
    return open
  }

  #unsentOf(owner: string): readonly CallbackMessage[] {
    const rows = this.#sql.all(
      'SELECT id, queue, content_type, body FROM callback_messages WHERE owner = ? ORDER BY rowid',
      owner,
    )
    return rows.map(callbackFrom)
  }

  #isKey(key: Uint8Array): boolean {
    return this.#sql.get('SELECT 1 FROM forgotten_ids WHERE key = ?', key) !== undefined
  }

  #claimedUntilMs(): number {
    return this.#options.nowMs() + this.#options.claimMs
  }
}

type PendingValues = readonly [
  queue: string,
  acceptedAtMs: number,
  deadlineAtMs: number,
  callbacks: string | null,
  confirmed: number,
]

const insertUnknown = `INSERT INTO messages (id, queue, accepted_at_ms, deadline_at_ms, callbacks,
  confirmed, claim, claimed_until_ms) SELECT ?, ?, ?, ?, ?, ?, ?, ?
  WHERE NOT EXISTS (SELECT 1 FROM forgotten_ids WHERE key = ?) ON CONFLICT (id) DO NOTHING`

const endPending = `UPDATE messages SET queue = ?, accepted_at_ms = ?, callbacks = NULL,
  confirmed = 1, claim = NULL, code = ?, finished_at_ms = ?, attempts = ?, content_type = ?, body = ?
  WHERE id = ? AND code IS NULL`

const insertEnded = `INSERT INTO messages (queue, accepted_at_ms, code, finished_at_ms, attempts,
  content_type, body, id, deadline_at_ms, confirmed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 1)`

/** What few messages have: a replay that waits, a gather, a callback to be told. */
const hasMore = `SELECT 1 FROM replays WHERE id = ? UNION ALL
  SELECT 1 FROM gather_members WHERE member_id = ? UNION ALL
  SELECT 1 FROM callback_messages WHERE owner = ?`

const insertPending = `INSERT INTO messages (id, queue, accepted_at_ms, deadline_at_ms, callbacks,
  confirmed, claim, claimed_until_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
