/*
 * Outcomes as people see them: typed by their contract, one closed set of codes.
 *
 *   { ok: true, value }                         what the handler returned
 *   { ok: false, error: { code, data, … } }     a declared error, or one of the built-in codes
 */

import type { AnyContract, ErrorDataSeen, ErrorName, NameOf, Output } from '../contract/contract.ts'
import { json } from '../contract/json-codec.ts'
import { type Checked, describeIssues, type Issue, misfit } from '../contract/validation.ts'
import { HomingError } from '../errors.ts'
import { builtinCodes, isBuiltinCode, type StoredOutcome } from '../message/outcome.ts'
import { decodeBody, readValue } from './body.ts'
import type { ThrownData } from './thrown.ts'

export interface Failure<K extends string, D> {
  readonly code: K
  readonly data: D
  /** Deliveries made; 0 when there was none. */
  readonly attempts: number
  /** Whether sending the work again, as a new message, can help. */
  readonly retryable: boolean
}

/** Ways to end that no contract declares. */
export type BuiltinFailure =
  /** The handler threw on its last attempt. */
  | Failure<'thrown', ThrownData>
  /** The consumer died or ran out of time on every attempt. */
  | Failure<'lost', { readonly attempts: number }>
  /** The deadline, or the longest wait in the queue, passed first. */
  | Failure<'expired', { readonly deadline?: Date }>
  | Failure<'canceled', { readonly reason?: string }>
  /** A consumer refused it, or it was pushed out of a full queue. */
  | Failure<'rejected', { readonly by?: string; readonly reason?: string }>
  /** Input or output does not fit the contract. */
  | Failure<'invalid', { readonly side: 'input' | 'output'; readonly issues: readonly Issue[] }>
  /** No queue was bound for it. */
  | Failure<'unroutable', { readonly exchange?: string; readonly routingKey?: string }>

/** Errors that the contract declares. */
export type DeclaredFailure<C extends AnyContract> = {
  [K in ErrorName<C>]: Failure<K, ErrorDataSeen<C, K>>
}[ErrorName<C>]

interface OutcomeOf<C extends AnyContract> {
  readonly id: string
  readonly queue: NameOf<C>
  /** Wall ms. */
  readonly acceptedAtMs: number
  readonly finishedAtMs: number
}

/** The one final answer of a message. */
export type Outcome<C extends AnyContract = AnyContract> = C extends AnyContract
  ? OkOutcome<C> | FailedOutcome<C>
  : never

export interface OkOutcome<C extends AnyContract> extends OutcomeOf<C> {
  readonly ok: true
  readonly value: Output<C>
  readonly attempts: number
}

export interface FailedOutcome<C extends AnyContract> extends OutcomeOf<C> {
  readonly ok: false
  readonly error: DeclaredFailure<C> | BuiltinFailure
}

/** Reads a stored outcome by its contract. Never fails: what does not fit is `invalid`. */
export function readOutcome<C extends AnyContract>(
  contract: C,
  stored: StoredOutcome,
): Outcome<C> | Promise<Outcome<C>> {
  const { code, contentType, body } = stored
  if (stored.queue !== contract.name) {
    const text = `the message is of queue "${stored.queue}", not of "${contract.name}"`
    return misread<C>(stored, misfit(text).issues)
  }
  if (code === 'ok') {
    const checked = readValue(contract.output, contract.outputCodec, contentType, body)
    return checked instanceof Promise
      ? checked.then((late) => okOutcome<C>(stored, late))
      : okOutcome<C>(stored, checked)
  }
  if (isBuiltinCode(code)) return failed<C>(stored, code, builtinData(stored))
  const schema = contract.errors.get(code)
  if (schema === undefined) {
    return okOutcome<C>(stored, misfit(`the contract declares no error "${code.slice(0, 80)}"`))
  }
  const checked = readValue(schema, json, contentType, body)
  return checked instanceof Promise
    ? checked.then((late) => declaredOutcome<C>(stored, late))
    : declaredOutcome<C>(stored, checked)
}

function okOutcome<C extends AnyContract>(stored: StoredOutcome, checked: Checked): Outcome<C> {
  const { id, queue, attempts, acceptedAtMs, finishedAtMs } = stored
  if (!checked.fits) return misread<C>(stored, checked.issues)
  const outcome = {
    ok: true,
    id,
    queue,
    value: checked.value,
    attempts,
    acceptedAtMs,
    finishedAtMs,
  }
  return outcome as unknown as Outcome<C>
}

function declaredOutcome<C extends AnyContract>(
  stored: StoredOutcome,
  checked: Checked,
): Outcome<C> {
  if (!checked.fits) return misread<C>(stored, checked.issues)
  return failed<C>(stored, stored.code, checked.value)
}

function misread<C extends AnyContract>(
  stored: StoredOutcome,
  issues: readonly Issue[],
): Outcome<C> {
  return failed<C>(stored, 'invalid', { side: 'output', issues })
}

function failed<C extends AnyContract>(
  stored: StoredOutcome,
  code: string,
  data: unknown,
): Outcome<C> {
  const { id, queue, attempts, acceptedAtMs, finishedAtMs } = stored
  const retryable = isBuiltinCode(code) && builtinCodes[code].retryable
  const error = { code, data, attempts, retryable }
  return { ok: false, id, queue, error, acceptedAtMs, finishedAtMs } as unknown as Outcome<C>
}

/** Data of a built-in code. Engines write JSON objects; a foreign one may have written anything. */
export function builtinData({ code, contentType, body }: StoredOutcome): unknown {
  const data = readData(contentType, body)
  if (code !== 'expired' || typeof data.deadline !== 'string') return data
  return { ...data, deadline: new Date(data.deadline) }
}

function readData(contentType: string, body: Uint8Array): Record<string, unknown> {
  try {
    const data = decodeBody(json, contentType, body)
    return typeof data === 'object' && data !== null ? (data as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

/** The error that `call()` and `receipt.result()` throw for an outcome that is not ok. */
export function outcomeError(outcome: FailedOutcome<AnyContract>): HomingError {
  const { id, queue, error } = outcome
  const { code, data, attempts } = error as BuiltinFailure
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  return new HomingError(
    code,
    `message "${id}" of queue "${queue}" ended as ${code} after ${tries}${detail(code, data)}`,
    { id, data },
  )
}

function detail(code: string, data: unknown): string {
  const known = (data ?? {}) as Partial<ThrownData> & { reason?: unknown; issues?: Issue[] }
  if (code === 'thrown') return `: ${known.name}: ${known.message}`
  if (code === 'invalid' && Array.isArray(known.issues)) return `: ${describeIssues(known.issues)}`
  return typeof known.reason === 'string' ? `: ${known.reason}` : ''
}
