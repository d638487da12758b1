/*
 * The files of the segments: made ahead of need for the journal, opened for reading on demand.
 *
 *   make, prepare ─▶ a file to write to: open until the segment after the next one is begun
 *   readAhead     ─▶ a file to read from: kept open while there are few, closed when nobody reads
 *
 * Rule: a segment's header and its name are durable before the first record goes into it, so a crash
 * never leaves records in a file that recovery cannot find. No file is closed while it is in use: its
 * number would be given to another file, and bytes of that one be read or written instead.
 */

import type { Disk, DiskFile } from './disk.ts'
import { frameBytes } from './record.ts'
import { segmentHeader, segmentName } from './segment.ts'

const readAheadBytes = 512 * 1024
const openMax = 16

interface Reading {
  readonly file: Promise<DiskFile>
  users: number
  /** Its segment was removed: closed when the last user is done. */
  removed: boolean
}

export class SegmentFiles {
  readonly #disk: Disk
  /** Least recently used first. */
  readonly #open = new Map<number, Reading>()
  readonly #written = new Map<number, DiskFile>()
  #prepared: { segment: number; file: DiskFile } | undefined
  #preparing: Promise<void> | undefined

  constructor(disk: Disk) {
    this.#disk = disk
  }

  /** The file of the first segment. */
  async make(segment: number): Promise<DiskFile> {
    const file = await this.#make(segment)
    this.#written.set(segment, file)
    return file
  }

  /** When it cannot be made, nothing of it is left. */
  async #make(segment: number): Promise<DiskFile> {
    const file = await this.#disk.create(segmentName(segment))
    try {
      await file.write(segmentHeader(segment), 0)
      await file.sync()
      await this.#disk.syncDirectory()
      return file
    } catch (error) {
      await file.close().catch(() => undefined)
      await this.#disk.remove(segmentName(segment)).catch(() => undefined)
      throw error
    }
  }

  /** Makes the next segment's file in the background. A failure is tried again at the next call. */
  prepare(segment: number): void {
    if (this.#preparing || this.#prepared?.segment === segment) return
    this.#preparing = this.#make(segment)
      .then(
        (file) => {
          this.#prepared = { segment, file }
        },
        // A file of that name that could not be removed before would be in the way for ever.
        () => this.#disk.remove(segmentName(segment)).catch(() => undefined),
      )
      .finally(() => {
        this.#preparing = undefined
      })
  }

  takePrepared(segment: number): { segment: number; file: DiskFile } | undefined {
    const prepared = this.#prepared
    if (prepared?.segment !== segment) return undefined
    this.#prepared = undefined
    this.#written.set(segment, prepared.file)
    // The last batch of the segment before this one may still be under way.
    for (const [old, file] of this.#written) {
      if (old >= segment - 1) continue
      this.#written.delete(old)
      file.close().catch(() => undefined)
    }
    return prepared
  }

  /** The record at `from` and, as far as one read goes, what lies behind it. */
  async readAhead(segment: number, from: number, bytes = readAheadBytes): Promise<Buffer> {
    const reading = this.#reading(segment)
    reading.users++
    try {
      const file = await reading.file
      const piece = await readPiece(file, from, bytes)
      if (piece.length < frameBytes) return piece
      const length = frameBytes + piece.readUInt32LE(0)
      if (length <= piece.length || from + length > (await file.size())) return piece
      return await readPiece(file, from, length)
    } finally {
      reading.users--
      this.#closeUnused(reading)
    }
  }

  #reading(segment: number): Reading {
    const known = this.#open.get(segment)
    const reading = known ?? this.#opened(segment)
    // Most recently used last.
    this.#open.delete(segment)
    this.#open.set(segment, reading)
    return reading
  }

  #opened(segment: number): Reading {
    const file = this.#disk.open(segmentName(segment))
    const reading: Reading = { file, users: 0, removed: false }
    file.catch(() => {
      if (this.#open.get(segment) === reading) this.#open.delete(segment)
    })
    return reading
  }

  #closeUnused(done: Reading): void {
    if (done.removed && done.users === 0) closeReading(done)
    for (const [segment, reading] of this.#open) {
      if (this.#open.size <= openMax) return
      if (reading.users > 0) continue
      this.#open.delete(segment)
      closeReading(reading)
    }
  }

  async remove(segment: number): Promise<void> {
    const reading = this.#open.get(segment)
    this.#open.delete(segment)
    if (reading) {
      reading.removed = true
      if (reading.users === 0) closeReading(reading)
    }
    await this.#disk.remove(segmentName(segment)).catch((error: NodeJS.ErrnoException) => {
      // A crash after it was removed and before a checkpoint knew of that.
      if (error.code !== 'ENOENT') throw error
    })
  }

  async close(): Promise<void> {
    await this.#preparing
    await this.#prepared?.file.close()
    this.#prepared = undefined
    for (const file of this.#written.values()) await file.close()
    this.#written.clear()
    const readings = [...this.#open.values()]
    this.#open.clear()
    for (const { file } of readings) {
      const opened = await file.catch(() => undefined)
      await opened?.close()
    }
  }
}

/** Only read from, so nothing is lost when closing it fails. */
function closeReading({ file }: Reading): void {
  file.then((opened) => opened.close()).catch(() => undefined)
}

async function readPiece(file: DiskFile, from: number, bytes: number): Promise<Buffer> {
  const into = Buffer.allocUnsafeSlow(bytes)
  return into.subarray(0, await file.read(into, from))
}
