/*
 * A checkpoint: the engine's state at one LSN, so that only the journal behind it is read at a start.
 *
 *   'HOMINGC1' · u32 format version · u32 checksum of all else · f64 length of the rest
 *   rest = text32 JSON head · binary parts in the order the head names them
 *          part of a block kept whole: its columns        part of entries: n × fixed fields
 *
 * Full blocks of the index are named by their slot in index.pages. The two newest checkpoints are
 * kept; a start takes the newest whole one. Names: checkpoint-NNNNNNNNNN.ckpt, by number.
 * After a crash while one was written, it is not whole and the one before it counts.
 */

import { crc32 } from 'node:zlib'
import { ByteReader, type ByteWriter } from '../bytes.ts'
import type { QueueSettings } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { GatherRecord } from './gathers.ts'
import { writeAttempts } from './journal/attempts.ts'
import type { Disk } from './journal/disk.ts'
import { Entry, entryStates } from './queue/entry.ts'
import type { RoutingSnapshot } from './routing/routing-snapshot.ts'

const magic = 'HOMINGC1'
const checkpointFormat = 1
const headBytes = 24
const checksumAt = 12

export interface BlockHead {
  readonly rows: number
  readonly head: number
  readonly live: number
  readonly capacity: number
  readonly firstPosition: number
  readonly lastPosition: number
  /** null: no deadline. */
  readonly deadlineMsMin: number | null
  /** Slot in index.pages, or -1: the columns are a part of this file. */
  readonly page: number
}

export interface QueueHead {
  readonly number: number
  readonly name: string
  readonly settings: QueueSettings
  readonly nextPosition: number
  readonly entries: number
  readonly fifos: readonly { readonly priority: number; readonly blocks: readonly BlockHead[] }[]
}

export interface SegmentHead {
  readonly segment: number
  /** null while it is not sealed. */
  readonly lastLsn: number | null
  readonly damaged?: true
}

export interface CheckpointHead {
  readonly lsn: number
  /** LSN of the last record that the ledger takes from; absent in older files. */
  readonly ledgerLsn?: number
  /** Where the next record goes: replay starts here. */
  readonly segment: number
  readonly from: number
  readonly seed: number
  /** Wall ms: time does not go back behind it. */
  readonly atMs: number
  readonly routing: RoutingSnapshot
  readonly gathers: readonly GatherRecord[]
  readonly queues: readonly QueueHead[]
  readonly segments: readonly SegmentHead[]
}

export const checkpointName = (number: number): string =>
  `checkpoint-${String(number).padStart(10, '0')}.ckpt`

export function checkpointNumber(name: string): number | undefined {
  const match = /^checkpoint-(\d{10})\.ckpt$/.exec(name)
  return match ? Number(match[1]) : undefined
}

export function encodeCheckpoint(head: CheckpointHead, parts: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(head))
  const file = Buffer.alloc(headBytes + 4 + json.length + parts.length)
  file.write(magic, 'latin1')
  file.writeUInt32LE(checkpointFormat, 8)
  file.writeUInt32LE(json.length, headBytes)
  json.copy(file, headBytes + 4)
  file.set(parts, headBytes + 4 + json.length)
  file.writeDoubleLE(file.length - headBytes, 16)
  file.writeUInt32LE(checkpointChecksum(file), checksumAt)
  return file
}

/** Over every byte but its own: an altered version is damage, not a version. */
export const checkpointChecksum = (file: Buffer): number =>
  crc32(file.subarray(checksumAt + 4), crc32(file.subarray(0, checksumAt)))

/** The checkpoint in that file; undefined when it is not whole. Fails with `format-unknown`. */
export async function readCheckpoint(
  disk: Disk,
  name: string,
): Promise<{ head: CheckpointHead; parts: ByteReader } | undefined> {
  const file = await disk.open(name)
  let bytes: Buffer
  try {
    bytes = Buffer.allocUnsafeSlow(await file.size())
    bytes = bytes.subarray(0, await file.read(bytes, 0))
  } finally {
    await file.close()
  }
  if (bytes.length < headBytes || bytes.toString('latin1', 0, 8) !== magic) return undefined
  const whole = bytes.readDoubleLE(16) === bytes.length - headBytes
  if (!whole || checkpointChecksum(bytes) !== bytes.readUInt32LE(checksumAt)) return undefined
  const version = bytes.readUInt32LE(8)
  if (version !== checkpointFormat) {
    throw new HomingError(
      'format-unknown',
      `${name} has checkpoint format ${version}; this version of Homing reads format ${checkpointFormat}: open the directory with the version that wrote it`,
    )
  }
  const parts = new ByteReader(bytes, headBytes)
  const head = JSON.parse(parts.text32()) as CheckpointHead
  return { head, parts }
}

/**
 * What was held stands as ready: its consumer is gone by the time this is read, and it waits until
 * `deadlineAtMs` again.
 */
export function writeEntry(writer: ByteWriter, entry: Entry, deadlineAtMs: number): void {
  writer.f64(entry.position)
  writer.u8(entry.priority)
  writer.u8(entry.kind)
  writer.u8(entry.state === entryStates.delayed ? entryStates.delayed : entryStates.ready)
  writer.u32(entry.hash)
  writer.u32(entry.segment)
  writer.u32(entry.from)
  writer.u32(entry.bytes)
  writer.f64(deadlineAtMs)
  writer.f64(entry.availableAtMs)
  writeAttempts(writer, entry.attempts, entry.excused)
}

export function readEntry(reader: ByteReader): Entry {
  const position = reader.f64()
  const priority = reader.u8()
  const kind = reader.u8()
  const state = reader.u8()
  const hash = reader.u32()
  const segment = reader.u32()
  const from = reader.u32()
  const bytes = reader.u32()
  const deadlineAtMs = reader.f64()
  const entry = new Entry(position, priority, kind, hash, deadlineAtMs, segment, from, bytes)
  entry.state = state === entryStates.delayed ? entryStates.delayed : entryStates.ready
  entry.availableAtMs = reader.f64()
  entry.attempts = reader.u16()
  entry.excused = reader.u16()
  return entry
}
