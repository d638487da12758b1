/*
 * A row that holds an outcome, as the port's object. Every ledger's database names these columns alike.
 */

import type { StoredOutcome } from '../../message/outcome.ts'

export const outcomeFrom = (row: Readonly<Record<string, unknown>>): StoredOutcome => ({
  id: row.id as string,
  queue: row.queue as string,
  code: row.code as string,
  contentType: row.content_type as string,
  body: row.body as Uint8Array,
  attempts: row.attempts as number,
  acceptedAtMs: row.accepted_at_ms as number,
  finishedAtMs: row.finished_at_ms as number,
})
