/*
 * The queues of one virtual host.
 *
 *   name ─▶ HostQueue ─▶ the engine's queue
 *             ├ owner     an exclusive one goes with its connection
 *             ├ consumers an auto-delete one goes with the last of them, never before the first
 *             └ expiry    one with `x-expires` goes when nobody uses it
 *
 * Rule: the engine says which queues there are. What is known here of a queue that the engine does not
 * have any more counts for nothing, and a queue that the library made is there for clients as well.
 */

import { keepingLimits } from '../embedded/declared-settings.ts'
import type { LiveQueue } from '../embedded/live-queue.ts'
import type { Later } from '../later.ts'
import { baseName, scopedName, virtualHostOf } from '../scoped-name.ts'
import { type Declared, declaredIn } from './declaration.ts'
import { type Effective, effectiveSettings } from './effective-settings.ts'
import type { HostParts } from './host-parts.ts'
import { HostQueue } from './host-queue.ts'
import { policySettings } from './policy.ts'
import type { Session } from './port.ts'
import { QueueExpiry } from './queue-expiry.ts'
import { lockedQueue, noSuch } from './refusals.ts'
import type { Resource } from './resource.ts'

export class HostQueues {
  readonly virtualHost: string
  readonly #parts: HostParts
  readonly #byName = new Map<string, HostQueue>()
  readonly #owned = new Map<Session, Set<HostQueue>>()
  readonly #expiry: QueueExpiry
  /** Of all the queues of the engine at that time. */
  #counted: { readonly count: number; readonly of: number } | undefined

  constructor(virtualHost: string, parts: HostParts) {
    this.virtualHost = virtualHost
    this.#parts = parts
    this.#expiry = new QueueExpiry(parts.clock, (queue) => this.deleteSoon(queue))
  }

  resource(name: string): Resource {
    return { kind: 'queue', name, virtualHost: this.virtualHost }
  }

  find(name: string): HostQueue | undefined {
    const live = this.#parts.door.queue(scopedName(this.virtualHost, name))
    const known = this.#byName.get(name)
    if (known !== undefined && known.live === live) return known
    if (known !== undefined) this.#forget(known)
    return live && this.#adopt(live)
  }

  /** Refused with 404 when there is none, with 405 when it is another connection's. */
  open(name: string, session: Session): HostQueue {
    const queue = this.find(name)
    if (queue === undefined) throw noSuch(this.resource(name))
    checkOwner(queue, session)
    return queue
  }

  /** How many there are. Counted again when one was made or deleted, here or anywhere. */
  get count(): number {
    const { queueCount } = this.#parts.door
    if (this.#counted?.of === queueCount) return this.#counted.count
    let count = 0
    for (const { queue } of this.#parts.door.queues())
      if (virtualHostOf(queue.name) === this.virtualHost) count++
    this.#counted = { count, of: queueCount }
    return count
  }

  /** Exclusive ones of that connection. */
  ownedBy(session: Session): number {
    return this.#owned.get(session)?.size ?? 0
  }

  all(): readonly HostQueue[] {
    const found: HostQueue[] = []
    for (const { queue } of [...this.#parts.door.queues()]) {
      if (virtualHostOf(queue.name) !== this.virtualHost) continue
      const known = this.find(baseName(queue.name))
      if (known !== undefined) found.push(known)
    }
    return found
  }

  /** Makes the queue. There must be none of that name. */
  add(name: string, declared: Declared, owner: Session | undefined): HostQueue {
    const { settings, expiresMs } = this.#effective(name, declared)
    this.#counted = undefined
    const live = this.#parts.door.declareQueue(scopedName(this.virtualHost, name), settings)
    const queue = new HostQueue(this.resource(name), live, { declared, owner })
    queue.expiresMs = expiresMs
    this.#byName.set(name, queue)
    if (owner !== undefined) this.#own(owner, queue)
    this.#expiry.used(queue)
    return queue
  }

  used(queue: HostQueue): void {
    this.#expiry.used(queue)
  }

  /** A consumer has gone. */
  consumerLeft(queue: HostQueue): void {
    if (queue.live.deleted) return
    this.#expiry.used(queue)
    if (queue.declared.autoDelete && queue.consumerCount === 0) this.deleteSoon(queue)
  }

  /** Ready messages that went with it. */
  delete(queue: HostQueue): Later<number> {
    this.#forget(queue)
    this.#counted = undefined
    return this.#parts.door.deleteQueue(queue.live)
  }

  /** Nobody waits for it. */
  deleteSoon(queue: HostQueue): void {
    void this.#told(queue, () => this.delete(queue))
  }

  /** The queues of a connection that is over. */
  deleteOwned(session: Session): Later<void> {
    const owned = [...(this.#owned.get(session) ?? [])]
    this.#owned.delete(session)
    const later = owned
      .map((queue) => this.#told(queue, () => this.delete(queue)))
      .filter((deleted) => deleted instanceof Promise)
    return later.length === 0 ? undefined : Promise.all(later).then(() => undefined)
  }

  /** Policies may be others now. */
  policiesChanged(): void {
    for (const queue of this.all()) {
      const { declared, name } = queue
      if (declared.foreign) continue
      const { settings, expiresMs } = this.#effective(name, declared)
      const kept = keepingLimits(queue.live.queue.settings, settings)
      this.#parts.door.declareQueue(scopedName(this.virtualHost, name), kept)
      if (queue.expiresMs === expiresMs) continue
      queue.expiresMs = expiresMs
      this.#expiry.changed(queue)
    }
  }

  close(): void {
    this.#expiry.close()
  }

  #effective(name: string, declared: Declared): Effective {
    const { virtualHost } = this
    const policy = policySettings(this.#parts.definitions, {
      virtualHost,
      name,
      kind: declared.type,
    })
    return effectiveSettings(virtualHost, declared, policy)
  }

  /** A queue that the engine has and nobody declared here: from before the restart, or the library's. */
  #adopt(live: LiveQueue): HostQueue {
    const name = baseName(live.queue.name)
    const declared = declaredIn(live.queue.settings)
    const queue = new HostQueue(this.resource(name), live, { declared })
    this.#byName.set(name, queue)
    if (!declared.foreign) queue.expiresMs = this.#effective(name, declared).expiresMs
    this.#expiry.used(queue)
    return queue
  }

  #own(owner: Session, queue: HostQueue): void {
    const owned = this.#owned.get(owner)
    if (owned === undefined) this.#owned.set(owner, new Set([queue]))
    else owned.add(queue)
  }

  #forget(queue: HostQueue): void {
    if (this.#byName.get(queue.name) === queue) this.#byName.delete(queue.name)
    this.#expiry.forget(queue)
    if (queue.owner === undefined) return
    const owned = this.#owned.get(queue.owner)
    owned?.delete(queue)
    if (owned?.size === 0) this.#owned.delete(queue.owner)
  }

  #told(queue: HostQueue, run: () => Later<unknown>): Later<void> {
    const failed = (error: unknown): void =>
      this.#parts.onProblem(`queue "${queue.name}" was not deleted: ${error}`)
    try {
      const done = run()
      if (done instanceof Promise) return done.then(() => undefined, failed)
    } catch (error) {
      failed(error)
    }
    return undefined
  }
}

/** Refused with 405 when it is another connection's. */
export function checkOwner(queue: HostQueue, session: Session): void {
  if (queue.owner !== undefined && queue.owner !== session) throw lockedQueue(queue.resource)
}
