/*
 * Changes of users and of what they may do. Each takes a state and returns the next.
 */

import { HomingError } from '../errors.ts'
import {
  type Change,
  checkName,
  knownUser,
  knownVirtualHost,
  type Permission,
  pairKey,
  shown,
  type TopicPermission,
  type UserRecord,
  withEntry,
  without,
} from './definitions-state.ts'
import { patternFault } from './permission-pattern.ts'

export interface NewUser {
  readonly name: string
  /** From `hashPassword`; undefined for one who logs in by certificate only. */
  readonly passwordHash: string | undefined
  readonly tags?: readonly string[]
}

/** Fails with `definition-exists`, `bad-name`. */
export function addUser({ name, passwordHash, tags = [] }: NewUser): Change {
  return (state) => {
    checkName('user', name)
    if (state.users.has(name)) {
      throw new HomingError(
        'definition-exists',
        `there is a user "${shown(name)}" already; change the password instead, or delete it first`,
      )
    }
    for (const tag of tags) checkName('tag', tag)
    const user: UserRecord = {
      name,
      passwordHash,
      tags: [...new Set(tags)],
      connectionsMax: undefined,
      channelsMax: undefined,
    }
    return { ...state, users: withEntry(state.users, name, user) }
  }
}

/** The user with all permissions. Fails with `definition-unknown`. */
export function deleteUser(name: string): Change {
  return (state) => {
    knownUser(state, name)
    const topics = [...state.topicPermissions].filter(([, [first]]) => first?.user !== name)
    return {
      ...state,
      users: without(state.users, (user) => user.name === name),
      permissions: without(state.permissions, ({ user }) => user === name),
      topicPermissions: new Map(topics),
    }
  }
}

export type UserSettings = Partial<Omit<UserRecord, 'name'>>

/** Fails with `definition-unknown`, `bad-name`. */
export function changeUser(name: string, settings: UserSettings): Change {
  return (state) => {
    const user = knownUser(state, name)
    for (const tag of settings.tags ?? []) checkName('tag', tag)
    return { ...state, users: withEntry(state.users, name, { ...user, ...settings, name }) }
  }
}

/** Fails with `definition-unknown`, `bad-argument` for what is no regular expression. */
export function setPermission(permission: Permission): Change {
  return (state) => {
    const { user, vhost } = permission
    knownUser(state, user)
    knownVirtualHost(state, vhost)
    const entry: Permission = {
      user,
      vhost,
      configure: checkedPattern('configure', permission.configure),
      write: checkedPattern('write', permission.write),
      read: checkedPattern('read', permission.read),
    }
    const key = pairKey(user, vhost)
    // Nobody loses anything by hearing the same again.
    if (isSamePermission(state.permissions.get(key), entry)) return state
    return { ...state, permissions: withEntry(state.permissions, key, entry) }
  }
}

const isSamePermission = (a: Permission | undefined, b: Permission): boolean =>
  a !== undefined && a.configure === b.configure && a.write === b.write && a.read === b.read

/** Nothing when there is none. Fails with `definition-unknown` for the user or virtual host. */
export function clearPermission(user: string, vhost: string): Change {
  return (state) => {
    knownUser(state, user)
    knownVirtualHost(state, vhost)
    const gone = (entry: Permission): boolean => entry.user === user && entry.vhost === vhost
    return { ...state, permissions: without(state.permissions, gone) }
  }
}

/** In place of the one for the same exchange. */
export function setTopicPermission(permission: TopicPermission): Change {
  return (state) => {
    const { user, vhost, exchange } = permission
    knownUser(state, user)
    knownVirtualHost(state, vhost)
    const entry: TopicPermission = {
      user,
      vhost,
      exchange,
      write: checkedPattern('write', permission.write),
      read: checkedPattern('read', permission.read),
    }
    const key = pairKey(user, vhost)
    const others = (state.topicPermissions.get(key) ?? []).filter(
      (one) => one.exchange !== exchange,
    )
    return {
      ...state,
      topicPermissions: withEntry(state.topicPermissions, key, [...others, entry]),
    }
  }
}

/** Of one exchange, or of all when none is named. */
export function clearTopicPermission(user: string, vhost: string, exchange?: string): Change {
  return (state) => {
    knownUser(state, user)
    knownVirtualHost(state, vhost)
    const key = pairKey(user, vhost)
    const kept = (state.topicPermissions.get(key) ?? []).filter(
      (one) => exchange !== undefined && one.exchange !== exchange,
    )
    const topicPermissions = new Map(state.topicPermissions)
    if (kept.length > 0) topicPermissions.set(key, kept)
    else topicPermissions.delete(key)
    return { ...state, topicPermissions }
  }
}

function checkedPattern(right: string, pattern: string): string {
  const fault = patternFault(pattern)
  if (fault === undefined) return pattern
  throw new HomingError('bad-argument', `the ${right} pattern ${fault}`)
}
