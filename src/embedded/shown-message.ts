/*
 * Messages as people see them: their place in a queue, and what their records say.
 */

import { type BasicProperties, decodeProperties } from '../amqp/protocol/properties.ts'
import { type ConsumerNames, consumerNames } from './consumer-label.ts'
import type { HeldBy, MessageSummary, WholeMessage } from './inspection-port.ts'
import type { HeldDelivery, Subscriber } from './live-queue.ts'
import { type Entry, entryStates } from './queue/entry.ts'
import type { StoredMessage } from './stored-message.ts'

/** Undefined: its record cannot be read. */
export function shownSummary(entry: Entry, stored: StoredMessage | undefined): MessageSummary {
  const delivery = entry.holder as HeldDelivery | undefined
  const message = stored?.message
  return {
    position: entry.position,
    id: message?.id || undefined,
    state: stateOf(entry),
    priority: entry.priority,
    bodyBytes: message?.body.length ?? 0,
    contentType: message?.contentType ?? '',
    acceptedAtMs: stored?.acceptedAtMs || undefined,
    attempts: entry.attempts,
    availableAtMs: entry.state === entryStates.delayed ? entry.availableAtMs : undefined,
    expiresAtMs: Number.isFinite(entry.deadlineAtMs) ? entry.deadlineAtMs : undefined,
    durable: !entry.transient,
    held: delivery && heldBy(delivery),
    unreadable: message === undefined,
  }
}

export function shownWhole(
  entry: Entry,
  stored: StoredMessage | undefined,
  bodyBytesMax: number,
): WholeMessage {
  const message = stored?.message
  const body = message?.body.subarray(0, bodyBytesMax)
  return {
    ...shownSummary(entry, stored),
    exchange: message?.exchange ?? '',
    routingKey: message?.routingKey ?? '',
    // A copy: the bytes are the journal's, and a large piece of it would stay with them.
    body: new Uint8Array(body ?? []),
    headers: message?.meta?.headers ?? {},
    properties: shownProperties(message?.properties),
    propertyBytes: message?.properties && new Uint8Array(message.properties),
  }
}

/** Undefined also when they cannot be read. */
export function shownProperties(bytes: Uint8Array | undefined): BasicProperties | undefined {
  if (bytes === undefined) return undefined
  try {
    return decodeProperties(bytes)
  } catch {
    // They were checked when they came; who sees none here still has the bytes.
    return undefined
  }
}

export const namesOf = ({ label }: Subscriber): ConsumerNames =>
  consumerNames(Buffer.from(label).toString('utf8'))

export function heldBy({ subscriber, attempt, deliveredAtMs }: HeldDelivery): HeldBy {
  return { ...namesOf(subscriber), attempt, sinceMs: deliveredAtMs }
}

/** Parked behind the limit of its key is ready to everybody else. */
function stateOf({ state }: Entry): MessageSummary['state'] {
  if (state === entryStates.held) return 'unsettled'
  return state === entryStates.delayed ? 'delayed' : 'ready'
}
