/*
 * The messages of one request: a JSON array, or one JSON object a line.
 *
 * Rule: a body goes on as it was written. Numbers that JavaScript would round are kept as their text.
 */

import { Buffer } from 'node:buffer'
import { HomingError } from '../../errors.ts'
import { limits } from '../../limits.ts'
import { bytesType, isJsonType } from '../body-type.ts'
import { fitted } from '../fitted.ts'
import type { Outgoing } from './outgoing-message.ts'
import { type BatchMessage, batchMessage, type GivenOptions } from './send-options.ts'

/** Fails with `bad-argument`, `message-too-large`. */
export function batchFrom(body: Uint8Array, queue: string): readonly Outgoing[] {
  const text = textOf(body)
  const parse = parserFor(text)
  const values = /^\s*\[/.test(text) ? arrayOf(text, parse) : linesOf(text, parse)
  if (values.length > limits.httpBatchMax) {
    throw new HomingError(
      'message-too-large',
      `the batch has ${values.length} messages, ${limits.httpBatchMax} are allowed; send several batches`,
    )
  }
  return values.map((value, n) => outgoingOf(fitted(batchMessage, value, placeOf(n)), queue, n))
}

type Parse = (text: string) => unknown

function arrayOf(text: string, parse: Parse): readonly unknown[] {
  try {
    return parse(text) as readonly unknown[]
  } catch (cause) {
    throw new HomingError('bad-argument', `the body is no JSON: ${(cause as Error).message}`, {
      cause,
    })
  }
}

function linesOf(text: string, parse: Parse): readonly unknown[] {
  const values: unknown[] = []
  for (const [n, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue
    try {
      values.push(parse(line))
    } catch (cause) {
      throw new HomingError(
        'bad-argument',
        `line ${n + 1} of the body is no JSON: ${(cause as Error).message}`,
        { cause },
      )
    }
  }
  return values
}

/** Only long numbers need the slower way. */
const parserFor = (text: string): Parse =>
  /\d{16}|\d[eE]/.test(text) ? (part) => JSON.parse(part, keepingNumbers) : JSON.parse

const sourced = JSON as unknown as { rawJSON(text: string): unknown }

/** `source` is the text of the number. */
function keepingNumbers(_name: string, value: unknown, context?: { source?: string }): unknown {
  const { source } = context ?? {}
  if (typeof value !== 'number' || source === undefined) return value
  const isSame = Number.isFinite(value) && (source.length < 16 || String(value) === source)
  return isSame ? value : sourced.rawJSON(source)
}

function outgoingOf(message: BatchMessage, queue: string, n: number): Outgoing {
  const { body, bodyBase64, contentType, id, context, ...others } = message
  const options: GivenOptions = {
    ...others,
    ...(context !== undefined && { context: JSON.stringify(context) }),
  }
  if (bodyBase64 !== undefined) {
    if (body !== undefined) throw wrong(n, 'both body and bodyBase64 are given; give one of them')
    const bytes = Buffer.from(bodyBase64, 'base64')
    return { queue, id, contentType: contentType ?? bytesType, body: bytes, options }
  }
  if (body === undefined) throw wrong(n, 'body is missing; give body or bodyBase64')
  if (contentType === undefined || isJsonType(contentType)) {
    const bytes = Buffer.from(JSON.stringify(body))
    return { queue, id, contentType: contentType ?? 'application/json', body: bytes, options }
  }
  if (typeof body !== 'string') {
    throw wrong(n, `body of type ${contentType} is no text; give a text, or bodyBase64`)
  }
  return { queue, id, contentType, body: Buffer.from(body), options }
}

const placeOf = (n: number): string => `message ${n + 1} of the batch`

const wrong = (n: number, what: string): HomingError =>
  new HomingError('bad-argument', `${placeOf(n)}: ${what}`)

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body)
  } catch (cause) {
    throw new HomingError('bad-argument', 'the body is no UTF-8', { cause })
  }
}
