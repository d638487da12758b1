/*
 * Records read back: from the arena that gathers, from the tail kept in memory, or from their segment.
 *
 * A read from disk brings what lies behind along, for whoever goes through a queue in order; of that,
 * only the record asked for has been checked, so the others are checked when they are asked for.
 */

import { HomingError } from '../../errors.ts'
import { frameAt, frameBytes, recordHome } from './record.ts'
import type { SegmentFiles } from './segment-files.ts'
import { TailCache } from './tail-cache.ts'

export type FindBytes = (segment: number, from: number, length: number) => Buffer | undefined

export class RecordReading {
  readonly #files: SegmentFiles
  readonly #tail: TailCache
  readonly #readAhead: TailCache
  readonly #inArena: FindBytes

  constructor(files: SegmentFiles, tailBytesMax: number, inArena: FindBytes) {
    this.#files = files
    this.#tail = new TailCache(tailBytesMax)
    this.#readAhead = new TailCache(tailBytesMax / 4)
    this.#inArena = inArena
  }

  /** A full arena becomes part of the tail. */
  keep(segment: number, from: number, bytes: Buffer): void {
    this.#tail.add(segment, from, bytes)
  }

  /** The record's bytes, frame included, when they are in memory. */
  peek(segment: number, from: number): Buffer | undefined {
    const head = this.#find(segment, from, frameBytes)
    if (head) return this.#find(segment, from, frameBytes + head.readUInt32LE(0))
    return this.#readBefore(segment, from)
  }

  #find(segment: number, from: number, length: number): Buffer | undefined {
    return this.#inArena(segment, from, length) ?? this.#tail.find(segment, from, length)
  }

  #readBefore(segment: number, from: number): Buffer | undefined {
    const head = this.#readAhead.find(segment, from, frameBytes)
    const bytes = head && frameBytes + head.readUInt32LE(0)
    const record = bytes && this.#readAhead.find(segment, from, bytes)
    return record && frameAt(record, 0, recordHome(segment, from)) ? record : undefined
  }

  /** Reads the record, and what lies behind it, into memory. Fails with `journal-damaged`. */
  async load(segment: number, from: number): Promise<Buffer> {
    const known = this.peek(segment, from)
    if (known) return known
    const { piece, record } = await this.#read(segment, from)
    this.#readAhead.add(segment, from, piece)
    return record
  }

  /** The record alone, of that length, kept nowhere: for those who look here and there. */
  async look(segment: number, from: number, bytes: number): Promise<Buffer> {
    return this.peek(segment, from) ?? (await this.#read(segment, from, bytes)).record
  }

  async #read(
    segment: number,
    from: number,
    bytes?: number,
  ): Promise<{ readonly piece: Buffer; readonly record: Buffer }> {
    const piece = await this.#files.readAhead(segment, from, bytes).catch((error) => {
      if (error.code === 'ENOENT') throw unreadable(segment, from, 'is gone with its file', error)
      throw error
    })
    const frame = frameAt(piece, 0, recordHome(segment, from))
    if (!frame) {
      throw unreadable(segment, from, 'does not match its checksum; it is kept as it is')
    }
    return { piece, record: piece.subarray(0, frame.end) }
  }
}

const unreadable = (segment: number, from: number, why: string, cause?: unknown): HomingError =>
  new HomingError(
    'journal-damaged',
    `the record at ${from} in segment ${segment} ${why}: run "homing verify" on a copy of the directory`,
    { cause },
  )
