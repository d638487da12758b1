/*
 * Sessions of browsers: who logged in on a page, and until when.
 *
 *   login ─▶ 32 random bytes in a cookie; here only their SHA-256
 *   used  ─▶ idle time begins anew          not used, too old, logged out, user changed ─▶ over
 *
 * Rules: in memory, so a restart logs everybody out. What a user lost (the user itself, a tag, the
 * password, a permission) ends the sessions at once.
 */

import { createHash, randomBytes } from 'node:crypto'
import type { Clock } from '../clock.ts'
import { limits } from '../limits.ts'
import type { DefinitionsState } from '../server/definitions-state.ts'

interface BrowserSession {
  readonly user: string
  readonly openedAtMs: number
  usedAtMs: number
}

export class BrowserSessions {
  readonly #clock: Clock
  /** By the hash of the token; the one used longest ago first. */
  readonly #sessions = new Map<string, BrowserSession>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get count(): number {
    return this.#sessions.size
  }

  /** Returns the token, which is kept nowhere here. */
  open(user: string): string {
    const token = randomBytes(32).toString('base64url')
    const nowMs = this.#clock.monotonicMs()
    this.#makeRoom(user)
    this.#sessions.set(keyOf(token), { user, openedAtMs: nowMs, usedAtMs: nowMs })
    return token
  }

  /** Who has the token; undefined when nobody has, or not any more. */
  find(token: string): string | undefined {
    const key = keyOf(token)
    const session = this.#sessions.get(key)
    if (session === undefined) return undefined
    const nowMs = this.#clock.monotonicMs()
    this.#sessions.delete(key)
    const isOver =
      nowMs - session.usedAtMs > limits.browserSessionIdleMsMax ||
      nowMs - session.openedAtMs > limits.browserSessionMsMax
    if (isOver) return undefined
    session.usedAtMs = nowMs
    this.#sessions.set(key, session)
    return session.user
  }

  close(token: string): void {
    this.#sessions.delete(keyOf(token))
  }

  /**
   * Ends the sessions of those who lost something; returns who they are. Who lost a whole virtual host,
   * because it was deleted, stays logged in: whoever deletes one has mostly entered it.
   */
  changed(before: DefinitionsState, after: DefinitionsState): ReadonlySet<string> {
    const ended = usersWhoLost(inHostsOf(after, before), after)
    for (const [key, { user }] of this.#sessions) if (ended.has(user)) this.#sessions.delete(key)
    return usersWhoLost(before, after)
  }

  #makeRoom(user: string): void {
    const own = [...this.#sessions].filter(([, session]) => session.user === user)
    const tooMany = own.length - limits.browserSessionsPerUserMax + 1
    for (const [key] of own.slice(0, Math.max(0, tooMany))) this.#sessions.delete(key)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= limits.browserSessionsMax && oldest !== undefined) {
      this.#sessions.delete(oldest)
    }
  }
}

/** The state before, without what was said of virtual hosts that are there no more. */
function inHostsOf(after: DefinitionsState, before: DefinitionsState): DefinitionsState {
  const isThere = (vhost: string | undefined): boolean =>
    vhost !== undefined && after.vhosts.has(vhost)
  const permissions = [...before.permissions].filter(([, { vhost }]) => isThere(vhost))
  const topics = [...before.topicPermissions].filter(([, [first]]) => isThere(first?.vhost))
  return { ...before, permissions: new Map(permissions), topicPermissions: new Map(topics) }
}

/** Users who lost something between two states, so that what they have open must end. */
function usersWhoLost(before: DefinitionsState, after: DefinitionsState): ReadonlySet<string> {
  const lost = new Set<string>()
  for (const [name, user] of before.users) {
    const now = after.users.get(name)
    const isSame =
      now !== undefined &&
      now.passwordHash === user.passwordHash &&
      user.tags.every((tag) => now.tags.includes(tag))
    if (!isSame) lost.add(name)
  }
  for (const [key, permission] of before.permissions) {
    if (after.permissions.get(key) !== permission) lost.add(permission.user)
  }
  for (const [key, entries] of before.topicPermissions) {
    const [first] = entries
    if (first !== undefined && after.topicPermissions.get(key) !== entries) lost.add(first.user)
  }
  return lost
}

const keyOf = (token: string): string => createHash('sha256').update(token).digest('base64')
