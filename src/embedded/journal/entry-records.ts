/*
 * Payloads of the small records about entries that stand in a queue.
 *
 *   delivered  u32 queue · u32 runs × (f64 first position · u32 count)
 *   requeue    u32 queue · f64 position · f64 available at (0: now) · u8 excused
 *   remove     u32 queue · u32 runs × (f64 first position · u32 count)
 *
 * `delivered` is on disk before the deliveries it names are handed out, so an attempt that a consumer
 * saw is never forgotten. `excused`: the attempt does not count against the limit.
 */

import type { ByteReader, ByteWriter } from '../../bytes.ts'

/** Writes rising positions as runs. */
export function writePositions(
  writer: ByteWriter,
  queueNumber: number,
  positions: readonly number[],
): void {
  writer.u32(queueNumber)
  const countAt = writer.length
  writer.u32(0)
  let runs = 0
  for (let i = 0; i < positions.length; ) {
    const first = positions[i] as number
    let count = 1
    while (i + count < positions.length && positions[i + count] === first + count) count++
    writer.f64(first)
    writer.u32(count)
    runs++
    i += count
  }
  writer.view.setUint32(countAt, runs, true)
}

export interface PositionsRecord {
  readonly queueNumber: number
  readonly runs: readonly { readonly first: number; readonly count: number }[]
}

export function readPositions(reader: ByteReader): PositionsRecord {
  const queueNumber = reader.u32()
  const runs: { first: number; count: number }[] = []
  for (let n = reader.u32(); n > 0; n--) runs.push({ first: reader.f64(), count: reader.u32() })
  return { queueNumber, runs }
}

export interface RequeueRecord {
  readonly queueNumber: number
  readonly position: number
  readonly availableAtMs: number
  readonly excused: boolean
}

export function writeRequeue(
  writer: ByteWriter,
  queueNumber: number,
  position: number,
  availableAtMs: number,
  excused: boolean,
): void {
  writer.u32(queueNumber)
  writer.f64(position)
  writer.f64(availableAtMs)
  writer.u8(excused ? 1 : 0)
}

export function readRequeue(reader: ByteReader): RequeueRecord {
  return {
    queueNumber: reader.u32(),
    position: reader.f64(),
    availableAtMs: reader.f64(),
    excused: reader.u8() === 1,
  }
}
