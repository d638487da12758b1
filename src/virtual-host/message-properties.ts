import { encodeProperties, headerBytesOf } from '../amqp/protocol/properties.ts'
import { withHeaders } from '../amqp/protocol/property-splice.ts'
import { tableWith } from '../amqp/protocol/table-splice.ts'
import type { Message } from '../message/message.ts'
import { baseName, scopeEnd } from '../scoped-name.ts'

const persistentMode = 2
const noFields = new Uint8Array(0)

/** Property flags and list of a content header: as they came, or, for the library's messages, made. */
export function propertiesOf(message: Message): Uint8Array {
  if (message.properties !== undefined) return message.properties
  const { contentType, id, priority, meta } = message
  return encodeProperties({
    ...(fits(contentType) && contentType !== '' && { contentType }),
    ...(meta?.headers && { headers: new Map(Object.entries(meta.headers)) }),
    deliveryMode: persistentMode,
    ...(priority > 0 && { priority }),
    ...(id !== '' && { messageId: baseName(id) }),
  })
}

/** As clients of its virtual host see it: what the library sent there has the engine's names. */
export function shownMessage(message: Message): Message {
  const { exchange, routingKey } = message
  if (!routingKey.includes(scopeEnd) && !exchange.includes(scopeEnd)) return message
  return { ...message, exchange: baseName(exchange), routingKey: baseName(routingKey) }
}

/** With how often it was delivered before, as quorum queues tell it. */
export function withDeliveryCount(properties: Uint8Array, count: number): Uint8Array {
  const fields = headerBytesOf(properties) ?? noFields
  // A bigint, so that it has the wire type that RabbitMQ gives it (l).
  return withHeaders(properties, tableWith(fields, new Map([['x-delivery-count', BigInt(count)]])))
}

/** A short string holds 255 bytes. */
const fits = (text: string): boolean => Buffer.byteLength(text) <= 255
