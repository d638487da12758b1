/*
 * Dead letters and outcomes not yet home, as JSON.
 */

import type { CallbackFigures, NotHome } from '../../embedded/inspection-port.ts'
import type { DeadLetter } from '../../engine.ts'
import { baseName, virtualHostOf } from '../../scoped-name.ts'
import { isJsonType } from '../body-type.ts'
import { jsonFrom } from '../results/failed-outcome.ts'
import { bodyJson } from '../results/outcome-answer.ts'
import type {
  CallbackFiguresJson,
  DeadLetterJson,
  NotHomeJson,
} from '../shapes/dead-letter-shapes.ts'
import type { AttemptErrorJson } from '../shapes/story-shapes.ts'

const shownDataChars = 4_096

export function deadLetterJson(letter: DeadLetter, bodyBytesMax?: number): DeadLetterJson {
  const { message, queue, reason, attempts, acceptedAtMs, diedAtMs } = letter
  const { headers, key } = message.meta ?? {}
  return {
    id: baseName(message.id),
    vhost: virtualHostOf(queue),
    queue: baseName(queue),
    reason,
    error: errorJson(letter),
    attempts,
    acceptedAtMs,
    diedAtMs,
    exchange: baseName(message.exchange),
    routingKey: baseName(message.routingKey),
    priority: message.priority,
    headers: { ...headers },
    key,
    ...bodyJson(message.contentType, message.body, bodyBytesMax),
  }
}

function errorJson({ error, errorContentType }: DeadLetter): AttemptErrorJson | undefined {
  if (error.length === 0) return undefined
  const data = isJsonType(errorContentType) ? jsonFrom(error) : undefined
  const text = (value: unknown): string | undefined =>
    typeof value === 'string' ? value : undefined
  const members = (typeof data === 'object' && data !== null ? data : {}) as {
    readonly [member: string]: unknown
  }
  const thrown = {
    name: text(members.name),
    message: text(members.message) ?? text(members.reason),
    stack: text(members.stack),
  }
  if (thrown.message !== undefined) return thrown
  if (data === undefined) return undefined
  return { data: JSON.stringify(data).slice(0, shownDataChars) }
}

export const callbackFiguresJson = (one: CallbackFigures): CallbackFiguresJson => ({
  ...one,
  name: baseName(one.name),
  vhost: virtualHostOf(one.queue),
  queue: baseName(one.queue),
})

export const notHomeJson = (one: NotHome): NotHomeJson => ({
  ...one,
  messageId: baseName(one.messageId),
  vhost: virtualHostOf(one.callback),
  callback: baseName(one.callback),
  lastError: one.lastError && { ...one.lastError },
})
