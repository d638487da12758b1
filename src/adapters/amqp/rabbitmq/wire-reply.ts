/*
 * What comes to a producer's reply queue.
 *
 *   outcome   the message's outcome: body and content type are the outcome's, the rest one header
 *   note      still at work: it was put back, and will be delivered from that time on
 *
 * Both carry the message's id as `correlation_id`, as replies do.
 */

import type { Options } from 'amqplib'
import { HomingError } from '../../../errors.ts'
import type { StoredOutcome } from '../../../message/outcome.ts'
import { type Arrived, header } from './wire-message.ts'

export type Reply =
  | { readonly kind: 'outcome'; readonly outcome: StoredOutcome }
  | { readonly kind: 'note'; readonly id: string; readonly availableAtMs: number }

export function encodeOutcome(outcome: StoredOutcome): Options.Publish {
  const { id, queue, code, attempts, acceptedAtMs, finishedAtMs, contentType } = outcome
  const fields = { v: 1, queue, code, attempts, accepted: acceptedAtMs, finished: finishedAtMs }
  const options: Options.Publish = {
    type: 'outcome',
    correlationId: id,
    persistent: true,
    headers: { [header]: JSON.stringify(fields) },
  }
  if (contentType !== '') options.contentType = contentType
  return options
}

export const encodeNote = (id: string, availableAtMs: number): Options.Publish => ({
  type: 'note',
  correlationId: id,
  persistent: false,
  headers: { [header]: JSON.stringify({ v: 1, available: availableAtMs }) },
})

type ArrivedReply = Arrived & {
  readonly properties: { readonly type?: unknown; readonly correlationId?: unknown }
}

/** Fails with `undecodable`. */
export function decodeReply(arrived: ArrivedReply): Reply {
  const { type, correlationId: id, headers, contentType } = arrived.properties
  const text = headers?.[header]
  try {
    if (typeof id !== 'string' || typeof text !== 'string') throw new TypeError('no id, no header')
    const fields = JSON.parse(text) as Readonly<Record<string, unknown>>
    if (fields.v !== 1) throw new TypeError(`format version ${fields.v}`)
    if (type === 'note') return { kind: 'note', id, availableAtMs: numberOf(fields.available) }
    if (type !== 'outcome') throw new TypeError(`a reply of type ${String(type)}`)
    const outcome: StoredOutcome = {
      id,
      queue: textOf(fields.queue),
      code: textOf(fields.code),
      contentType: contentType ?? '',
      body: arrived.content,
      attempts: numberOf(fields.attempts),
      acceptedAtMs: numberOf(fields.accepted),
      finishedAtMs: numberOf(fields.finished),
    }
    return { kind: 'outcome', outcome }
  } catch (cause) {
    throw new HomingError('undecodable', `a reply cannot be read: ${cause}`, { cause })
  }
}

function numberOf(value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new TypeError('a field is no number')
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  throw new TypeError('a field is no text')
}
