/*
 * A delivery as its consumer over HTTP reads it.
 */

import { decodeProperties } from '../../amqp/protocol/properties.ts'
import type { Names } from '../../port-session/names.ts'
import { bodyJson } from '../results/outcome-answer.ts'
import type { DeliveryJson } from '../shapes/delivery-shapes.ts'
import { shownProperties } from '../shown-properties.ts'
import type { Lease } from './lease.ts'

export function deliveryJson({ name, delivery, untilMs }: Lease, names: Names): DeliveryJson {
  const message = names.messageOut(delivery.message)
  const { id, exchange, routingKey, contentType, body, priority, deadlineAtMs, meta } = message
  const { headers = {}, key } = meta ?? {}
  return {
    delivery: name,
    ...(id !== '' && { id }),
    queue: names.out(delivery.queue),
    attempt: delivery.attempt,
    redelivered: delivery.redelivered,
    acceptedAtMs: delivery.acceptedAtMs,
    leasedUntilMs: untilMs,
    ...(Number.isFinite(deadlineAtMs) && { deadlineAtMs }),
    exchange,
    routingKey,
    priority,
    headers,
    ...(key !== undefined && { key }),
    ...(message.properties !== undefined && {
      properties: shownProperties(decodeProperties(message.properties)),
    }),
    ...bodyJson(contentType, body),
  }
}
