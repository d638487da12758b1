/*
 * Payload of a `move` record: one entry, rewritten by compaction so that its old segment can go.
 *
 *   u32 queue · f64 position · u16 attempts · u16 excused · f64 available at · accept payload
 *
 * The accept payload's own entries are ignored. When the queue does not know the entry (its index was
 * lost with a checkpoint), the record holds enough to put it back.
 */

import type { ByteReader, ByteWriter } from '../../bytes.ts'
import { type AcceptRecord, readAccept } from './accept-record.ts'
import { writeAttempts } from './attempts.ts'

export interface MoveRecord {
  readonly queueNumber: number
  readonly position: number
  readonly attempts: number
  readonly excused: number
  readonly availableAtMs: number
  readonly accepted: AcceptRecord
}

export const moveHeadBytes = 24

export function writeMoveHead(writer: ByteWriter, move: Omit<MoveRecord, 'accepted'>): void {
  writer.u32(move.queueNumber)
  writer.f64(move.position)
  writeAttempts(writer, move.attempts, move.excused)
  writer.f64(move.availableAtMs)
}

export function readMove(reader: ByteReader): MoveRecord {
  return {
    queueNumber: reader.u32(),
    position: reader.f64(),
    attempts: reader.u16(),
    excused: reader.u16(),
    availableAtMs: reader.f64(),
    accepted: readAccept(reader),
  }
}
