/*
 * What a broker that is low on memory or disk asks of one connection: nothing, until it publishes.
 * Then it is not read from any more, and told so if it can be (RabbitMQ's `connection.blocked`).
 */

import type { ClientCapabilities } from './client-capabilities.ts'
import type { ConnectionState } from './connection-facts.ts'
import type { Method } from './protocol/methods.ts'
import type { Reading } from './reading.ts'
import { stop } from './reading.ts'

/** The client that is told. */
export interface BlockedClient {
  readonly state: ConnectionState
  readonly capabilities: ClientCapabilities
  send(method: Method): void
}

export class PublisherBlock {
  readonly #reading: Reading
  readonly #client: BlockedClient
  #reason: string | undefined
  #isTold = false

  constructor(reading: Reading, client: BlockedClient) {
    this.#reading = reading
    this.#client = client
  }

  get reason(): string | undefined {
    return this.#reason
  }

  set(reason: string): void {
    this.#reason = reason
  }

  lift(): void {
    this.#reason = undefined
    if (this.#isTold) this.#tell(undefined)
    this.#isTold = false
    this.#reading.clear(stop.blocked)
  }

  /** A message, or a piece of one, has come: it is taken, the next one has to wait. */
  publishing(): void {
    if (this.#reason === undefined) return
    this.#reading.stop(stop.blocked)
    if (!this.#isTold) this.#tell(this.#reason)
    this.#isTold = true
  }

  #tell(reason: string | undefined): void {
    const { state, capabilities } = this.#client
    if (state !== 'running' || !capabilities.connectionBlocked) return
    this.#client.send(
      reason === undefined
        ? { name: 'connection.unblocked' }
        : { name: 'connection.blocked', reason },
    )
  }
}
