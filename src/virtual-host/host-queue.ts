/*
 * A queue as clients declared it, over the engine's queue: who owns it, who consumes from it, when it
 * is unused.
 */

import type { LiveQueue } from '../embedded/live-queue.ts'
import type { Declared } from './declaration.ts'
import type { Session } from './port.ts'
import type { Resource } from './resource.ts'

export class HostQueue {
  readonly resource: Resource
  readonly live: LiveQueue
  readonly declared: Declared
  /** The connection that declared it exclusive. */
  readonly owner: Session | undefined
  /** A consumer that wants no other beside it. */
  exclusiveConsumer: object | undefined
  /** Unused for so many milliseconds, it goes. */
  expiresMs: number | undefined
  /** Monotonic ms of its last use. */
  usedAtMs = 0

  constructor(
    resource: Resource,
    live: LiveQueue,
    known: { readonly declared: Declared; readonly owner?: Session | undefined },
  ) {
    this.resource = resource
    this.live = live
    this.declared = known.declared
    this.owner = known.owner
  }

  get name(): string {
    return this.resource.name
  }

  /** Messages that may be delivered now. */
  get ready(): number {
    return this.live.queue.waiting
  }

  /** Consumers of the library count as well. */
  get consumerCount(): number {
    return this.live.subscribers.length
  }
}
