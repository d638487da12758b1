/*
 * Messages in queues as JSON: names of the virtual host, bodies as base64, absent for undefined.
 */

import type {
  Delayed,
  MessageSummary,
  ScheduleFigures,
  WholeMessage,
} from '../../embedded/inspection-port.ts'
import { baseName, virtualHostOf } from '../../scoped-name.ts'
import { base64Of } from '../results/outcome-answer.ts'
import type {
  DelayedJson,
  MessageSummaryJson,
  ScheduleJson,
  WholeMessageJson,
} from '../shapes/message-shapes.ts'
import { shownProperties } from '../shown-properties.ts'

/** JSON leaves out what is undefined; the engine says Infinity for what never comes. */
export const finite = (number: number | undefined): number | undefined =>
  number !== undefined && Number.isFinite(number) ? number : undefined

export function messageSummaryJson(summary: MessageSummary): MessageSummaryJson {
  const { position, id, state, priority, bodyBytes, contentType, attempts, durable } = summary
  return {
    position,
    id: id === undefined ? undefined : baseName(id),
    state,
    priority,
    bodyBytes,
    contentType,
    acceptedAtMs: summary.acceptedAtMs,
    attempts,
    availableAtMs: finite(summary.availableAtMs),
    expiresAtMs: finite(summary.expiresAtMs),
    durable,
    held: summary.held,
    unreadable: summary.unreadable,
  }
}

export const wholeMessageJson = (message: WholeMessage): WholeMessageJson => ({
  ...messageSummaryJson(message),
  exchange: baseName(message.exchange),
  routingKey: baseName(message.routingKey),
  bodyBase64: base64Of(message.body),
  headers: { ...message.headers },
  properties: message.properties && shownProperties(message.properties),
})

export const delayedJson = (one: Delayed): DelayedJson => ({
  ...messageSummaryJson(one),
  vhost: virtualHostOf(one.queue),
  queue: baseName(one.queue),
  schedule: one.schedule === undefined ? undefined : baseName(one.schedule),
})

export const scheduleJson = (one: ScheduleFigures): ScheduleJson => ({
  name: baseName(one.name),
  vhost: virtualHostOf(one.queue),
  queue: baseName(one.queue),
  nextAtMs: one.nextAtMs,
  messageId: baseName(one.messageId),
  cron: one.cron,
  timezone: one.timezone,
})
