/*
 * Rows of a shared ledger as the port's objects. Both databases name their columns alike.
 */

import type { DeadLetter } from '../engine.ts'
import type { CallbackTarget } from '../message/message.ts'
import type { CallbackMessage } from './shared-ledger.ts'
import { messageFrom } from './stored-message.ts'

export type LedgerRow = Readonly<Record<string, unknown>>

export const pendingFrom = (row: LedgerRow) => ({
  queue: row.queue as string,
  acceptedAtMs: row.accepted_at_ms as number,
  deadlineAtMs: row.deadline_at_ms as number,
  callbacks:
    typeof row.callbacks === 'string' ? (JSON.parse(row.callbacks) as CallbackTarget[]) : [],
})

export const callbackFrom = (row: LedgerRow): CallbackMessage => ({
  id: row.id as string,
  queue: row.queue as string,
  contentType: row.content_type as string,
  body: row.body as Uint8Array,
})

export const deadLetterFrom = (row: LedgerRow): DeadLetter => ({
  message: messageFrom({ settings: row.settings as string, body: row.body as Uint8Array }),
  queue: row.queue as string,
  reason: row.reason as string,
  errorContentType: row.error_content_type as string,
  error: row.error as Uint8Array,
  attempts: row.attempts as number,
  acceptedAtMs: row.accepted_at_ms as number,
  diedAtMs: row.died_at_ms as number,
})
