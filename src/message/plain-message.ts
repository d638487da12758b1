/*
 * A message as AMQP clients publish it: an exchange, a routing key, the bytes of its properties and
 * its body. It has no id of ours and no outcome; it is done when it is acknowledged.
 *
 * `properties` are the property flags and the property list of the content header, byte for byte as
 * they came (AMQP 0-9-1 §4.2.6.1), and go out again as they are.
 */

import { contentTypeOf } from '../amqp/protocol/properties.ts'
import type { Message, MessageMeta } from './message.ts'

export class PlainMessage implements Message {
  readonly exchange: string
  readonly routingKey: string
  readonly properties: Uint8Array
  readonly body: Uint8Array
  priority = 0
  /** Wall ms at which it expires; Infinity for never. */
  deadlineAtMs = Number.POSITIVE_INFINITY
  /** Wall ms before which it is not delivered; 0 for at once. */
  availableAtMs = 0
  /** Kept on disk, and delivered only when that and all before it is durable. */
  waitsForDisk = false

  constructor(exchange: string, routingKey: string, properties: Uint8Array, body: Uint8Array) {
    this.exchange = exchange
    this.routingKey = routingKey
    this.properties = properties
    this.body = body
  }

  get id(): string {
    return ''
  }

  get idChosen(): boolean {
    return false
  }

  /** Read from the properties each time: who routes and delivers does not ask. */
  get contentType(): string {
    return contentTypeOf(this.properties) ?? ''
  }

  get timeoutMs(): number {
    return 0
  }

  get attemptsMax(): number {
    return Number.POSITIVE_INFINITY
  }

  get meta(): MessageMeta | undefined {
    return undefined
  }
}
