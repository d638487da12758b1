/*
 * What the journal tells the ledger. Each event is the payload of a journal record, framed by its
 * length and LSN:
 *
 *   u32 length of the payload · f64 LSN · u8 kind · payload
 *
 * kind 1 outcome: payload of a `final` record, as it stands in the journal (journal/final-record.ts)
 * kind 2 drop:    JSON array of ids; those dead letters are no longer kept (dropped or replayed)
 * kind 3 attempt: payload of an `attempt` record, as it stands in the journal (journal/attempt-record.ts)
 */

import { ByteReader, type ByteWriter } from '../../bytes.ts'
import type { DeadLetter } from '../../engine.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { type AttemptRecord, readAttempt } from '../journal/attempt-record.ts'
import { type FinalStory, readFinal } from '../journal/final-record.ts'

export type LedgerEvent =
  | {
      readonly kind: 'outcome'
      readonly lsn: number
      readonly outcome: StoredOutcome
      readonly deadLetter: DeadLetter | undefined
      readonly story: FinalStory | undefined
      /** Names of the callbacks that it was sent to. */
      readonly callbacks: readonly string[]
    }
  | { readonly kind: 'attempt'; readonly lsn: number; readonly attempt: AttemptRecord }
  | { readonly kind: 'drop'; readonly lsn: number; readonly ids: readonly string[] }

const none: readonly string[] = []

export const outcomeKind = 1
export const dropKind = 2
export const attemptKind = 3
export type LedgerEventKind = typeof outcomeKind | typeof dropKind | typeof attemptKind

export function writeLedgerEvent(
  writer: ByteWriter,
  lsn: number,
  kind: LedgerEventKind,
  payload: Uint8Array,
): void {
  writer.u32(payload.length)
  writer.f64(lsn)
  writer.u8(kind)
  writer.raw(payload)
}

/** Bodies are views of the bytes given. */
export function* readLedgerEvents(events: Uint8Array): Generator<LedgerEvent> {
  const reader = new ByteReader(events)
  while (reader.at < reader.end) {
    const length = reader.u32()
    const lsn = reader.f64()
    const kind = reader.u8()
    const end = reader.at + length
    const payload = new ByteReader(events, reader.at, end)
    reader.at = end
    if (kind === dropKind) {
      const ids = JSON.parse(payload.buffer.toString('utf8', payload.at, end)) as string[]
      yield { kind: 'drop', lsn, ids }
    } else if (kind === attemptKind) {
      yield { kind: 'attempt', lsn, attempt: readAttempt(payload) }
    } else {
      const { outcome, deadLetter, accepted, onward, story } = readFinal(payload)
      const dead: DeadLetter | undefined =
        deadLetter && accepted
          ? {
              message: accepted.message,
              queue: outcome.queue,
              reason: outcome.code,
              errorContentType: outcome.contentType,
              error: outcome.body,
              attempts: outcome.attempts,
              acceptedAtMs: outcome.acceptedAtMs,
              diedAtMs: outcome.finishedAtMs,
            }
          : undefined
      const callbacks = onward.length === 0 ? none : onward.map(({ callback }) => callback)
      yield { kind: 'outcome', lsn, outcome, deadLetter: dead, story, callbacks }
    }
  }
}
