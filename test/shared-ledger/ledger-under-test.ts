import { Buffer } from 'node:buffer'
import type { Message } from '../../src/message/message.ts'
import type { StoredOutcome } from '../../src/message/outcome.ts'
import type {
  Acceptance,
  CallbackMessage,
  LedgerEntry,
  SharedLedger,
} from '../../src/shared-ledger/shared-ledger.ts'
import type { SharedLedgerOptions } from '../../src/shared-ledger/shared-ledger-options.ts'

/** One thing that every shared ledger must do. */
export interface LedgerCase {
  readonly title: string
  readonly options?: SharedLedgerOptions
  run(ledger: SharedLedger, another: () => Promise<SharedLedger>): Promise<void>
}

export const t0 = 1_760_000_000_000

export const acceptanceOf = (id: string, rest: Partial<Acceptance> = {}): Acceptance => ({
  id,
  queue: 'work',
  acceptedAtMs: t0,
  deadlineAtMs: Number.POSITIVE_INFINITY,
  confirmed: false,
  ...rest,
})

export const outcomeOf = (id: string, rest: Partial<StoredOutcome> = {}): StoredOutcome => ({
  id,
  queue: 'work',
  code: 'ok',
  contentType: 'application/json',
  body: Buffer.from('42'),
  attempts: 1,
  acceptedAtMs: t0,
  finishedAtMs: t0 + 5,
  ...rest,
})

export const messageOf = (id: string, rest: Partial<Message> = {}): Message => ({
  id,
  idChosen: true,
  exchange: '',
  routingKey: 'work',
  contentType: 'text/plain',
  body: Buffer.from(`body of ${id}`),
  priority: 0,
  deadlineAtMs: t0 + 60_000,
  availableAtMs: 0,
  timeoutMs: 1_000,
  attemptsMax: 5,
  meta: undefined,
  ...rest,
})

export const callbackOf = (id: string, queue = 'callback:home'): CallbackMessage => ({
  id,
  queue,
  contentType: 'application/x-outcome',
  body: Buffer.from(`outcome of ${id}`),
})

/** Accepts and confirms. */
export async function accepted(ledger: SharedLedger, ...ids: string[]): Promise<void> {
  await ledger.accept(ids.map((id) => acceptanceOf(id, { confirmed: true })))
}

export async function stateOf(ledger: SharedLedger, id: string): Promise<LedgerEntry['state']> {
  return (await ledger.lookUp([id]))[0]?.state ?? 'unknown'
}

/** Its code, when there is an outcome. */
export async function codeOf(ledger: SharedLedger, id: string): Promise<string | undefined> {
  const [entry] = await ledger.lookUp([id])
  return entry?.state === 'final' ? entry.outcome.code : undefined
}

export const idsOf = (rows: readonly { readonly id: string }[]): string[] =>
  rows.map(({ id }) => id)

/** Bytes as hex, so that a Buffer and a Uint8Array of the same bytes are equal. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, part]) => part !== undefined)
      .map(([key, part]) => [key, plain(part)]),
  )
}
