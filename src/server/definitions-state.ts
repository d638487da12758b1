/*
 * Who and what the server knows: virtual hosts, users, permissions, policies.
 *
 *   state ── change (a function of it) ──▶ next state ── on disk ──▶ in force
 *
 * Rule: a state is never changed; the functions that change it return the next one, or throw and
 * there is none. So command, HTTP and tests share them, and what is in force is what is on disk.
 */

import { Buffer } from 'node:buffer'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Policy } from '../virtual-host/definitions.ts'

export interface VirtualHostRecord {
  readonly name: string
  readonly description: string
  readonly defaultQueueType: string | undefined
  readonly connectionsMax: number | undefined
  readonly queuesMax: number | undefined
}

export interface UserRecord {
  readonly name: string
  /** Undefined for one who logs in by certificate only. */
  readonly passwordHash: string | undefined
  /** `administrator`, `monitoring`, `policymaker`, `management`, `impersonator`, or words of one's own. */
  readonly tags: readonly string[]
  readonly connectionsMax: number | undefined
  readonly channelsMax: number | undefined
}

/** Regular expressions on names; '' matches none. */
export interface Permission {
  readonly user: string
  readonly vhost: string
  readonly configure: string
  readonly write: string
  readonly read: string
}

/** The same on the routing keys of a topic exchange. */
export interface TopicPermission {
  readonly user: string
  readonly vhost: string
  readonly exchange: string
  readonly write: string
  readonly read: string
}

/** A policy, its virtual host, and whether it is the operator's. */
export interface PolicyRecord extends Policy {
  readonly vhost: string
  readonly operator: boolean
}

export interface DefinitionsState {
  /** Signs the addresses of direct replies, which are to be valid across restarts; in hex. */
  readonly replySecret: string
  readonly vhosts: ReadonlyMap<string, VirtualHostRecord>
  readonly users: ReadonlyMap<string, UserRecord>
  /** By {@link pairKey} of user and virtual host. */
  readonly permissions: ReadonlyMap<string, Permission>
  /** By {@link pairKey} of user and virtual host, one for each exchange. */
  readonly topicPermissions: ReadonlyMap<string, readonly TopicPermission[]>
  readonly policies: readonly PolicyRecord[]
  /** Virtual hosts that were deleted and whose queues are still to be removed. */
  readonly goneVhosts: readonly string[]
}

export type Change = (state: DefinitionsState) => DefinitionsState

export const emptyState: DefinitionsState = {
  replySecret: '',
  vhosts: new Map(),
  users: new Map(),
  permissions: new Map(),
  topicPermissions: new Map(),
  policies: [],
  goneVhosts: [],
}

/** Names have no control characters, so this cannot be another pair's. */
export const pairKey = (user: string, vhost: string): string => `${user}\0${vhost}`

/** Fails with `bad-name` unless it is 1 to 255 bytes without control characters. */
export function checkName(kind: 'user' | 'virtual host' | 'tag' | 'policy', name: string): void {
  const bytes = Buffer.byteLength(name, 'utf8')
  const what = `the name of the ${kind}`
  if (bytes === 0 || bytes > limits.nameBytesMax) {
    throw new HomingError(
      'bad-name',
      `${what} has ${bytes} bytes; give one of 1 to ${limits.nameBytesMax}`,
    )
  }
  if (/\p{Cc}/u.test(name) || !name.isWellFormed()) {
    throw new HomingError(
      'bad-name',
      `${what} has control characters or broken text; leave them out`,
    )
  }
}

/** Fails with `definition-unknown`. */
export function knownUser(state: DefinitionsState, name: string): UserRecord {
  const user = state.users.get(name)
  if (user !== undefined) return user
  throw new HomingError('definition-unknown', `there is no user "${shown(name)}"`)
}

/** Fails with `definition-unknown`. */
export function knownVirtualHost(state: DefinitionsState, name: string): VirtualHostRecord {
  const vhost = state.vhosts.get(name)
  if (vhost !== undefined) return vhost
  throw new HomingError('definition-unknown', `there is no virtual host "${shown(name)}"`)
}

export const shown = (name: string): string => (name.length > 80 ? `${name.slice(0, 79)}…` : name)

/** The map with that entry, unless there are too many. */
export function withEntry<Value>(
  map: ReadonlyMap<string, Value>,
  key: string,
  value: Value,
): ReadonlyMap<string, Value> {
  if (!map.has(key) && map.size >= limits.definitionsMax) {
    throw new HomingError(
      'bad-argument',
      `there are ${map.size} of at most ${limits.definitionsMax}; delete some first`,
    )
  }
  return new Map(map).set(key, value)
}

export function without<Value>(
  map: ReadonlyMap<string, Value>,
  gone: (value: Value) => boolean,
): ReadonlyMap<string, Value> {
  return new Map([...map].filter(([, value]) => !gone(value)))
}
