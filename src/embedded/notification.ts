/*
 * What the broker itself tells a publisher that asked by `x-homing-notify`: the outcome of its message.
 *
 *   properties  content_type application/vnd.homing.outcome+json · type homing.outcome · message_id ID
 *               correlation_id of the message · delivery_mode 2
 *   headers     homing-id · homing-code · homing-queue · homing-attempts (integer) · the message's
 *               traceparent and tracestate, when it has them
 *   body        { "id", "queue", "code", "ok", "attempts", "acceptedAt", "finishedAt",
 *                 "contentType"?, "value"? | "error"? | "bodyBase64"? }
 *
 * Times are ISO 8601. A JSON result stands under `value`, an error's data under `error`, a text as it
 * is, other bytes as base64. The same outcome makes the same bytes on every try (invariant 28).
 */

import { correlationIdOf, encodeProperties, replyToOf } from '../amqp/protocol/properties.ts'
import type { Message } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import { PlainMessage } from '../message/plain-message.ts'
import { traceHeaders } from '../message/trace-context.ts'
import { baseName } from '../scoped-name.ts'

export const notificationContentType = 'application/vnd.homing.outcome+json'

/** `original` is the message that the outcome is of. */
export function notificationMessage(
  outcome: StoredOutcome,
  original: Pick<Message, 'properties' | 'meta'> | undefined,
): PlainMessage {
  const asked = original?.properties
  const correlationId = asked && correlationIdOf(asked)
  const properties = encodeProperties({
    contentType: notificationContentType,
    headers: new Map<string, string | number>([
      ['homing-id', baseName(outcome.id)],
      ['homing-code', outcome.code],
      ['homing-queue', baseName(outcome.queue)],
      ['homing-attempts', outcome.attempts],
      ...Object.entries((original && traceHeaders(original)) ?? {}),
    ]),
    deliveryMode: 2,
    ...(correlationId !== undefined && { correlationId }),
    messageId: baseName(outcome.id),
    type: 'homing.outcome',
  })
  return new PlainMessage('', (asked && replyToOf(asked)) ?? '', properties, bodyOf(outcome))
}

function bodyOf(outcome: StoredOutcome): Buffer {
  const { id, queue, code, attempts, acceptedAtMs, finishedAtMs } = outcome
  const told = {
    id: baseName(id),
    queue: baseName(queue),
    code,
    ok: code === 'ok',
    attempts,
    acceptedAt: new Date(acceptedAtMs).toISOString(),
    finishedAt: new Date(finishedAtMs).toISOString(),
    ...answerOf(outcome),
  }
  return Buffer.from(JSON.stringify(told))
}

function answerOf({ code, contentType, body }: StoredOutcome): object {
  if (body.length === 0) return {}
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const field = code === 'ok' ? 'value' : 'error'
  const [type = ''] = contentType.split(';')
  if (/[/+]json$/.test(type)) {
    try {
      return { contentType, [field]: JSON.parse(bytes.toString('utf8')) }
    } catch {
      // What calls itself JSON and is not goes as the bytes that it is.
    }
  }
  if (type.startsWith('text/')) return { contentType, [field]: bytes.toString('utf8') }
  return { contentType, bodyBase64: bytes.toString('base64') }
}
