/* Settlements, texts and settings that many conformance tests use. */

import type { Delivery } from '../../message/delivery.ts'
import type { Message, MessageMeta } from '../../message/message.ts'
import type { Settlement } from '../../message/settlement.ts'

export const answerOf = (text: string, code = 'ok'): Settlement => ({
  kind: 'final',
  code,
  contentType: 'text/plain; charset=utf-8',
  body: new TextEncoder().encode(text),
})

export const failure = (delayMs = 0): Settlement => ({
  kind: 'retry',
  delayMs,
  code: 'thrown',
  body: new TextEncoder().encode('{"name":"Error","message":"no"}'),
})

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export const texts = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ message, redelivered }) => textOf(message.body) + (redelivered ? 'R' : ''))

export const withMeta = (meta: MessageMeta): Partial<Message> => ({ meta })
