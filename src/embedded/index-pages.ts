/*
 * The index file: blocks of deep queues, put away.
 *
 *   index.pages = slots of one full block each:  u32 checksum · 60 bytes 0 · columns (4,096 rows × 33 bytes)
 *
 * Rule: a slot is never written over while a checkpoint that may be read again names it. Freed slots
 * wait until two newer checkpoints are durable. The file needs no sync of its own to put a block
 * away; a checkpoint syncs it before it names its slots. A failed sync is never tried again: the
 * kernel has marked the pages clean, so there are no more checkpoints until the next start.
 * After a crash, slots that the checkpoint does not name wait for one more checkpoint: the one before
 * it may name them.
 */

import { crc32 } from 'node:zlib'
import { HomingError } from '../errors.ts'
import type { Disk, DiskFile } from './journal/disk.ts'
import { blockRowsMax, type IndexBlock, rowBytes } from './queue/index-block.ts'

export const indexPagesName = 'index.pages'
const headBytes = 64
const columnsBytes = blockRowsMax * rowBytes
const slotBytes = headBytes + columnsBytes

/** Lets go of a block's columns, which lie in its page; their memory is free at once, not at some collection. */
export function letGo(block: IndexBlock): void {
  const bytes = block.columns?.bytes
  block.columns = undefined
  bytes?.transfer(0)
}

export class IndexPages {
  readonly #disk: Disk
  readonly #memoryBytesMax: number
  #file: Promise<DiskFile> | undefined
  #slots = 0
  readonly #free: number[] = []
  /** Freed since the last checkpoint, and before it. */
  #freed: number[] = []
  #freedBefore: number[] = []
  #writes: Promise<unknown> = Promise.resolve()
  /** Blocks whose page is being written: their columns are the only copy until it is. */
  readonly #writing = new Map<IndexBlock, Promise<void>>()
  #syncFailure: unknown
  /** Kept from one write to the next: a new one each time would leave holes in the system's memory. */
  #page: Buffer | undefined
  readonly #onProblem: (text: string) => void
  /** Bytes of columns in memory, over all queues. */
  readonly #memoryBytes: () => number

  constructor(parts: {
    disk: Disk
    memoryBytesMax: number
    memoryBytes: () => number
    onProblem: (text: string) => void
  }) {
    this.#disk = parts.disk
    this.#memoryBytesMax = parts.memoryBytesMax
    this.#memoryBytes = parts.memoryBytes
    this.#onProblem = parts.onProblem
  }

  #open(): Promise<DiskFile> {
    this.#file ??= this.#disk
      .open(indexPagesName)
      .catch(() => this.#disk.create(indexPagesName))
      .catch((error) => {
        this.#file = undefined
        throw error
      })
    return this.#file
  }

  /** A block has filled up at the end of a queue: it is put away when memory is short. */
  filled(block: IndexBlock): void {
    if (this.#memoryBytes() > this.#memoryBytesMax) this.putAway(block)
  }

  /** Writes the block to its page and lets go of its columns, unless it has changed meanwhile. */
  putAway(block: IndexBlock): void {
    this.#writes = this.#writes
      .then(() => this.write(block))
      .then(() => {
        if (!block.dirty) letGo(block)
      })
      .catch((error) => this.#onProblem(`putting a block of the index away failed: ${error}`))
  }

  /**
   * Writes the block as it is now to a slot of its own; its former slot is freed. The columns are
   * copied and the slot is named before this returns its promise, so that a checkpoint can be taken
   * of one moment.
   */
  write(block: IndexBlock): Promise<void> {
    if (!block.dirty || !block.columns) return this.#writing.get(block) ?? Promise.resolve()
    const page = this.#page ?? Buffer.alloc(slotBytes)
    this.#page = undefined
    Buffer.from(block.columns.bytes).copy(page, headBytes)
    page.writeUInt32LE(crc32(page.subarray(headBytes)), 0)
    if (block.page >= 0) this.#freed.push(block.page)
    const slot = this.#free.pop() ?? this.#slots++
    block.page = slot
    block.dirty = false
    const writing = this.#writeAt(slot, page)
      .catch((error) => {
        block.dirty = true
        throw error
      })
      .finally(() => {
        if (this.#writing.get(block) === writing) this.#writing.delete(block)
      })
    this.#writing.set(block, writing)
    return writing
  }

  async #writeAt(slot: number, page: Buffer): Promise<void> {
    const file = await this.#open()
    await file.write(page, slot * slotBytes)
    this.#page = page
  }

  /** Reads a block's columns back into memory. Fails with `journal-damaged`. */
  async bringBack(block: IndexBlock): Promise<void> {
    if (block.columns) return
    const page = this.#page ?? Buffer.alloc(slotBytes)
    this.#page = undefined
    const columns = await this.read(block.page, page)
    this.#page = page
    if (block.columns) return
    block.bringBack(columns)
    block.dirty = false
  }

  /** The columns in that slot, as a view of `page`. Fails with `journal-damaged`. */
  async read(slot: number, page: Buffer = Buffer.alloc(slotBytes)): Promise<Buffer> {
    const count = await (await this.#open()).read(page, slot * slotBytes)
    const columns = page.subarray(headBytes)
    if (count === slotBytes && page.readUInt32LE(0) === crc32(columns)) return columns
    throw new HomingError(
      'journal-damaged',
      `slot ${slot} of ${indexPagesName} does not match its checksum; the index is rebuilt from an older checkpoint at the next start`,
    )
  }

  free(slots: readonly number[]): void {
    this.#freed.push(...slots)
  }

  /** Recovery tells which slots its checkpoint names; called anew for each checkpoint that is tried. */
  async restore(used: ReadonlySet<number>): Promise<void> {
    this.#slots = await this.#slotsInFile()
    for (const slot of used) this.#slots = Math.max(this.#slots, slot + 1)
    this.#free.length = 0
    this.#freed = []
    this.#freedBefore = []
    for (let slot = 0; slot < this.#slots; slot++) {
      if (!used.has(slot)) this.#freedBefore.push(slot)
    }
  }

  async #slotsInFile(): Promise<number> {
    const names = await this.#disk.list()
    if (!names.includes(indexPagesName)) return 0
    return Math.ceil((await (await this.#open()).size()) / slotBytes)
  }

  /** Everything written is durable. */
  async sync(): Promise<void> {
    await this.#writes
    if (this.#syncFailure !== undefined) throw this.#syncFailure
    if (!this.#file) return
    const file = await this.#file
    try {
      await file.sync()
    } catch (error) {
      this.#syncFailure = error
      throw error
    }
  }

  /** A checkpoint is durable: slots freed before the one before it are free for use. */
  checkpointed(): void {
    this.#free.push(...this.#freedBefore)
    this.#freedBefore = this.#freed
    this.#freed = []
  }

  async close(): Promise<void> {
    await this.#writes
    if (this.#file) await (await this.#file).close()
  }
}
