/*
 * The virtual hosts of a server, opened when it starts or when they are added.
 */

import { randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import type { Broker } from '../embedded/broker.ts'
import { Host } from '../virtual-host/host.ts'
import type { VirtualHost } from '../virtual-host/port.ts'
import type { DefinitionsState } from './definitions-state.ts'
import type { DefinitionsStore } from './definitions-store.ts'
import type { ServerLog } from './server-log.ts'

export interface VirtualHostsParts {
  readonly engine: Broker
  readonly definitions: DefinitionsStore
  readonly clock: Clock
  readonly replySecret: Uint8Array
  readonly log: ServerLog
}

export class VirtualHosts {
  readonly #parts: VirtualHostsParts
  readonly #hosts = new Map<string, Host>()

  constructor(parts: VirtualHostsParts) {
    this.#parts = parts
  }

  /** Opens those there are. */
  async open(): Promise<void> {
    for (const name of this.#parts.definitions.state.vhosts.keys()) this.#open(name)
  }

  find(name: string): VirtualHost | undefined {
    return this.#hosts.get(name)
  }

  /** Opens what was added, removes what was deleted. */
  changed(_before: DefinitionsState, after: DefinitionsState): void {
    for (const name of after.vhosts.keys()) if (!this.#hosts.has(name)) this.#open(name)
    for (const name of [...this.#hosts.keys()])
      if (!after.vhosts.has(name)) this.#hosts.delete(name)
  }

  async close(): Promise<void> {
    this.#hosts.clear()
  }

  #open(name: string): void {
    const { engine, definitions, clock, replySecret, log } = this.#parts
    const host = new Host(name, {
      door: engine.door,
      definitions,
      clock,
      randomBytes,
      replySecret,
      onProblem: (text) => log.warn({ vhost: name }, text),
    })
    this.#hosts.set(name, host)
  }
}
