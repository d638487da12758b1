/*
 * A whole message as the shared ledger keeps it, for a dead letter or a replay: the body as bytes,
 * the rest as one JSON text that people can query. What JSON cannot say is left out or written otherwise:
 * no deadline (Infinity) is no `deadlineAtMs`, AMQP properties are base64.
 */

import { Buffer } from 'node:buffer'
import type { Message } from '../message/message.ts'

export interface StoredMessage {
  readonly settings: string
  readonly body: Uint8Array
}

type Settings = Omit<Message, 'body' | 'deadlineAtMs' | 'properties' | 'attemptsMax'> & {
  readonly deadlineAtMs?: number
  readonly attemptsMax?: number
  readonly properties?: string
}

export function storedMessage(message: Message): StoredMessage {
  const settings: Settings = {
    id: message.id,
    idChosen: message.idChosen,
    exchange: message.exchange,
    routingKey: message.routingKey,
    contentType: message.contentType,
    priority: message.priority,
    availableAtMs: message.availableAtMs,
    timeoutMs: message.timeoutMs,
    ...finite('deadlineAtMs', message.deadlineAtMs),
    ...finite('attemptsMax', message.attemptsMax),
    meta: message.meta,
    ...(message.properties && { properties: Buffer.from(message.properties).toString('base64') }),
  }
  return { settings: JSON.stringify(settings), body: tight(message.body) }
}

export function messageFrom({ settings, body }: StoredMessage): Message {
  const { properties, ...parts } = JSON.parse(settings) as Settings
  return {
    ...parts,
    body,
    deadlineAtMs: parts.deadlineAtMs ?? Number.POSITIVE_INFINITY,
    attemptsMax: parts.attemptsMax ?? Number.POSITIVE_INFINITY,
    meta: parts.meta,
    ...(properties !== undefined && { properties: Buffer.from(properties, 'base64') }),
  }
}

const finite = (name: 'deadlineAtMs' | 'attemptsMax', value: number) =>
  Number.isFinite(value) ? { [name]: value } : {}

/** The same bytes in memory of their own: going to a thread, a view would take along all it looks at. */
export const tight = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes)
