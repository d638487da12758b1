/*
 * Taking checkpoints, and reading the newest whole one.
 *
 * Rule: a checkpoint is a picture of one moment: blocks are copied and everything else is encoded
 * before anything is awaited. It is named only when the journal up to its LSN and the pages it names
 * are durable. A segment or page that only older checkpoints than the last two need is free.
 */

import { type ByteReader, ByteWriter } from '../bytes.ts'
import {
  type BlockHead,
  type CheckpointHead,
  checkpointName,
  checkpointNumber,
  encodeCheckpoint,
  type QueueHead,
  readCheckpoint,
  readEntry,
  writeEntry,
} from './checkpoint-file.ts'
import { isGoneOnRecord } from './gone-on-record.ts'
import { type IndexPages, letGo } from './index-pages.ts'
import type { Disk } from './journal/disk.ts'
import type { Journal } from './journal/journal.ts'
import type { LiveQueue } from './live-queue.ts'
import { messageKind } from './queue/entry.ts'
import { Fifo } from './queue/fifo.ts'
import { blockRowsMax, IndexBlock, rowBytes } from './queue/index-block.ts'
import { Routing } from './routing/routing.ts'
import type { State } from './state.ts'

export interface CheckpointParts {
  readonly disk: Disk
  readonly state: State
  readonly pages: IndexPages
  readonly seed: number
  readonly nowMs: () => number
}

/** Where the next checkpoint goes on. */
export interface LastCheckpoint {
  readonly number: number
  readonly whole: number
  readonly lsn: number
}

export class Checkpoints {
  readonly #parts: CheckpointParts
  /** The highest number taken, by a whole checkpoint or a damaged one. */
  #number: number
  /** The newest whole one; 0 when there is none. */
  #whole: number
  #lsn: number
  /** LSN of the checkpoint before the last: what came before it is in both. */
  safeLsn = 0

  constructor(parts: CheckpointParts, last: LastCheckpoint) {
    this.#parts = parts
    this.#number = last.number
    this.#whole = last.whole
    this.#lsn = last.lsn
  }

  /** LSN of the newest checkpoint. */
  get lsn(): number {
    return this.#lsn
  }

  async take(journal: Journal): Promise<void> {
    const { pages } = this.#parts
    const lsn = journal.lastLsn
    const writes: Promise<void>[] = []
    const file = this.#encode(journal, writes)
    await Promise.all(writes)
    await pages.sync()
    await journal.safe()
    const number = this.#number + 1
    await this.#write(checkpointName(number), file)
    this.#number = number
    this.safeLsn = this.#lsn
    this.#lsn = lsn
    pages.checkpointed()
    // A damaged one between the two is no successor of the older.
    await this.#removeBefore(this.#whole)
    this.#whole = number
  }

  async #write(name: string, file: Buffer): Promise<void> {
    const { disk } = this.#parts
    const handle = await disk.create(name)
    try {
      await handle.write(file, 0)
      await handle.sync()
      await disk.syncDirectory()
    } catch (error) {
      await disk.remove(name).catch(() => undefined)
      throw error
    } finally {
      await handle.close()
    }
  }

  async #removeBefore(number: number): Promise<void> {
    const { disk } = this.#parts
    for (const name of await disk.list()) {
      const other = checkpointNumber(name)
      if (other !== undefined && other < number) await disk.remove(name)
    }
  }

  #encode(journal: Journal, writes: Promise<void>[]): Buffer {
    const { state, seed, nowMs } = this.#parts
    const parts = new ByteWriter(64 * 1024)
    const queues: QueueHead[] = []
    for (const live of state.queues.values()) {
      if (live.durable) queues.push(this.#queue(live, parts, writes))
    }
    const head: CheckpointHead = {
      lsn: journal.lastLsn,
      ledgerLsn: Math.max(state.ledgerLsn, journal.ledgerLsn),
      segment: journal.segment,
      from: journal.nextFrom,
      seed,
      atMs: nowMs(),
      routing: state.durableRouting(),
      gathers: state.gathers.records(),
      queues,
      segments: state.segments.all().map(({ segment, lastLsn, damaged }) => ({
        segment,
        lastLsn: Number.isFinite(lastLsn) ? lastLsn : null,
        ...(damaged && { damaged }),
      })),
    }
    return encodeCheckpoint(head, parts.taken())
  }

  #queue(live: LiveQueue, parts: ByteWriter, writes: Promise<void>[]): QueueHead {
    const { pages } = this.#parts
    const { queue } = live
    const fifos = queue.fifos.map((fifo) => {
      pages.free(fifo.freedPages)
      fifo.freedPages = []
      const blocks = fifo.blocks.map((block): BlockHead => {
        if (block.full) writes.push(pages.write(block))
        else parts.raw(block.copyOut())
        const { rows, head, live, capacity, firstPosition, lastPosition, deadlineMsMin } = block
        const page = block.full ? block.page : -1
        return {
          rows,
          head,
          live,
          capacity,
          firstPosition,
          lastPosition,
          deadlineMsMin: Number.isFinite(deadlineMsMin) ? deadlineMsMin : null,
          page,
        }
      })
      return { priority: fifo.priority, blocks }
    })
    const entries = queue.entries().filter((entry) => !entry.transient && !isGoneOnRecord(entry))
    for (const entry of entries) {
      const { message, acceptedAtMs } = entry
      const waitsUntilMs =
        message && live.waitsUntilMs(message, acceptedAtMs || this.#parts.nowMs())
      writeEntry(parts, entry, waitsUntilMs ?? entry.deadlineAtMs)
    }
    const { number, name, settings, nextPosition } = queue
    return { number, name, settings, nextPosition, entries: entries.length, fifos }
  }
}

export interface LoadedCheckpoint {
  readonly number: number
  readonly head: CheckpointHead
}

export interface LoadParts {
  readonly disk: Disk
  readonly pages: IndexPages
  readonly indexBytesMax: number
  readonly nowMs: number
  /** Makes an empty state; called anew for each checkpoint that is tried. */
  readonly freshState: (seed: number) => State
  readonly onProblem: (text: string) => void
}

/** Puts the newest whole checkpoint into a fresh state. Undefined when there is none. */
export async function loadCheckpoint(
  parts: LoadParts,
): Promise<{ readonly loaded: LoadedCheckpoint; readonly state: State } | undefined> {
  const numbers = (await parts.disk.list())
    .map(checkpointNumber)
    .filter((number) => number !== undefined)
    .sort((a, b) => b - a)
  for (const number of numbers) {
    const name = checkpointName(number)
    const read = await readCheckpoint(parts.disk, name)
    if (!read) continue
    try {
      const state = parts.freshState(read.head.seed)
      await restore(read.head, read.parts, state, parts)
      return { loaded: { number, head: read.head }, state }
    } catch (error) {
      parts.onProblem(`${name} cannot be used, an older one is tried: ${error}`)
    }
  }
  return undefined
}

/** The highest number of a checkpoint, whole or not: the next one is above it. */
export async function lastCheckpointNumber(disk: Disk): Promise<number> {
  return Math.max(0, ...(await disk.list()).map((name) => checkpointNumber(name) ?? 0))
}

async function restore(
  head: CheckpointHead,
  binary: ByteReader,
  state: State,
  parts: LoadParts,
): Promise<void> {
  const used = new Set<number>()
  for (const one of head.queues) {
    for (const fifo of one.fifos) for (const { page } of fifo.blocks) if (page >= 0) used.add(page)
  }
  await parts.pages.restore(used)
  for (const { segment, lastLsn, damaged } of head.segments) {
    if (lastLsn !== null) state.segments.use(segment).lastLsn = lastLsn
    if (damaged) state.segments.use(segment).damaged = true
  }
  state.ledgerLsn = head.ledgerLsn ?? head.lsn
  state.routing = Routing.restore(head.routing)
  for (const gather of head.gathers) state.gathers.add(gather)
  state.ids.reserve(rowsIn(head))
  let inMemory = 0
  for (const one of head.queues) {
    const { queue } = state.addQueue(one.number, one.name, one.settings, parts.nowMs)
    queue.nextPosition = one.nextPosition
    for (const { priority, blocks } of one.fifos) {
      const fifo = new Fifo(priority)
      for (const block of blocks) {
        const restored = await restoreBlock(block, binary, parts)
        indexRows(restored, state)
        fifo.blocks.push(restored)
        fifo.live += restored.live
        // The head stays in memory; what is behind it only as far as there is room.
        const isKept = block.page < 0 || inMemory + restored.memoryBytes <= parts.indexBytesMax / 2
        if (isKept) inMemory += restored.memoryBytes
        else letGo(restored)
      }
      queue.restoreFifo(fifo)
    }
    for (let n = one.entries; n > 0; n--) {
      const entry = readEntry(binary)
      state.hold(entry)
      queue.put(entry)
    }
  }
}

function rowsIn(head: CheckpointHead): number {
  const blocks = head.queues.flatMap((queue) => queue.fifos.flatMap((fifo) => fifo.blocks))
  return blocks.reduce((rows, block) => rows + block.live, 0)
}

async function restoreBlock(
  head: BlockHead,
  binary: ByteReader,
  parts: LoadParts,
): Promise<IndexBlock> {
  const block = new IndexBlock(0)
  Object.assign(block, head, { deadlineMsMin: head.deadlineMsMin ?? Number.POSITIVE_INFINITY })
  block.columns = undefined
  if (head.page >= 0) await parts.pages.bringBack(block)
  else block.bringBack(binary.raw(head.capacity * rowBytes))
  block.dirty = head.page < 0
  return block
}

function indexRows(block: IndexBlock, state: State): void {
  const columns = block.columns
  if (!columns || block.rows > blockRowsMax) throw new RangeError('a block has too many rows')
  for (let row = block.head; row < block.rows; row++) {
    const kind = columns.kind[row] as number
    if (kind === 0) continue
    const segment = columns.segment[row] as number
    state.segments.hold(segment, columns.length[row] as number)
    if (kind === messageKind) {
      state.ids.add(columns.hash[row] as number, segment, columns.from[row] as number)
    }
  }
}
