/*
 * Records that take something away, behind a hole in a batch that may never have been durable.
 *
 *   batch │ accept (copy) │ remove        a power cut keeps any pieces of what was not synced:
 *   batch │ ░░░░░░░░░░░░░ │ remove        the removal, and not the copy that stands for it
 *
 * Rule: behind such a hole nothing is taken away until a later batch says that all of it was durable.
 * A message then comes once more; it is not lost (invariants 2, 23, 37). What an opening finds like
 * this stays so: what it claims from there on does not make it durable in hindsight.
 */

import { type Frame, recordTypes } from './journal/record.ts'
import type { Lies } from './state.ts'

export interface WithheldRecord {
  readonly frame: Frame
  readonly buffer: Buffer
  readonly lies: Lies
}

export class Withheld {
  #isHoled = false
  #records: WithheldRecord[] = []

  /** Records of the present batch are missing. */
  hole(): void {
    this.#isHoled = true
  }

  /** True when the record must wait; the reader goes on without it. */
  takes(frame: Frame, buffer: Buffer, lies: Lies): boolean {
    if (!this.#isHoled || !takesAway(frame, buffer)) return false
    const payload = Buffer.from(buffer.subarray(frame.payloadFrom, frame.end))
    const kept = { ...frame, payloadFrom: 0, end: payload.length }
    this.#records.push({ frame: kept, buffer: payload, lies })
    return true
  }

  /** A new batch has begun; those that it says were durable are to be applied now. */
  nextBatch(durableLsn: number): readonly WithheldRecord[] {
    this.#isHoled = false
    const records = this.#records
    this.#records = []
    return records.filter(({ frame }) => frame.lsn <= durableLsn)
  }
}

const deletion = Buffer.from('{"op":"queue-deleted"')

function takesAway({ type, payloadFrom }: Frame, buffer: Buffer): boolean {
  if (type === recordTypes.remove) return true
  if (type !== recordTypes.topology) return false
  return buffer.subarray(payloadFrom, payloadFrom + deletion.length).equals(deletion)
}
