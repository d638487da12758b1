/*
 * Everything in a data directory that has no outcome yet: recovered as a start would do it, then
 * walked queue by queue, each record read from where the index says it lies.
 *
 *   checkpoint + journal behind it ──▶ state ──▶ entries ──▶ records
 *
 * Nothing is changed: the disk is a snapshot, what recovery has for the ledger goes to `onEvents`.
 */

import { steadyWallClock, systemClock } from '../clock.ts'
import { limits } from '../limits.ts'
import type { IndexPages } from './index-pages.ts'
import { frameAt, recordHome } from './journal/record.ts'
import { readSegment } from './journal/scan-file.ts'
import { segmentName } from './journal/segment.ts'
import type { Ledger, LedgerBatch } from './ledger/ledger.ts'
import { noFailures, noStory } from './ledger/ledger-story.ts'
import type { LiveQueue } from './live-queue.ts'
import { type Entry, entryStates } from './queue/entry.ts'
import { recover } from './recovery.ts'
import type { SnapshotDisk } from './snapshot-disk.ts'
import type { StoredMessage } from './stored-message.ts'
import { storedMessage } from './stored-message.ts'
import { readablePages } from './verify-checkpoints.ts'

export interface PendingParts {
  readonly disk: SnapshotDisk
  /** Up to which LSN the ledger has stored what it was told. */
  readonly appliedLsn: number
  readonly onEvents?: (batch: LedgerBatch) => void
  readonly onProblem: (text: string) => void
}

/** One message in one queue, or why its record cannot be read. */
export interface PendingEntry {
  readonly queue: string
  readonly entry: Entry
  readonly delayed: boolean
  readonly stored: StoredMessage | undefined
  /** Why there is no message. */
  readonly fault: string | undefined
}

export class PendingEntries {
  readonly queues: ReadonlyMap<string, LiveQueue>
  readonly #pages: IndexPages
  readonly #records: RecordReader

  private constructor(
    queues: ReadonlyMap<string, LiveQueue>,
    pages: IndexPages,
    disk: SnapshotDisk,
  ) {
    this.queues = queues
    this.#pages = pages
    this.#records = new RecordReader(disk)
  }

  static async read(parts: PendingParts): Promise<PendingEntries> {
    const { disk, appliedLsn, onEvents, onProblem } = parts
    const pages = readablePages(disk)
    const { state } = await recover({
      disk,
      ledger: deafLedger(appliedLsn, onEvents ?? (() => undefined)),
      pages,
      indexBytesMax: limits.indexBytesMax,
      nowMs: steadyWallClock(systemClock),
      freshSeed: 0,
      onProblem,
      lookOnly: true,
    })
    return new PendingEntries(state.queues, pages, disk)
  }

  async *entries(): AsyncGenerator<PendingEntry> {
    for (const [queue, live] of this.queues) {
      for await (const entry of this.#entriesOf(live)) {
        const delayed = entry.state === entryStates.delayed
        yield { queue, entry, delayed, ...(await this.#records.read(entry)) }
      }
    }
  }

  async *#entriesOf({ queue }: LiveQueue): AsyncGenerator<Entry> {
    yield* queue.entries().sort((a, b) => a.position - b.position)
    for (const fifo of queue.fifos) {
      for (const block of fifo.blocks) {
        const away = block.columns === undefined
        if (away) await this.#pages.bringBack(block)
        for (let row = block.head; row < block.rows; row++) {
          if (block.isLive(row)) yield block.entryAt(row, fifo.priority)
        }
        if (away) block.columns = undefined
      }
    }
  }

  async close(): Promise<void> {
    await this.#records.close()
    await this.#pages.close().catch(() => undefined)
  }
}

/** Takes what it is fed and stores nothing. */
function deafLedger(openedAtLsn: number, onEvents: (batch: LedgerBatch) => void): Ledger {
  return {
    openedAtLsn,
    appliedLsn: openedAtLsn,
    feed: onEvents,
    onApplied: () => undefined,
    lagBytes: () => 0,
    find: () => undefined,
    outcomes: () => [],
    story: () => noStory,
    failures: () => noFailures,
    search: () => ({ outcomes: [], next: undefined }),
    deadLetters: () => [],
    deadCounts: () => new Map(),
    outcomeCount: () => 0,
    flushed: () => Promise.resolve(openedAtLsn),
    forget: () => Promise.resolve(0),
    close: () => Promise.resolve(),
  }
}

const windowBytes = 256 * 1024
const openMax = 8

type Source = Awaited<ReturnType<typeof readSegment>>

interface Window {
  readonly segment: number
  readonly from: number
  readonly bytes: Buffer
}

/** Records by their place. Neighbours are read together: entries mostly lie in order. */
class RecordReader {
  readonly #disk: SnapshotDisk
  readonly #open = new Map<number, Source>()
  #window: Window = { segment: 0, from: 0, bytes: Buffer.alloc(0) }

  constructor(disk: SnapshotDisk) {
    this.#disk = disk
  }

  async read(entry: Entry): Promise<Pick<PendingEntry, 'stored' | 'fault'>> {
    const { segment, from, bytes, kind } = entry
    try {
      const record = await this.#bytes(segment, from, bytes)
      if (!frameAt(record, 0, recordHome(segment, from)))
        return { stored: undefined, fault: 'does not match its checksum' }
      return { stored: storedMessage(record, kind), fault: undefined }
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
      const fault = missing ? `is gone with ${segmentName(segment)}` : `cannot be read: ${error}`
      return { stored: undefined, fault }
    }
  }

  async #bytes(segment: number, from: number, bytes: number): Promise<Buffer> {
    const window = this.#window
    const at = from - window.from
    if (segment === window.segment && at >= 0 && at + bytes <= window.bytes.length) {
      return window.bytes.subarray(at, at + bytes)
    }
    const source = await this.#source(segment)
    const piece = await source.piece(from, Math.max(bytes, windowBytes))
    this.#window = { segment, from, bytes: piece }
    return piece.subarray(0, bytes)
  }

  async #source(segment: number): Promise<Source> {
    const known = this.#open.get(segment)
    if (known) return known
    const source = await readSegment(this.#disk, segmentName(segment))
    this.#open.set(segment, source)
    if (this.#open.size > openMax) {
      const [oldest, file] = this.#open.entries().next().value as [number, Source]
      this.#open.delete(oldest)
      await file.close()
    }
    return source
  }

  async close(): Promise<void> {
    for (const source of this.#open.values()) await source.close()
    this.#open.clear()
  }
}
