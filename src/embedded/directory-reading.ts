/*
 * A data directory read from outside, without an engine on it: everything it holds, byte for byte.
 *
 *   outcomes, dead letters = what the journal has and the ledger has not stored yet, then the ledger
 *   pending                = what a start would find in the queues
 *
 * Rule: the directory's lock is held meanwhile, so that nobody changes what is read; nothing is
 * written but the lock's own files. What is damaged is told and passed over: the rest can be saved.
 */

import fs from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { DeadLetter } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Message } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { type DirectoryLock, lockDirectory } from './directory-lock.ts'
import { readLedgerEvents } from './ledger/ledger-event.ts'
import { LedgerReader } from './ledger/ledger-reader.ts'
import { PendingEntries } from './pending-entries.ts'
import { snapshotDisk } from './snapshot-disk.ts'
import { ledgerName } from './verify-ledger.ts'

export interface ReadingOptions {
  /** Told what is damaged and was passed over. Default: silent. */
  readonly onProblem?: (text: string) => void
}

/** A message that has no outcome yet. */
export interface PendingMessage {
  readonly message: Message
  readonly queue: string
  /** Wall ms. */
  readonly acceptedAtMs: number
  /** Deliveries made. */
  readonly attempts: number
  /** Wall ms before which it is not delivered; 0 for at once. */
  readonly availableAtMs: number
}

const pageRows = 1_000

/**
 * Opens a data directory for reading. Dispose it, for it holds the directory's lock.
 * Fails with `locked`, `bad-argument`, `not-permitted`, `format-unknown`.
 *
 * @example
 * await using reading = await readDirectory('./data')
 * for await (const { queue, message } of reading.pending()) console.log(queue, message.id)
 */
export async function readDirectory(
  directory: string,
  options: ReadingOptions = {},
): Promise<DirectoryReading> {
  const full = resolve(directory)
  if (!fs.existsSync(join(full, 'lock'))) {
    throw new HomingError(
      'bad-argument',
      `${full} is no data directory; give the one of a Homing engine`,
    )
  }
  const lock = await lockDirectory(full)
  try {
    return await openReading(full, lock, options.onProblem ?? (() => undefined))
  } catch (error) {
    lock.release()
    throw error
  }
}

async function openReading(
  directory: string,
  lock: DirectoryLock,
  onProblem: (text: string) => void,
): Promise<DirectoryReading> {
  const path = join(directory, ledgerName)
  const appliedLsn = appliedLsnOf(path, onProblem)
  const events: Uint8Array[] = []
  const pending = await PendingEntries.read({
    disk: snapshotDisk(directory),
    appliedLsn: appliedLsn ?? 0,
    onEvents: (batch) => events.push(batch.events),
    onProblem,
  })
  const ledger = appliedLsn === undefined ? undefined : new LedgerReader(path)
  return new DirectoryReading({ lock, pending, events, ledger, onProblem })
}

interface ReadingParts {
  readonly lock: DirectoryLock
  readonly pending: PendingEntries
  /** What the ledger has not stored yet, oldest first. */
  readonly events: readonly Uint8Array[]
  readonly ledger: LedgerReader | undefined
  readonly onProblem: (text: string) => void
}

export class DirectoryReading implements AsyncDisposable {
  readonly #parts: ReadingParts

  /** Made by `readDirectory`. */
  constructor(parts: ReadingParts) {
    this.#parts = parts
  }

  /** Every outcome, the ones the ledger has not stored yet first. */
  *outcomes(queue?: string): Generator<StoredOutcome> {
    for (const event of this.#events()) {
      if (event.kind === 'outcome' && isOf(queue, event.outcome)) yield event.outcome
    }
    const { ledger } = this.#parts
    if (ledger) yield* pages((page) => ledger.outcomes({ ...page, ...of(queue) }), outcomeId)
  }

  /** Every dead letter that was not dropped or replayed. */
  *deadLetters(queue?: string): Generator<DeadLetter> {
    const dropped = new Set<string>()
    for (const event of this.#events()) {
      if (event.kind === 'drop') for (const id of event.ids) dropped.add(id)
    }
    const kept = ({ message }: DeadLetter): boolean => !dropped.has(message.id)
    for (const event of this.#events()) {
      const dead = event.kind === 'outcome' ? event.deadLetter : undefined
      if (dead && isOf(queue, dead) && kept(dead)) yield dead
    }
    const { ledger } = this.#parts
    if (!ledger) return
    const listed = pages((page) => ledger.deadLetters({ ...page, ...of(queue) }), deadLetterId)
    for (const dead of listed) if (kept(dead)) yield dead
  }

  /** Every message that has no outcome yet, queue by queue. */
  async *pending(queue?: string): AsyncGenerator<PendingMessage> {
    for await (const found of this.#parts.pending.entries()) {
      const { entry, stored, fault } = found
      if (queue !== undefined && found.queue !== queue) continue
      if (!stored) {
        this.#parts.onProblem(`message ${entry.position} of queue "${found.queue}" ${fault}`)
        continue
      }
      const { attempts } = entry
      const availableAtMs = found.delayed
        ? Math.max(entry.availableAtMs, stored.message.availableAtMs)
        : 0
      yield { ...stored, queue: found.queue, attempts, availableAtMs }
    }
  }

  *#events() {
    for (const events of this.#parts.events) yield* readLedgerEvents(events)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { lock, pending, ledger } = this.#parts
    ledger?.close()
    await pending.close()
    lock.release()
  }
}

const of = (queue: string | undefined) => (queue === undefined ? {} : { queue })
const isOf = (queue: string | undefined, row: { readonly queue: string }): boolean =>
  queue === undefined || row.queue === queue
const outcomeId = (outcome: StoredOutcome): string => outcome.id
const deadLetterId = (dead: DeadLetter): string => dead.message.id

interface Page {
  readonly limit: number
  readonly after?: string
}

function* pages<Row>(
  list: (page: Page) => readonly Row[],
  idOf: (row: Row) => string,
): Generator<Row> {
  for (let page: Page = { limit: pageRows }; ; ) {
    const rows = list(page)
    yield* rows
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageRows) return
    page = { limit: pageRows, after: idOf(last) }
  }
}

/** Undefined when there is no ledger that could be read. */
function appliedLsnOf(path: string, onProblem: (text: string) => void): number | undefined {
  if ((fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0) return undefined
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: 5_000 })
    if (db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined) return undefined
    return Number(db.prepare('SELECT applied_lsn FROM state').get()?.applied_lsn)
  } catch (error) {
    onProblem(
      `${path} cannot be read (${(error as Error).message}); outcomes come from the journal alone`,
    )
    return undefined
  } finally {
    db?.close()
  }
}
