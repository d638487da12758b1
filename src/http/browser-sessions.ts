/*
 * Sessions of browsers: who logged in on a page, and until when.
 *
 *   login ─▶ 32 random bytes in a cookie; here only their SHA-256
 *   used  ─▶ idle time begins anew          not used, too old, logged out, user changed ─▶ over
 *   hold  ─▶ in use until it is released    over ─▶ whoever holds it is told
 *
 * Rules: in memory, so a restart logs everybody out. What a user lost (the user itself, a tag, the
 * password, a permission) ends the sessions at once. Nothing that was opened by a session outlives it.
 */

import { createHash, randomBytes } from 'node:crypto'
import type { Clock, Timer } from '../clock.ts'
import { limits } from '../limits.ts'
import type { DefinitionsState } from '../server/definitions-state.ts'

export interface BrowserSession {
  readonly user: string
  /**
   * What stays open, such as a stream: the session is in use until the returned function is called, and
   * `ended` is called when it is over; now, if it is over already.
   */
  hold(ended: () => void): () => void
}

export class BrowserSessions {
  readonly #clock: Clock
  /** By the hash of the token; the one used longest ago first. */
  readonly #sessions = new Map<string, Session>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get count(): number {
    return this.#sessions.size
  }

  /** Returns the token, which is kept nowhere here. */
  open(user: string): string {
    const token = randomBytes(32).toString('base64url')
    this.#makeRoom(user)
    const key = keyOf(token)
    const tooOld = (): void => this.#end(key)
    this.#sessions.set(key, new Session(user, { clock: this.#clock, tooOld }))
    return token
  }

  /** Undefined when nobody has the token, or not any more. */
  find(token: string): BrowserSession | undefined {
    const key = keyOf(token)
    const session = this.#sessions.get(key)
    if (session === undefined) return undefined
    if (session.isTooOld) {
      this.#end(key)
      return undefined
    }
    session.use()
    this.#sessions.delete(key)
    this.#sessions.set(key, session)
    return session
  }

  close(token: string): void {
    this.#end(keyOf(token))
  }

  #end(key: string): void {
    const session = this.#sessions.get(key)
    this.#sessions.delete(key)
    session?.end()
  }

  /**
   * Ends the sessions of those who lost something; returns who they are. Who lost a whole virtual host,
   * because it was deleted, stays logged in: whoever deletes one has mostly entered it.
   */
  changed(before: DefinitionsState, after: DefinitionsState): ReadonlySet<string> {
    const ended = usersWhoLost(inHostsOf(after, before), after)
    for (const [key, { user }] of [...this.#sessions]) if (ended.has(user)) this.#end(key)
    return usersWhoLost(before, after)
  }

  #makeRoom(user: string): void {
    const own = [...this.#sessions].filter(([, session]) => session.user === user)
    const tooMany = own.length - limits.browserSessionsPerUserMax + 1
    for (const [key] of own.slice(0, Math.max(0, tooMany))) this.#end(key)
    const [oldest] = this.#sessions.keys()
    if (this.#sessions.size >= limits.browserSessionsMax && oldest !== undefined) this.#end(oldest)
  }
}

class Session implements BrowserSession {
  readonly user: string
  readonly #clock: Clock
  readonly #tooOld: () => void
  readonly #openedAtMs: number
  readonly #holders = new Set<() => void>()
  #usedAtMs: number
  #isOver = false
  /** Runs while it is held: without holders it is enough to look when somebody comes. */
  #timer: Timer | undefined

  constructor(user: string, parts: { readonly clock: Clock; readonly tooOld: () => void }) {
    this.user = user
    this.#clock = parts.clock
    this.#tooOld = parts.tooOld
    this.#openedAtMs = this.#clock.monotonicMs()
    this.#usedAtMs = this.#openedAtMs
  }

  get isTooOld(): boolean {
    const isIdle = this.#holders.size === 0 && this.#sinceMs(this.#usedAtMs) > idleMsMax
    return isIdle || this.#sinceMs(this.#openedAtMs) > ageMsMax
  }

  use(): void {
    this.#usedAtMs = this.#clock.monotonicMs()
  }

  hold(ended: () => void): () => void {
    if (this.#isOver) {
      ended()
      return () => undefined
    }
    const holder = (): void => ended()
    this.#holders.add(holder)
    this.#timer ??= this.#clock.after(ageMsMax - this.#sinceMs(this.#openedAtMs), this.#tooOld)
    return () => this.#release(holder)
  }

  #release(holder: () => void): void {
    if (!this.#holders.delete(holder)) return
    this.use()
    if (this.#holders.size === 0) this.#rest()
  }

  end(): void {
    this.#isOver = true
    this.#rest()
    const holders = [...this.#holders]
    this.#holders.clear()
    for (const ended of holders) ended()
  }

  #rest(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #sinceMs(momentMs: number): number {
    return this.#clock.monotonicMs() - momentMs
  }
}

const { browserSessionIdleMsMax: idleMsMax, browserSessionMsMax: ageMsMax } = limits

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
