/*
 * The ledger of an engine on disk: one SQLite file, written by a worker thread, read here.
 *
 *   feed ──copy──▶ gathered ──one piece──▶ worker: one transaction ──▶ onApplied(LSN)
 *                     ▲                        │
 *                     └── fed meanwhile ◀──────┘      find, lists: read-only connection, here
 *
 * Rule: `feed` copies and returns. While one transaction runs, all that is fed gathers for the next,
 * so load makes batches larger, not the queue longer; `lagBytes` tells the engine when to slow
 * senders. The worker starts at the first feed.
 *
 * Locked by another program, disk full, not permitted: the batch is kept and tried again with
 * growing pauses, reading goes on. Damage, a failed sync or a dead worker: told once through
 * `onFailed`, `lagBytes` stays up, and the next opening puts it right from the journal.
 * After a crash the file is behind by whole transactions, and is fed the rest again.
 */

import { resolve } from 'node:path'
import { systemClock } from '../../clock.ts'
import type { DeadLetter, OutcomeFilter } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import type { Ledger, LedgerAnswer, LedgerBatch, Retention } from './ledger.ts'
import { examineLedgerFile } from './ledger-file.ts'
import { LedgerReader } from './ledger-reader.ts'
import type { DeadLettersWanted, OutcomeSearch, OutcomesFound } from './ledger-search.ts'
import {
  type FailureCounts,
  type FailureRange,
  type LedgerStory,
  noFailures,
  noStory,
} from './ledger-story.ts'
import { isLocked, type LedgerTrouble, ledgerTrouble, troubleError } from './ledger-trouble.ts'
import { LedgerWriter } from './ledger-writer.ts'

export interface SqliteLedgerOptions {
  readonly retention: Retention
  /** The file was damaged and moved aside; the text names both. The ledger starts empty. */
  readonly onDamaged?: (text: string) => void
  /** Nothing more will be stored until the engine is opened again. Told once. */
  readonly onFailed?: (error: HomingError) => void
  /** Storing waits: locked, disk full, not permitted. Told once each time it begins. */
  readonly onStalled?: (error: HomingError) => void
  /** How long opening waits for another program's lock, and closing for any stall; default 5,000. */
  readonly patienceMs?: number
}

const patienceMsDefault = 5_000
const lockedPauseMs = 50

/**
 * Opens the file, or prepares to make it at the first feed. Milliseconds, unless another program
 * holds it locked. Fails with `not-permitted`, `format-unknown`, `ledger-unavailable`.
 */
export async function openSqliteLedger(
  path: string,
  options: SqliteLedgerOptions,
): Promise<SqliteLedger> {
  const full = resolve(path)
  const started = systemClock.monotonicMs()
  for (;;) {
    try {
      const { appliedLsn, damage } = examineLedgerFile(full)
      if (damage !== undefined) options.onDamaged?.(damage)
      return new SqliteLedger(full, options, appliedLsn)
    } catch (error) {
      const locked = error instanceof HomingError && isLocked(error.cause)
      const waitedMs = systemClock.monotonicMs() - started
      if (!locked || waitedMs >= (options.patienceMs ?? patienceMsDefault)) throw error
      await new Promise((resume) => setTimeout(resume, lockedPauseMs))
    }
  }
}

export class SqliteLedger implements Ledger {
  readonly openedAtLsn: number
  readonly #path: string
  readonly #writer: LedgerWriter
  readonly #listeners: ((lsn: number) => void)[] = []
  #reader: LedgerReader | undefined
  #closed: Promise<void> | undefined

  constructor(path: string, options: SqliteLedgerOptions, appliedLsn: number | undefined) {
    this.openedAtLsn = appliedLsn ?? 0
    this.#path = path
    this.#writer = new LedgerWriter({
      path,
      retention: options.retention,
      patienceMs: options.patienceMs ?? patienceMsDefault,
      appliedLsn,
      // In turns of their own, so that a listener that throws cannot stop the storing.
      onApplied: (lsn) => {
        for (const told of this.#listeners) queueMicrotask(() => told(lsn))
      },
      onStalled: (error) => queueMicrotask(() => options.onStalled?.(error)),
      onFailed: (error) => queueMicrotask(() => options.onFailed?.(error)),
    })
  }

  feed(batch: LedgerBatch): void {
    this.#writer.feed(batch)
  }

  get appliedLsn(): number {
    return this.#writer.appliedLsn
  }

  onApplied(told: (lsn: number) => void): void {
    this.#listeners.push(told)
  }

  lagBytes(): number {
    return this.#writer.lagBytes
  }

  find(id: string): LedgerAnswer {
    return this.#read((reader) => reader.find(id), undefined)
  }

  outcomes(filter: OutcomeFilter): readonly StoredOutcome[] {
    return this.#read((reader) => reader.outcomes(filter), [])
  }

  story(id: string): LedgerStory {
    return this.#read((reader) => reader.stories.story(id), noStory)
  }

  failures(range: FailureRange): FailureCounts {
    return this.#read((reader) => reader.stories.failures(range), noFailures)
  }

  search(filter: OutcomeSearch): OutcomesFound {
    return this.#read((reader) => reader.search(filter), { outcomes: [], next: undefined })
  }

  deadLetters(filter: DeadLettersWanted): readonly DeadLetter[] {
    return this.#read((reader) => reader.deadLetters(filter), [])
  }

  deadCounts(): ReadonlyMap<string, number> {
    return this.#read<ReadonlyMap<string, number>>((reader) => reader.deadCounts(), new Map())
  }

  outcomeCount(): number {
    return this.#read((reader) => reader.outcomeCount(), 0)
  }

  flushed(): Promise<number> {
    return this.#writer.flushed()
  }

  async backup(path: string): Promise<boolean> {
    const copying = this.#read((reader) => reader.backup(path), undefined)
    await copying
    return copying !== undefined
  }

  forget(nowMs: number): Promise<number> {
    return this.#writer.forget(nowMs)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    // The last connection to close tidies the WAL away, and only a writing one can.
    this.#reader?.close()
    this.#reader = undefined
    await this.#writer.close()
  }

  #read<Result>(read: (reader: LedgerReader) => Result, whenEmpty: Result): Result {
    if (this.#closed !== undefined)
      throw new HomingError('closed', `the ledger ${this.#path} is closed`)
    if (!this.#writer.isStored) return whenEmpty
    try {
      this.#reader ??= new LedgerReader(this.#path)
      return read(this.#reader)
    } catch (error) {
      if (error instanceof HomingError) throw error
      const trouble: LedgerTrouble = ledgerTrouble(error, this.#path)
      if (trouble.severity === 'damaged') this.#writer.fail(trouble)
      throw troubleError({ ...trouble, code: 'ledger-unavailable' }, error)
    }
  }
}
