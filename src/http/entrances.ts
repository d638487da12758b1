/*
 * Users in virtual hosts: what they may do there by the rules of AMQP, and how names there are the engine's.
 *
 * Rule: what is remembered is true only as long as no definition changes. Who may enter has been checked
 * before, from the row of the table.
 */

import { HomingError } from '../errors.ts'
import type { PortAccess } from '../port-session/access.ts'
import { Names } from '../port-session/names.ts'
import { baseName, virtualHostOf } from '../scoped-name.ts'
import type { DefinitionsStore } from '../server/definitions-store.ts'
import type { KnownHosts } from '../server/known-hosts.ts'
import type { Caller } from './caller.ts'

export interface Entrance {
  readonly virtualHost: string
  readonly access: PortAccess
  readonly names: Names
}

const rememberedMax = 1_000

export class Entrances {
  readonly #hosts: KnownHosts
  readonly #definitions: DefinitionsStore
  readonly #remembered = new Map<string, Entrance>()
  #version = 0

  constructor(hosts: KnownHosts, definitions: DefinitionsStore) {
    this.#hosts = hosts
    this.#definitions = definitions
  }

  /** Fails with `definition-unknown`. */
  of(caller: Caller, virtualHost: string): Entrance {
    const { version } = this.#definitions
    if (version !== this.#version || this.#remembered.size >= rememberedMax) {
      this.#remembered.clear()
      this.#version = version
    }
    const key = `${caller.user}\0${virtualHost}`
    const known = this.#remembered.get(key)
    if (known !== undefined) return known
    const host = this.#hosts.find(virtualHost)
    if (host === undefined) {
      throw new HomingError('definition-unknown', `there is no virtual host "${virtualHost}"`)
    }
    const access = host.access(caller.session(virtualHost))
    const entrance = { virtualHost, access, names: new Names(virtualHost) }
    this.#remembered.set(key, entrance)
    return entrance
  }

  /** Whether the user may read the queue of that engine's name, in whatever virtual host. */
  mayRead(caller: Caller, queue: string): boolean {
    return this.#may(caller, queue, (access, name) => access.mayRead(name))
  }

  /** Whether the queue of that engine's name may be shown to the user in a list. */
  maySee(caller: Caller, queue: string): boolean {
    if (caller.has('monitoring')) return true
    return this.#may(caller, queue, (access, name) => access.maySee(name))
  }

  #may(
    caller: Caller,
    queue: string,
    allows: (access: PortAccess, name: string) => boolean,
  ): boolean {
    const virtualHost = virtualHostOf(queue)
    if (!caller.mayEnter(virtualHost) || this.#hosts.find(virtualHost) === undefined) return false
    return allows(this.of(caller, virtualHost).access, baseName(queue))
  }
}
