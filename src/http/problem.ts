/*
 * What went wrong, as problem+json (RFC 9457) with the code of the error.
 *
 *   { "type": "urn:homing:error:queue-full", "title": "…", "status": 429, "code": "queue-full",
 *     "detail": "queue "orders" holds 9 of 9 messages; …", "error": "…", "reason": "…" }
 *
 * `error` and `reason` are what clients of RabbitMQ's management API read. The text never holds more
 * than the error says: no stack, no path of a file that the caller did not name.
 */

import { AmqpError } from '../amqp/protocol/amqp-error.ts'
import { type ErrorCode, errorCodes, HomingError } from '../errors.ts'
import type { Answer } from './route.ts'

export const problemType = 'application/problem+json'

/** RabbitMQ's words, by status. */
const rabbitWords: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'not_authorised',
  403: 'not_authorised',
  404: 'Object Not Found',
  405: 'Method Not Allowed',
  409: 'bad_request',
  413: 'bad_request',
}

/** Replies of virtual hosts, as codes; others are `bad-argument`. */
const codesOfReplies: ReadonlyMap<number, ErrorCode> = new Map([
  [403, 'access-refused'],
  [404, 'queue-unknown'],
  [405, 'access-refused'],
  [406, 'bad-argument'],
  [501, 'unsupported'],
  [530, 'access-refused'],
  [540, 'unsupported'],
  [541, 'server-failed'],
])

/** Undefined for what is no error of ours: a bug, to be logged. */
export function asHomingError(thrown: unknown): HomingError | undefined {
  if (thrown instanceof HomingError) return thrown
  if (!(thrown instanceof AmqpError)) return undefined
  const text = thrown.replyText.replace(/^[A-Z_]+ - /, '')
  const code = codesOfReplies.get(thrown.replyCode) ?? 'bad-argument'
  return new HomingError(code, text, { cause: thrown })
}

export function problem(
  error: HomingError,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  const { http: status, meaning, retryable } = errorCodes[error.code as ErrorCode]
  return {
    status,
    headers: {
      'content-type': problemType,
      ...(retryable && status === 503 && { 'retry-after': '1' }),
      ...headers,
    },
    body: JSON.stringify({
      type: `urn:homing:error:${error.code}`,
      title: meaning,
      status,
      code: error.code,
      detail: error.message,
      error: rabbitWords[status] ?? error.code,
      reason: error.message,
    }),
  }
}
