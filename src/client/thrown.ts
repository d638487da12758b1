/*
 * What a handler threw, as data that comes home: name, message, stack, code and cause.
 * Anything can be thrown, so nothing about it is trusted: getters may throw, causes may go in circles,
 * texts may be of any size, and it may be no Error at all.
 */

import { Buffer } from 'node:buffer'
import { inspect, types } from 'node:util'
import { limits } from '../limits.ts'

export interface ThrownData {
  /** Of the error's class; `NonError` when something else was thrown. */
  readonly name: string
  readonly message: string
  readonly stack?: string
  /** The error's `code`, as Node.js and drivers set it. */
  readonly code?: string | number
  readonly cause?: ThrownData
}

const causesMax = 8
const codeCharactersMax = 256

/** JSON of what was thrown, at most limits.errorBytesMax. */
export function thrownBody(error: unknown): Uint8Array {
  let charactersMax = limits.errorBytesMax
  for (;;) {
    const body = Buffer.from(JSON.stringify(thrownData(error, charactersMax)))
    if (body.length <= limits.errorBytesMax) return body
    // Escapes and other scripts take more bytes than characters.
    charactersMax = Math.floor(charactersMax / 2)
  }
}

/** What was thrown, its texts together at most so many characters: messages come before stacks. */
export function thrownData(
  error: unknown,
  charactersMax: number = limits.errorBytesMax,
): ThrownData {
  const budget = { left: charactersMax }
  return describe(error, budget, causesMax)
}

interface Budget {
  left: number
}

function describe(error: unknown, budget: Budget, causesLeft: number): ThrownData {
  if (!isError(error)) return { name: 'NonError', message: take(shown(error), budget, 0.5) }
  const name = take(text(error, 'name') ?? 'Error', budget, 0.1)
  const message = take(text(error, 'message') ?? '', budget, 0.5)
  const code = read(error, 'code')
  const stack = text(error, 'stack')
  const cause = read(error, 'cause') ?? firstOf(read(error, 'errors'))
  return {
    name,
    message,
    ...(Number.isFinite(code) && { code: code as number }),
    ...(typeof code === 'string' && { code: code.slice(0, codeCharactersMax) }),
    ...(stack !== undefined && { stack: take(stack, budget, 0.5) }),
    ...(cause !== undefined &&
      causesLeft > 0 && { cause: describe(cause, budget, causesLeft - 1) }),
  }
}

/** The beginning of a text: at most this share of what is left, which it uses up. */
function take(text: string, budget: Budget, share: number): string {
  const most = Math.floor(budget.left * share)
  const taken = text.length <= most ? text : `${text.slice(0, Math.max(most - 1, 0))}…`
  budget.left -= taken.length
  return taken.toWellFormed()
}

/** Errors of other realms (worker, vm) are errors too. */
function isError(value: unknown): value is object {
  try {
    return value instanceof Error || types.isNativeError(value)
  } catch {
    return false
  }
}

function text(error: object, key: string): string | undefined {
  const value = read(error, key)
  return typeof value === 'string' ? value : undefined
}

function read(error: object, key: string): unknown {
  try {
    return (error as Record<string, unknown>)[key]
  } catch {
    return undefined
  }
}

/** An AggregateError says nothing by itself. */
function firstOf(errors: unknown): unknown {
  return Array.isArray(errors) ? errors[0] : undefined
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value
  try {
    return inspect(value, { depth: 3, maxStringLength: 2_000, maxArrayLength: 50 })
  } catch {
    return `a ${typeof value} that cannot be shown`
  }
}
