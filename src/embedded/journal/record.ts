/*
 * A record in a segment.
 *
 *   u32 payload length · u32 checksum · u8 type · u8 0 · u48 LSN · payload
 *
 * The checksum is CRC-32 over everything behind it, seeded with the length and the record's home: its
 * segment and its place there. So no byte of a record can change unnoticed, and a record in another
 * place is none: not one within the body of a damaged message, not one that the disk put elsewhere.
 * A run of zeros is not a record. LSNs rise by one with each record.
 *
 * `batch` opens each group commit and says up to which LSN the journal was durable when the batch
 * began. Whatever is missing below the newest such claim was confirmed and is damage; whatever is
 * missing above it was cut off by a crash before any confirm. The first batch of an opening is marked
 * with one byte more: it believes all that recovery has read, so what was missing then stays a cut.
 */

import { crc32 } from 'node:zlib'

export const frameBytes = 16
const checkedFrom = 8

export const recordTypes = {
  /** f64 durable LSN · [u8 1: the first of an opening]. */
  batch: 1,
  /** accept-record.ts */
  accept: 2,
  /** final-record.ts */
  final: 3,
  /** entry-records.ts: deliveries made. */
  delivered: 4,
  /** entry-records.ts: one entry back in its queue. */
  requeue: 5,
  /** entry-records.ts: entries gone without an outcome. */
  remove: 6,
  /** JSON: queues, exchanges, bindings. */
  topology: 7,
  /** JSON: a gather. */
  gather: 8,
  /** JSON: dead letters dropped. */
  drop: 9,
  /** move-record.ts: an entry rewritten out of a segment that is to go. */
  move: 10,
  /** attempt-record.ts: how a delivery ended that did not end its message. */
  attempt: 11,
} as const

export type RecordType = (typeof recordTypes)[keyof typeof recordTypes]

/** The ledger takes something from records of this type. */
export const isForLedger = (type: RecordType): boolean =>
  type === recordTypes.final || type === recordTypes.attempt || type === recordTypes.drop

const lsnHigh = 2 ** 32

/** Of the place where a record lies; part of its checksum. */
export const recordHome = (segment: number, from: number): number =>
  (Math.imul(segment, 0x9e3779b1) ^ from) >>> 0

/** Fills in the frame of the record whose payload is already in place. */
export function sealFrame(
  buffer: Buffer,
  view: DataView,
  from: number,
  end: number,
  type: RecordType,
  lsn: number,
  home: number,
): void {
  const length = end - from - frameBytes
  view.setUint32(from, length, true)
  buffer[from + 8] = type
  buffer[from + 9] = 0
  view.setUint32(from + 10, lsn % lsnHigh, true)
  view.setUint16(from + 14, Math.floor(lsn / lsnHigh), true)
  const checked = buffer.subarray(from + checkedFrom, end)
  view.setUint32(from + 4, crc32(checked, (length ^ home) >>> 0), true)
}

export interface Frame {
  readonly type: RecordType
  readonly lsn: number
  readonly payloadFrom: number
  readonly end: number
}

/**
 * The record that starts at `from` of the buffer, or undefined when there is no whole, unaltered one
 * of that home.
 */
export function frameAt(buffer: Buffer, from: number, home: number): Frame | undefined {
  if (from + frameBytes > buffer.length) return undefined
  const length = buffer.readUInt32LE(from)
  const end = from + frameBytes + length
  if (end > buffer.length) return undefined
  const type = buffer[from + 8] as RecordType
  if (type < recordTypes.batch || type > recordTypes.attempt || buffer[from + 9] !== 0)
    return undefined
  const checksum = buffer.readUInt32LE(from + 4)
  const checked = buffer.subarray(from + checkedFrom, end)
  if (crc32(checked, (length ^ home) >>> 0) !== checksum) return undefined
  const lsn = buffer.readUInt32LE(from + 10) + buffer.readUInt16LE(from + 14) * lsnHigh
  return { type, lsn, payloadFrom: from + frameBytes, end }
}

/** What a `batch` record says. */
export function readBatch(
  frame: Frame,
  buffer: Buffer,
): { readonly durableLsn: number; readonly opens: boolean } {
  const durableLsn = buffer.readDoubleLE(frame.payloadFrom)
  return { durableLsn, opens: frame.end - frame.payloadFrom > 8 }
}
