/*
 * The records of a segment's bytes, so that a test can damage the one it means.
 */

import {
  frameAt,
  type RecordType,
  recordHome,
  recordTypes,
} from '../../src/embedded/journal/record.ts'
import { segmentHeaderBytes } from '../../src/embedded/journal/segment.ts'

export interface SegmentRecord {
  readonly type: RecordType
  readonly lsn: number
  readonly at: number
  readonly end: number
}

export function recordsOf(bytes: Uint8Array): SegmentRecord[] {
  const buffer = Buffer.from(bytes)
  const segment = buffer.readUInt32LE(12)
  const records: SegmentRecord[] = []
  for (let at = segmentHeaderBytes; ; ) {
    const frame = frameAt(buffer, at, recordHome(segment, at))
    if (!frame) return records
    records.push({ type: frame.type, lsn: frame.lsn, at, end: frame.end })
    at = frame.end
  }
}

/** Alters one byte of the n-th record of that type; `n` counts from 0. */
export const damageRecord =
  (type: keyof typeof recordTypes, n = 0) =>
  (bytes: Uint8Array): undefined => {
    const found = recordsOf(bytes).filter((record) => record.type === recordTypes[type])[n]
    if (!found) throw new Error(`there is no record ${n} of type ${type}`)
    const at = found.end - 1
    bytes[at] = (bytes[at] as number) ^ 0x20
  }
