import { decodeHeaders, headerBytesOf } from '../amqp/protocol/properties.ts'
import { fieldOf } from '../amqp/protocol/table-splice.ts'
import type { Headers, HeaderTable, HeaderValue } from '../embedded/routing/header-value.ts'

/** Asked for more often than this, they are read once and for all: ten thousand bindings may ask. */
const askedSinglyMax = 8

/** The headers of a message for routing, read only when a binding asks, and whether one did. */
export class MessageHeaders implements Headers {
  readonly #properties: Uint8Array
  readonly #bytes: Uint8Array | undefined
  #table: HeaderTable | undefined
  #askedCount = 0

  constructor(properties: Uint8Array) {
    this.#properties = properties
    this.#bytes = headerBytesOf(properties)
  }

  get asked(): boolean {
    return this.#askedCount > 0
  }

  get(name: string): HeaderValue | undefined {
    this.#askedCount++
    if (this.#bytes === undefined) return undefined
    if (this.#askedCount <= askedSinglyMax) return fieldOf(this.#bytes, name)
    this.#table ??= decodeHeaders(this.#properties)
    return this.#table.get(name)
  }
}
