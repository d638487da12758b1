/*
 * A segment: one file of the journal.
 *
 *   'HOMINGJ1' · u32 format version · u32 segment number · u32 checksum · 0…
 *   |<------------------------- 64 bytes ------------------------->| records …
 *
 * Rule: a segment is only ever appended to by the process that made it. Recovery starts a new one,
 * so nothing is ever written behind a hole or a torn record.
 */

import { crc32 } from 'node:zlib'
import { HomingError } from '../../errors.ts'

export const segmentHeaderBytes = 64
/** Written; those from 1 on are read. Format 2 has `attempt` records, and more in `final` ones. */
export const journalFormat = 2
const magic = 'HOMINGJ1'
const checkedBytes = 16

export const segmentName = (segment: number): string =>
  `journal-${String(segment).padStart(10, '0')}.log`

/** The number in a segment's file name, or undefined for any other file. */
export function segmentNumber(name: string): number | undefined {
  const match = /^journal-(\d{10})\.log$/.exec(name)
  return match ? Number(match[1]) : undefined
}

export function segmentHeader(segment: number): Buffer {
  const header = Buffer.alloc(segmentHeaderBytes)
  header.write(magic, 'latin1')
  header.writeUInt32LE(journalFormat, 8)
  header.writeUInt32LE(segment, 12)
  header.writeUInt32LE(crc32(header.subarray(0, checkedBytes)), checkedBytes)
  return header
}

/**
 * Whether the header is whole. Fails with `format-unknown` when it is, and of another version.
 */
export function segmentHeaderIsWhole(bytes: Buffer, name: string): boolean {
  if (bytes.length < segmentHeaderBytes || bytes.toString('latin1', 0, 8) !== magic) return false
  if (bytes.readUInt32LE(checkedBytes) !== crc32(bytes.subarray(0, checkedBytes))) return false
  const version = bytes.readUInt32LE(8)
  if (version < 1 || version > journalFormat) {
    throw new HomingError(
      'format-unknown',
      `${name} has journal format ${version}; this version of Homing reads formats up to ${journalFormat}: open the directory with the version that wrote it`,
    )
  }
  return true
}
