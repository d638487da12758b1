/*
 * The files of the segments: made ahead of need, opened for reading on demand.
 *
 * Rule: a segment's header and its name are durable before the first record goes into it, so a crash
 * never leaves records in a file that recovery cannot find.
 */

import type { Disk, DiskFile } from './disk.ts'
import { frameBytes } from './record.ts'
import { segmentHeader, segmentName } from './segment.ts'

const readAheadBytes = 512 * 1024
const openMax = 16

export class SegmentFiles {
  readonly #disk: Disk
  readonly #open = new Map<number, DiskFile>()
  #current: number | undefined
  #prepared: { segment: number; file: DiskFile } | undefined
  #preparing: Promise<void> | undefined

  constructor(disk: Disk) {
    this.#disk = disk
  }

  async make(segment: number): Promise<DiskFile> {
    const file = await this.#disk.create(segmentName(segment))
    await file.write(segmentHeader(segment), 0)
    await file.sync()
    await this.#disk.syncDirectory()
    this.#open.set(segment, file)
    this.#current = segment
    return file
  }

  /** Makes the next segment's file in the background. A failure is tried again at the next call. */
  prepare(segment: number): void {
    if (this.#preparing || this.#prepared?.segment === segment) return
    this.#preparing = this.#prepare(segment)
      .catch(() => this.#disk.remove(segmentName(segment)).catch(() => undefined))
      .finally(() => {
        this.#preparing = undefined
      })
  }

  async #prepare(segment: number): Promise<void> {
    const file = await this.#disk.create(segmentName(segment))
    await file.write(segmentHeader(segment), 0)
    await file.sync()
    await this.#disk.syncDirectory()
    this.#open.set(segment, file)
    this.#prepared = { segment, file }
  }

  takePrepared(segment: number): { segment: number; file: DiskFile } | undefined {
    const prepared = this.#prepared
    if (prepared?.segment !== segment) return undefined
    this.#prepared = undefined
    this.#current = segment
    return prepared
  }

  /** The record at `from` and, as far as one read goes, what lies behind it. */
  async readAhead(segment: number, from: number): Promise<Buffer> {
    const file = await this.#reading(segment)
    const piece = await readPiece(file, from, readAheadBytes)
    if (piece.length < frameBytes) return piece
    const length = frameBytes + piece.readUInt32LE(0)
    if (length <= piece.length || from + length > (await file.size())) return piece
    return readPiece(file, from, length)
  }

  async #reading(segment: number): Promise<DiskFile> {
    const known = this.#open.get(segment)
    if (known) {
      // Most recently used last.
      this.#open.delete(segment)
      this.#open.set(segment, known)
      return known
    }
    const file = await this.#disk.open(segmentName(segment))
    this.#open.set(segment, file)
    await this.#closeOldest()
    return file
  }

  async #closeOldest(): Promise<void> {
    for (const [segment, file] of this.#open) {
      if (this.#open.size <= openMax) return
      if (segment === this.#current || segment === this.#prepared?.segment) continue
      this.#open.delete(segment)
      await file.close()
    }
  }

  async remove(segment: number): Promise<void> {
    const file = this.#open.get(segment)
    this.#open.delete(segment)
    if (file) await file.close()
    await this.#disk.remove(segmentName(segment))
  }

  async close(): Promise<void> {
    await this.#preparing
    for (const file of this.#open.values()) await file.close()
    this.#open.clear()
  }
}

async function readPiece(file: DiskFile, from: number, bytes: number): Promise<Buffer> {
  const into = Buffer.allocUnsafeSlow(bytes)
  return into.subarray(0, await file.read(into, from))
}
