/*
 * Users, virtual hosts and permissions as people manage them: by the command on a stopped server's
 * directory, by HTTP on a running one. No hash and no password ever comes out of here.
 */

import type { Permission, TopicPermission } from './definitions-state.ts'
import { knownUser } from './definitions-state.ts'
import type { DefinitionsStore } from './definitions-store.ts'
import { hashPassword } from './password.ts'
import {
  addUser,
  changeUser,
  clearPermission,
  clearTopicPermission,
  deleteUser,
  setPermission,
  setTopicPermission,
} from './user-changes.ts'
import { addVirtualHost, deleteVirtualHost } from './virtual-host-changes.ts'

export interface UserFacts {
  readonly name: string
  readonly tags: readonly string[]
  /** Whether the user can log in by a password. */
  readonly password: boolean
  readonly connectionsMax: number | undefined
  readonly channelsMax: number | undefined
}

export interface UserAdded {
  readonly name: string
  /** Undefined for one who logs in by certificate only. */
  readonly password: Uint8Array | undefined
  readonly tags?: readonly string[]
}

export class Accounts {
  readonly #definitions: DefinitionsStore

  constructor(definitions: DefinitionsStore) {
    this.#definitions = definitions
  }

  users(): readonly UserFacts[] {
    return [...this.#definitions.state.users.values()].map(
      ({ passwordHash, name, tags, connectionsMax, channelsMax }) => ({
        name,
        tags,
        password: passwordHash !== undefined,
        connectionsMax,
        channelsMax,
      }),
    )
  }

  virtualHosts(): readonly string[] {
    return [...this.#definitions.state.vhosts.keys()]
  }

  /** Fails with `definition-exists`, `bad-name`, `bad-argument`. */
  async addUser({ name, password, tags = [] }: UserAdded): Promise<void> {
    const passwordHash = password && (await hashPassword(password))
    this.#definitions.change(addUser({ name, passwordHash, tags }))
  }

  /** Ends the user's sessions. Fails with `definition-unknown`. */
  deleteUser(name: string): void {
    this.#definitions.change(deleteUser(name))
  }

  /** Live sessions go on. Fails with `definition-unknown`, `bad-argument`. */
  async setPassword(name: string, password: Uint8Array): Promise<void> {
    knownUser(this.#definitions.state, name)
    const passwordHash = await hashPassword(password)
    this.#definitions.change(changeUser(name, { passwordHash }))
  }

  /** In place of those there were. Fails with `definition-unknown`, `bad-name`. */
  setTags(name: string, tags: readonly string[]): void {
    this.#definitions.change(changeUser(name, { tags: [...new Set(tags)] }))
  }

  /** Fails with `definition-unknown`. */
  permissionsOf(name: string): readonly Permission[] {
    knownUser(this.#definitions.state, name)
    return [...this.#definitions.state.permissions.values()].filter(({ user }) => user === name)
  }

  /** Fails with `definition-unknown`. */
  topicPermissionsOf(name: string): readonly TopicPermission[] {
    knownUser(this.#definitions.state, name)
    const all = [...this.#definitions.state.topicPermissions.values()].flat()
    return all.filter(({ user }) => user === name)
  }

  /** Ends sessions that may lose something. Fails with `definition-unknown`, `bad-argument`. */
  setPermission(permission: Permission): void {
    this.#definitions.change(setPermission(permission))
  }

  clearPermission(user: string, vhost: string): void {
    this.#definitions.change(clearPermission(user, vhost))
  }

  setTopicPermission(permission: TopicPermission): void {
    this.#definitions.change(setTopicPermission(permission))
  }

  clearTopicPermission(user: string, vhost: string, exchange?: string): void {
    this.#definitions.change(clearTopicPermission(user, vhost, exchange))
  }

  /** Fails with `definition-exists`, `bad-name`. */
  addVirtualHost(name: string): void {
    this.#definitions.change(addVirtualHost(name))
  }

  /** With its permissions and policies; ends its sessions. Fails with `definition-unknown`. */
  deleteVirtualHost(name: string): void {
    this.#definitions.change(deleteVirtualHost(name))
  }
}
