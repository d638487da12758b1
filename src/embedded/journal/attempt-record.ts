/*
 * Payload of an `attempt` record: how one delivery ended that did not end its message.
 *
 *   text16 id · text16 callback ('': an attempt at the message itself) · u16 number · u8 end
 *   f64 delivered at · f64 ended at · f64 tried again at (0: at once or never) · text16 consumer
 *   text8 code ('': none) · bytes32 what was thrown, as JSON
 *
 * Nothing depends on it: it is for people, and for the ledger, which is fed these payloads as they
 * are. So a crash that cuts it off, or damage, costs a line of a page.
 * The consumer is its name, its connection and its user, with U+001F between them.
 */

import type { ByteReader, ByteWriter } from '../../bytes.ts'

/** In the order of their numbers on disk: only ever added to. */
export const attemptEnds = [
  'settled',
  'failed',
  'requeued',
  'returned',
  'timed-out',
  'connection-lost',
  'rejected',
  'expired',
  'canceled',
] as const

/** How an attempt ended, as it is stored. */
export type StoredAttemptEnd = (typeof attemptEnds)[number]

/** The most that two bytes hold. */
const numberMax = 65_535

export interface AttemptRecord {
  readonly id: string
  /** Empty for an attempt at the message itself. */
  readonly callback: string
  readonly number: number
  readonly end: StoredAttemptEnd
  readonly deliveredAtMs: number
  readonly endedAtMs: number
  /** 0 for at once, or never. */
  readonly retryAtMs: number
  readonly consumer: string
  readonly code: string
  readonly error: Uint8Array
}

export function writeAttempt(writer: ByteWriter, attempt: AttemptRecord): void {
  writer.text16(attempt.id)
  writer.text16(attempt.callback)
  writer.u16(Math.min(attempt.number, numberMax))
  writer.u8(attemptEnds.indexOf(attempt.end))
  writer.f64(attempt.deliveredAtMs)
  writer.f64(attempt.endedAtMs)
  writer.f64(attempt.retryAtMs)
  writer.text16(attempt.consumer)
  writer.text8(attempt.code)
  writer.bytes32(attempt.error)
}

/** The error is a view of the reader's bytes. Throws RangeError when malformed. */
export function readAttempt(reader: ByteReader): AttemptRecord {
  return {
    id: reader.text16(),
    callback: reader.text16(),
    number: reader.u16(),
    end: attemptEndOf(reader.u8()),
    deliveredAtMs: reader.f64(),
    endedAtMs: reader.f64(),
    retryAtMs: reader.f64(),
    consumer: reader.text16(),
    code: reader.text8(),
    error: reader.bytes32(),
  }
}

export function attemptEndOf(number: number): StoredAttemptEnd {
  const end = attemptEnds[number]
  if (end === undefined) throw new RangeError(`the end ${number} of an attempt is not known`)
  return end
}
