/*
 * What a channel has published and settled since tx.select or the last commit or rollback
 * (AMQP 0-9-1 §2.2.2). Nothing of it has happened yet.
 *
 *   commit     publish all, in order, then settle; commit-ok when all is durable
 *   rollback   forget the publishes; what was settled is unsettled again, with its old delivery tag
 *
 * As in RabbitMQ a commit is atomic when one queue is concerned and nothing is refused, and not
 * beyond that. What a transaction may hold in memory is bounded.
 */

import type { PlainMessage } from '../message/plain-message.ts'
import { preconditionFailed } from './protocol/amqp-error.ts'
import type { Taken } from './unacknowledged.ts'

const publishedBytesMax = 64 * 1024 * 1024
/** About what a message costs beside its bytes. */
const messageBytes = 256

export type SettleHow = 'acknowledge' | 'requeue' | 'requeue-uncounted' | 'reject'

export interface Published {
  readonly message: PlainMessage
  readonly mandatory: boolean
}

export interface Settled<Owner> {
  readonly how: SettleHow
  readonly taken: Taken<Owner>
}

export class Transaction<Owner> {
  #published: Published[] = []
  #settled: Settled<Owner>[] = []
  #bytes = 0

  get published(): readonly Published[] {
    return this.#published
  }

  get settled(): readonly Settled<Owner>[] {
    return this.#settled
  }

  publish(message: PlainMessage, mandatory: boolean): void {
    this.#bytes += message.body.length + message.properties.length + messageBytes
    if (this.#bytes > publishedBytesMax)
      throw preconditionFailed(
        `transaction of more than ${publishedBytesMax} bytes; commit more often`,
      )
    this.#published.push({ message, mandatory })
  }

  settle(how: SettleHow, taken: Taken<Owner>): void {
    if (taken.count > 0) this.#settled.push({ how, taken })
  }

  /** Begins anew. */
  clear(): void {
    this.#published = []
    this.#settled = []
    this.#bytes = 0
  }
}
