/*
 * Reading a segment from one end to the other, past whatever is damaged.
 *
 * Records are read in pieces of some megabytes. Where no whole record stands, the scan looks for the
 * next one byte by byte: a damaged record costs itself and nothing else (invariant 44). What was
 * skipped is told with its place; whether it was confirmed is judged by the caller, from the durable
 * LSNs that later batches claim.
 */

import { limits } from '../../limits.ts'
import type { Disk } from './disk.ts'
import { type Frame, frameAt, frameBytes, recordHome, recordTypes } from './record.ts'
import { type PieceRoom, readSegment } from './scan-file.ts'
import { segmentHeaderBytes, segmentHeaderIsWhole, segmentName } from './segment.ts'

export interface Skipped {
  readonly segment: number
  readonly from: number
  readonly bytes: number
}

export interface ScanHandler {
  /** `at` is the record's place in the segment; `buffer` holds it from `frame.payloadFrom`. */
  record(
    frame: Frame,
    buffer: Buffer,
    segment: number,
    at: number,
    bytes: number,
  ): undefined | Promise<void>
  skipped(what: Skipped): void
}

const pieceBytes = 4 * 1024 * 1024
const believableBytes = 2 * limits.bodyBytesMax

/** With a room, the handler keeps no view of a record's buffer. */
export async function scanSegment(
  disk: Disk,
  segment: number,
  from: number,
  handler: ScanHandler,
  room?: PieceRoom,
): Promise<void> {
  const source = await readSegment(disk, segmentName(segment), room)
  try {
    const header = await source.piece(0, segmentHeaderBytes)
    if (!segmentHeaderIsWhole(header, segmentName(segment))) {
      handler.skipped({ segment, from: 0, bytes: Math.min(segmentHeaderBytes, source.size) })
    }
    let at = Math.max(from, segmentHeaderBytes)
    while (at < source.size) at = await scanPiece(source, segment, at, handler)
  } finally {
    await source.close()
  }
}

interface Source {
  readonly size: number
  piece(from: number, bytes: number): Promise<Buffer>
}

/** Reads one piece and returns where the next one starts. */
async function scanPiece(
  source: Source,
  segment: number,
  from: number,
  handler: ScanHandler,
): Promise<number> {
  let piece = await source.piece(from, pieceBytes)
  const atEnd = (): boolean => from + piece.length >= source.size
  const homeOf = (at: number): number => recordHome(segment, from + at)
  let at = 0
  while (at < piece.length) {
    let frame = frameAt(piece, at, homeOf(at))
    if (!frame && !atEnd() && claimedBytes(piece, at) > piece.length - at) {
      if (at > 0) return from + at
      // One record larger than a piece: read it whole, if its length is to be believed.
      const whole = claimedBytes(piece, 0)
      if (from + whole <= source.size) piece = await source.piece(from, whole)
      frame = frameAt(piece, 0, homeOf(0))
    }
    if (frame) {
      const wait = handler.record(frame, piece, segment, from + at, frame.end - at)
      if (wait) await wait
      at = frame.end
      continue
    }
    const next = nextWhole(piece, at + 1, atEnd(), homeOf)
    handler.skipped({ segment, from: from + at, bytes: next - at })
    at = next
  }
  return from + at
}

const claimedBytes = (piece: Buffer, at: number): number =>
  at + 4 <= piece.length ? frameBytes + piece.readUInt32LE(at) : frameBytes

/** Where the next whole record starts, or one that may reach behind the piece, or the piece's end. */
function nextWhole(
  piece: Buffer,
  from: number,
  last: boolean,
  homeOf: (at: number) => number,
): number {
  for (let at = from; at + frameBytes <= piece.length; at++) {
    // The cheap tests first: a hole of zeros is passed over at a byte a step.
    const type = piece[at + 8] as number
    if (type === 0 || type > recordTypes.move || piece[at + 9] !== 0) continue
    const end = at + claimedBytes(piece, at)
    const reachesBehind = end > piece.length
    if (reachesBehind && !last && end - at <= believableBytes) return at
    if (!reachesBehind && frameAt(piece, at, homeOf(at))) return at
  }
  return last ? piece.length : Math.max(from, piece.length - frameBytes + 1)
}
