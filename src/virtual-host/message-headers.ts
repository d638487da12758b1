import { headerBytesOf } from '../amqp/protocol/properties.ts'
import { fieldOf } from '../amqp/protocol/table-splice.ts'
import type { Headers, HeaderValue } from '../embedded/routing/header-value.ts'

/** The headers of a message for routing, read only when a binding asks, and whether one did. */
export class MessageHeaders implements Headers {
  readonly #bytes: Uint8Array | undefined
  asked = false

  constructor(properties: Uint8Array) {
    this.#bytes = headerBytesOf(properties)
  }

  get(name: string): HeaderValue | undefined {
    this.asked = true
    return this.#bytes && fieldOf(this.#bytes, name)
  }
}
