/*
 * What a failing SQLite call means for a shared ledger, in words for people. What kind of failure it
 * is, the ledger of a data directory knows already; only what to do differs.
 */

import { type LedgerTrouble, ledgerTrouble } from '../../embedded/ledger/ledger-trouble.ts'
import { HomingError } from '../../errors.ts'
import type { SaidError } from './shared-calls.ts'

export interface SharedTrouble {
  readonly error: SaidError
  /** Nothing more can be stored until the ledger is opened again. */
  readonly isFinal: boolean
}

export function sharedTrouble(error: unknown, path: string): SharedTrouble {
  if (error instanceof HomingError)
    return { error: { code: error.code as SaidError['code'], text: error.message }, isFinal: false }
  const trouble = ledgerTrouble(error, path)
  const what = error instanceof Error ? error.message : String(error)
  return {
    error: { code: trouble.code, text: `${path}: ${sentence(trouble, what)}` },
    isFinal: trouble.severity !== 'stall',
  }
}

function sentence(trouble: LedgerTrouble, what: string): string {
  if (trouble.severity === 'damaged')
    return `the shared ledger is damaged (${what}); restore it from a backup, or move it away: then the outcomes in it are unknown`
  if (trouble.severity === 'fatal')
    return `the shared ledger failed (${what}); look at its disk, then open it again`
  if (trouble.code === 'disk-full')
    return `the disk of the shared ledger is full (${what}); make room. Nothing was stored`
  if (trouble.code === 'not-permitted')
    return `the shared ledger cannot be written by user ${process.getuid?.() ?? '?'} (${what}); change its owner or mode, and those of its directory`
  return `the shared ledger is locked by another process (${what}); end what holds it open for writing. Nothing was stored`
}
