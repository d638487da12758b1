import { Buffer } from 'node:buffer'
import { ByteWriter } from '../../bytes.ts'
import type { Message } from '../../message/message.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import { writeAccept } from '../journal/accept-record.ts'
import { type AttemptRecord, writeAttempt } from '../journal/attempt-record.ts'
import { type FinalStory, writeFinal } from '../journal/final-record.ts'
import type { LedgerBatch } from './ledger.ts'
import { attemptKind, dropKind, outcomeKind, writeLedgerEvent } from './ledger-event.ts'

/** Makes batches as the journal would: for tests and measurements of ledgers. */
export class LedgerFeed {
  readonly #payload = new ByteWriter(1024)
  readonly #accept = new ByteWriter(1024)
  #events = new ByteWriter(4096)
  #nextLsn: number

  constructor(firstLsn = 1) {
    this.#nextLsn = firstLsn
  }

  outcome(outcome: StoredOutcome): this {
    return this.#final(outcome, undefined)
  }

  /** A message that died in queue `work`, or as given. */
  dead(id: string, made: { outcome?: StoredOutcome; message?: Message } = {}): this {
    const outcome = made.outcome ?? outcomeOf(id, { code: 'lost' })
    return this.#final(outcome, made.message ?? messageOf(id))
  }

  /** An outcome with what is told beside it. */
  told(outcome: StoredOutcome, story: FinalStory): this {
    return this.#final(outcome, undefined, story)
  }

  attempt(attempt: AttemptRecord): this {
    this.#payload.length = 0
    writeAttempt(this.#payload, attempt)
    writeLedgerEvent(this.#events, this.#nextLsn++, attemptKind, this.#payload.taken())
    return this
  }

  drop(ids: readonly string[]): this {
    const json = Buffer.from(JSON.stringify(ids))
    writeLedgerEvent(this.#events, this.#nextLsn++, dropKind, json)
    return this
  }

  /** What was gathered since the last one. The bytes are the caller's. */
  take(): LedgerBatch {
    const events = this.#events.taken()
    this.#events = new ByteWriter(4096)
    return { events, lastLsn: this.#nextLsn - 1 }
  }

  #final(outcome: StoredOutcome, message: Message | undefined, story?: FinalStory): this {
    this.#payload.length = 0
    this.#accept.length = 0
    if (message !== undefined) writeAccept(this.#accept, message, outcome.acceptedAtMs, [])
    const acceptPayload = message && this.#accept.taken()
    const extras = { acceptPayload, deadLetter: message !== undefined, onward: [], story }
    writeFinal(this.#payload, 1, this.#nextLsn, outcome, extras)
    writeLedgerEvent(this.#events, this.#nextLsn++, outcomeKind, this.#payload.taken())
    return this
  }
}

export const outcomeOf = (id: string, parts: Partial<StoredOutcome> = {}): StoredOutcome => ({
  id,
  queue: 'work',
  code: 'ok',
  contentType: 'application/json',
  body: Buffer.from(`{"id":${JSON.stringify(id)}}`),
  attempts: 1,
  acceptedAtMs: 1_760_000_000_000,
  finishedAtMs: 1_760_000_000_010,
  ...parts,
})

export const messageOf = (id: string): Message => ({
  id,
  idChosen: true,
  exchange: '',
  routingKey: 'work',
  contentType: 'application/json',
  body: Buffer.from(`body of ${id}`),
  priority: 0,
  deadlineAtMs: 1_760_000_100_000,
  availableAtMs: 0,
  timeoutMs: 300_000,
  attemptsMax: 5,
  meta: undefined,
})
