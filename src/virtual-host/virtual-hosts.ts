/*
 * The virtual hosts of a broker that are open. Which ones there are to be is for the server to say.
 */

import { virtualHostOf } from '../scoped-name.ts'
import { Host } from './host.ts'
import type { HostParts } from './host-parts.ts'

export class VirtualHosts {
  readonly #parts: HostParts
  readonly #open = new Map<string, Host>()
  readonly #stopListening: () => void

  constructor(parts: HostParts) {
    this.#parts = parts
    parts.door.onNotification((queue, told) => this.host(virtualHostOf(queue)).tell(queue, told))
    this.#stopListening = parts.definitions.onChange((name) =>
      this.#open.get(name)?.policiesChanged(),
    )
  }

  /** Opened when it is asked for first: its policies are in force from then on. */
  host(name: string): Host {
    const open = this.#open.get(name)
    if (open !== undefined) return open
    const host = new Host(name, this.#parts)
    this.#open.set(name, host)
    return host
  }

  /** Removes the virtual host with all that is in it. Its connections are over. */
  async remove(name: string): Promise<void> {
    const host = this.host(name)
    this.#open.delete(name)
    await host.removeAll()
  }

  close(): void {
    this.#stopListening()
    for (const host of this.#open.values()) host.close()
    this.#open.clear()
  }
}
