/*
 * Which virtual hosts there are: those of the definitions. Deleted ones go with all that is in them, also
 * when they were deleted while the server was stopped.
 *
 *   deleted ─▶ noted as gone, on disk ─▶ queues and exchanges removed ─▶ note removed
 *
 * Rule: until the note is removed nobody enters, also when a virtual host of that name was added again.
 */

import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Broker } from '../embedded/broker.ts'
import type { VirtualHost } from '../virtual-host/port.ts'
import { VirtualHosts } from '../virtual-host/virtual-hosts.ts'
import type { DefinitionsState } from './definitions-state.ts'
import type { DefinitionsStore } from './definitions-store.ts'
import type { ServerLog } from './server-log.ts'
import { virtualHostRemoved } from './virtual-host-changes.ts'

export interface KnownHostsParts {
  readonly engine: Broker
  readonly definitions: DefinitionsStore
  readonly clock: Clock
  readonly log: ServerLog
}

export class KnownHosts {
  readonly #definitions: DefinitionsStore
  readonly #log: ServerLog
  readonly #hosts: VirtualHosts
  readonly #removing = new Map<string, Promise<void>>()

  constructor({ engine, definitions, clock, log }: KnownHostsParts) {
    this.#definitions = definitions
    this.#log = log
    const { replySecret } = definitions.state
    this.#hosts = new VirtualHosts({
      door: engine.door,
      engine,
      definitions,
      clock,
      randomBytes,
      replySecret: replySecret === '' ? randomBytes(32) : Buffer.from(replySecret, 'hex'),
      onProblem: (text) => log.warn({}, text),
    })
  }

  /** Opens those there are, and removes what was deleted while nobody served. */
  async open(): Promise<void> {
    this.#removeGone(this.#definitions.state)
    await Promise.all(this.#removing.values())
    for (const name of this.#definitions.state.vhosts.keys()) this.#hosts.host(name)
  }

  /** Undefined when there is none, or one of that name is still being removed. */
  find(name: string): VirtualHost | undefined {
    const { vhosts, goneVhosts } = this.#definitions.state
    return vhosts.has(name) && !goneVhosts.includes(name) ? this.#hosts.host(name) : undefined
  }

  changed(after: DefinitionsState): void {
    this.#removeGone(after)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#removing.values())
    this.#hosts.close()
  }

  #removeGone({ goneVhosts }: DefinitionsState): void {
    for (const name of goneVhosts) {
      if (!this.#removing.has(name)) this.#removing.set(name, this.#remove(name))
    }
  }

  async #remove(name: string): Promise<void> {
    try {
      await this.#hosts.remove(name)
      this.#removing.delete(name)
      this.#definitions.change(virtualHostRemoved(name))
      this.#log.info({ vhost: name }, 'virtual host removed')
    } catch (error) {
      this.#log.error({ vhost: name, error }, 'the virtual host could not be removed as a whole')
    }
  }
}
