/*
 * What the two threads of a shared SQLite ledger say to each other: the calls of a turn, run in one
 * transaction, and one answer each. A call that was refused (`unknown`, `bad-argument`) has changed
 * nothing and stops no other; trouble with the file undoes the whole turn.
 */

import type { ErrorCode } from '../../errors.ts'
import type { SharedStore } from './shared-store.ts'

/** The methods of the store that go over the line, and `close`. */
export type CallName =
  | 'accept'
  | 'confirmed'
  | 'withdraw'
  | 'lookUp'
  | 'end'
  | 'sent'
  | 'unsent'
  | 'overdue'
  | 'outcomes'
  | 'deadLetters'
  | 'takeDeadLetters'
  | 'unpublished'
  | 'dropDeadLetters'
  | 'gather'
  | 'counts'
  | 'forgetPage'

export type SharedCall = {
  readonly [Name in CallName]: {
    readonly name: Name
    readonly args: Parameters<SharedStore[Name]>
  }
}[CallName]

export type CallResult<Name extends CallName> = ReturnType<SharedStore[Name]>

/** Calls that change nothing: alone they take no lock. */
export const readingCalls: ReadonlySet<CallName> = new Set([
  'lookUp',
  'overdue',
  'outcomes',
  'deadLetters',
  'counts',
])

export type TurnRequest =
  | { readonly kind: 'turn'; readonly calls: readonly SharedCall[]; readonly patienceMs: number }
  | { readonly kind: 'close' }

/** An error as it goes to the other thread. */
export interface SaidError {
  readonly code: ErrorCode
  readonly text: string
  readonly id?: string
}

export type CallAnswer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: SaidError }

export type TurnReply =
  | { readonly ok: true; readonly answers: readonly CallAnswer[] }
  /** `isFinal`: nothing more can be stored until the ledger is opened again. */
  | { readonly ok: false; readonly error: SaidError; readonly isFinal: boolean }
