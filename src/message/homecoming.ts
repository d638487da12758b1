/*
 * Bodies of the messages that bring outcomes home, as the port hands them to the client from the
 * queue of a durable callback. JSON in UTF-8; bytes inside are base64.
 *
 *   application/vnd.homing.outcome    { outcome: { id, queue, code, contentType, bodyBase64, attempts,
 *                                       acceptedAtMs, finishedAtMs }, context?, input?: { contentType, bodyBase64 },
 *                                       trace?: { traceparent, tracestate? } }
 *   application/vnd.homing.gathered   { gatherId, memberIds, context? }
 *
 * `context` is the text the sender gave, itself JSON. `input` is the body of the message as accepted, `trace`
 * what it carried of W3C Trace Context.
 * Rule: one outcome, context and input make the same bytes on every try (invariant 28), so the
 * fields are written in this order and nothing of the moment is among them.
 */

import { Buffer } from 'node:buffer'
import { HomingError } from '../errors.ts'
import type { StoredOutcome } from './outcome.ts'
import type { TraceHeaders } from './trace-context.ts'

export const outcomeContentType = 'application/vnd.homing.outcome'
export const gatheredContentType = 'application/vnd.homing.gathered'

export interface EncodedBody {
  readonly contentType: string
  readonly body: Uint8Array
}

/** One message's outcome on its way to a durable callback. */
export interface Homecoming {
  readonly outcome: StoredOutcome
  /** JSON of the sender's context; undefined when there is none. */
  readonly context: string | undefined
  /** The message's own body; undefined when the engine no longer has it. */
  readonly input: EncodedBody | undefined
  /** The trace that the message belongs to. */
  readonly trace?: TraceHeaders | undefined
}

/** A finished gather on its way to its callback. */
export interface Gathered {
  readonly gatherId: string
  readonly memberIds: readonly string[]
  readonly context: string | undefined
}

export function encodeHomecoming(homecoming: Homecoming): Uint8Array {
  const { id, queue, code, contentType, body, attempts, acceptedAtMs, finishedAtMs } =
    homecoming.outcome
  const outcome = {
    id,
    queue,
    code,
    contentType,
    bodyBase64: base64(body),
    attempts,
    acceptedAtMs,
    finishedAtMs,
  }
  const input = homecoming.input && {
    contentType: homecoming.input.contentType,
    bodyBase64: base64(homecoming.input.body),
  }
  const { context, trace } = homecoming
  return Buffer.from(JSON.stringify({ outcome, context, input, trace }))
}

export function encodeGathered(gathered: Gathered): Uint8Array {
  const { gatherId, memberIds, context } = gathered
  return Buffer.from(JSON.stringify({ gatherId, memberIds, context }))
}

/** Fails with `undecodable` when the bytes are not what `encodeHomecoming` writes. */
export function decodeHomecoming(bytes: Uint8Array): Homecoming {
  const { outcome, context, input, trace } = parse(bytes, outcomeContentType)
  return {
    outcome: {
      id: text(outcome, 'id'),
      queue: text(outcome, 'queue'),
      code: text(outcome, 'code'),
      contentType: text(outcome, 'contentType'),
      body: Buffer.from(text(outcome, 'bodyBase64'), 'base64'),
      attempts: number(outcome, 'attempts'),
      acceptedAtMs: number(outcome, 'acceptedAtMs'),
      finishedAtMs: number(outcome, 'finishedAtMs'),
    },
    context: context === undefined ? undefined : text({ context }, 'context'),
    input:
      input === undefined
        ? undefined
        : {
            contentType: text(input, 'contentType'),
            body: Buffer.from(text(input, 'bodyBase64'), 'base64'),
          },
    ...(trace !== undefined && { trace: traceOf(trace) }),
  }
}

/** Fails with `undecodable` when the bytes are not what `encodeGathered` writes. */
export function decodeGathered(bytes: Uint8Array): Gathered {
  const fields = parse(bytes, gatheredContentType)
  const { memberIds, context } = fields
  if (!Array.isArray(memberIds) || !memberIds.every((id) => typeof id === 'string')) {
    throw malformed(gatheredContentType, 'memberIds is not a list of ids')
  }
  return {
    gatherId: text(fields, 'gatherId'),
    memberIds,
    context: context === undefined ? undefined : text(fields, 'context'),
  }
}

function traceOf(trace: unknown): TraceHeaders {
  const traceparent = text(trace, 'traceparent')
  if (field(trace, 'tracestate') === undefined) return { traceparent }
  return { traceparent, tracestate: text(trace, 'tracestate') }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

function parse(bytes: Uint8Array, contentType: string): Record<string, unknown> {
  try {
    const fields: unknown = JSON.parse(
      Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8'),
    )
    if (typeof fields === 'object' && fields !== null) return fields as Record<string, unknown>
  } catch (cause) {
    throw malformed(contentType, 'it is not JSON', cause)
  }
  throw malformed(contentType, 'it is not an object')
}

function text(fields: unknown, name: string): string {
  const value = field(fields, name)
  if (typeof value === 'string') return value
  throw malformed(outcomeContentType, `${name} is not a text`)
}

function number(fields: unknown, name: string): number {
  const value = field(fields, name)
  if (typeof value === 'number') return value
  throw malformed(outcomeContentType, `${name} is not a number`)
}

function field(fields: unknown, name: string): unknown {
  return typeof fields === 'object' && fields !== null
    ? (fields as Record<string, unknown>)[name]
    : undefined
}

function malformed(contentType: string, what: string, cause?: unknown): HomingError {
  return new HomingError(
    'undecodable',
    `a message of type ${contentType} cannot be read: ${what}; was it written by another version of Homing?`,
    { cause },
  )
}
