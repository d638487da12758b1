import { Buffer } from 'node:buffer'
import type { Ledger, Retention } from './ledger.ts'
import type { LedgerFeed } from './ledger-feed.ts'

/** One thing that every ledger must do. */
export interface LedgerCase {
  readonly title: string
  /** Default: everything is kept. */
  readonly retention?: Retention
  run(ledger: Ledger): Promise<void>
}

export const t0 = 1_760_000_000_000

/** Feeds what was gathered, and waits until it is stored. */
export async function fed(ledger: Ledger, feed: LedgerFeed): Promise<void> {
  const batch = feed.take()
  // A ledger alone does not keep the process alive.
  const alive = setInterval(() => {}, 1_000)
  await new Promise<void>((resolve) => {
    ledger.onApplied((lsn) => {
      if (lsn >= batch.lastLsn) resolve()
    })
    ledger.feed(batch)
  })
  clearInterval(alive)
}

export const idsOf = (rows: readonly { readonly id: string }[]): string[] =>
  rows.map((row) => row.id)

export function codeOf(ledger: Ledger, id: string): string | undefined {
  const found = ledger.find(id)
  return found?.state === 'final' ? found.outcome.code : undefined
}

/** Bytes as hex, so that a Buffer and a Uint8Array of the same bytes are equal. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
}
