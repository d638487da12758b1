/*
 * What became of a message, as engines and the ledger store it: a code and bytes.
 * `ok` carries the result; every other code carries the error's data.
 */

export interface StoredOutcome {
  readonly id: string
  readonly queue: string
  /** `ok`, one of {@link builtinCodes}, or the name of an error the contract declares. */
  readonly code: string
  readonly contentType: string
  /** The result when `code` is `ok`, otherwise the error's data. */
  readonly body: Uint8Array
  /** Deliveries made, at least 0 (expired before the first one). */
  readonly attempts: number
  /** Wall ms. */
  readonly acceptedAtMs: number
  readonly finishedAtMs: number
}

interface BuiltinCode {
  readonly meaning: string
  /** Kept among the dead letters, for people to look at and replay. */
  readonly deadLetter: boolean
  /** Whether sending the work again, as a new message, can help. */
  readonly retryable: boolean
}

/** The closed set of ways, besides `ok` and declared errors, in which a message ends. */
export const builtinCodes = {
  thrown: { meaning: 'The handler threw on its last attempt.', deadLetter: true, retryable: true },
  lost: {
    meaning: 'The consumer died or ran out of time on every attempt.',
    deadLetter: true,
    retryable: true,
  },
  expired: { meaning: 'The deadline passed first.', deadLetter: true, retryable: true },
  canceled: {
    meaning: 'Canceled, or its queue was purged or deleted.',
    deadLetter: false,
    retryable: false,
  },
  rejected: {
    meaning: 'A consumer refused it, or it was pushed out of a full queue.',
    deadLetter: true,
    retryable: true,
  },
  invalid: {
    meaning: 'Input or output does not fit the contract.',
    deadLetter: true,
    retryable: false,
  },
  unroutable: { meaning: 'No queue was bound for it.', deadLetter: false, retryable: true },
} as const satisfies Record<string, BuiltinCode>

export type BuiltinOutcomeCode = keyof typeof builtinCodes

export const isBuiltinCode = (code: string): code is BuiltinOutcomeCode =>
  Object.hasOwn(builtinCodes, code)

/** The answer to "what became of this id?": four different ones. */
export type Answer =
  | { readonly state: 'pending' }
  | { readonly state: 'final'; readonly outcome: StoredOutcome }
  | { readonly state: 'unknown' }
  /** There was an outcome; retention removed it. */
  | { readonly state: 'forgotten' }
