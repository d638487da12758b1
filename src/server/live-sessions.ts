/*
 * The sessions of now, counted by user and virtual host, and closed when what they stand on is gone.
 *
 *   definitions change ─▶ user deleted, tag or permission taken away, virtual host deleted ─▶ 320
 *
 * Rule: what was taken away ends the sessions that had it, at once: a consumer would otherwise go on
 * receiving. What was only added leaves them alone.
 */

import { type AmqpError, connectionForced } from '../amqp/protocol/amqp-error.ts'
import {
  type DefinitionsState,
  type Permission,
  pairKey,
  type TopicPermission,
} from './definitions-state.ts'
import type { ServerTotals } from './server-totals.ts'
import type { UserSession } from './user-session.ts'

export type CloseSession = (why: AmqpError) => void

export class LiveSessions {
  readonly #sessions = new Map<UserSession, CloseSession>()
  readonly #byUser = new Counts()
  readonly #byVirtualHost = new Counts()
  readonly #channels = new Counts()
  #connectionsOpened = 0
  #connectionsClosed = 0
  #channelsOpened = 0
  #channelsClosed = 0

  get count(): number {
    return this.#sessions.size
  }

  add(session: UserSession, close: CloseSession): void {
    this.#sessions.set(session, close)
    this.#connectionsOpened++
    this.#byUser.add(session.user)
    this.#byVirtualHost.add(session.vhost)
  }

  delete(session: UserSession): void {
    if (!this.#sessions.delete(session)) return
    this.#connectionsClosed++
    this.#byUser.remove(session.user)
    this.#byVirtualHost.remove(session.vhost)
  }

  /** Since the start. */
  get totals(): Pick<ServerTotals, `${'connections' | 'channels'}${'Opened' | 'Closed'}`> {
    return {
      connectionsOpened: this.#connectionsOpened,
      connectionsClosed: this.#connectionsClosed,
      channelsOpened: this.#channelsOpened,
      channelsClosed: this.#channelsClosed,
    }
  }

  connectionsOf(user: string): number {
    return this.#byUser.of(user)
  }

  connectionsIn(vhost: string): number {
    return this.#byVirtualHost.of(vhost)
  }

  channelsOf(user: string): number {
    return this.#channels.of(user)
  }

  takeChannel(user: string): void {
    this.#channels.add(user)
    this.#channelsOpened++
  }

  giveChannel(user: string): void {
    this.#channels.remove(user)
    this.#channelsClosed++
  }

  /** Closes the sessions that lost something by the change. */
  revoke(before: DefinitionsState, after: DefinitionsState): void {
    for (const [session, close] of [...this.#sessions]) {
      const why = loss(session, before, after)
      if (why !== undefined) close(connectionForced(why))
    }
  }
}

function loss(
  { user, vhost, tags, isOwner }: UserSession,
  before: DefinitionsState,
  after: DefinitionsState,
): string | undefined {
  if (!after.vhosts.has(vhost)) return `vhost '${vhost}' was deleted`
  if (isOwner) return undefined
  const known = after.users.get(user)
  if (known === undefined) return `user '${user}' was deleted`
  for (const tag of tags) {
    if (!known.tags.includes(tag)) return `tag '${tag}' of user '${user}' was taken away`
  }
  const key = pairKey(user, vhost)
  const narrower =
    isNarrower(before.permissions.get(key), after.permissions.get(key)) ||
    areNarrower(before.topicPermissions.get(key) ?? [], after.topicPermissions.get(key) ?? [])
  return narrower ? `permissions of user '${user}' in vhost '${vhost}' were changed` : undefined
}

/** Whether something may be lost: what one pattern matches more than another is not decided. */
function isNarrower(before: Permission | undefined, after: Permission | undefined): boolean {
  if (before === after || before === undefined) return false
  if (after === undefined) return true
  return (['configure', 'write', 'read'] as const).some((right) =>
    mayLose(before[right], after[right]),
  )
}

/** An exchange without an entry is open, so that a new entry takes away as well. */
function areNarrower(
  before: readonly TopicPermission[],
  after: readonly TopicPermission[],
): boolean {
  if (before === after) return false
  return after.some(({ exchange, write, read }) => {
    const old = before.find((one) => one.exchange === exchange)
    return mayLose(old?.write ?? everything, write) || mayLose(old?.read ?? everything, read)
  })
}

const everything = '.*'

const mayLose = (before: string, after: string): boolean =>
  after !== before && after !== everything && before !== ''

class Counts {
  readonly #counts = new Map<string, number>()

  of(name: string): number {
    return this.#counts.get(name) ?? 0
  }

  add(name: string): void {
    this.#counts.set(name, this.of(name) + 1)
  }

  remove(name: string): void {
    const left = this.of(name) - 1
    if (left > 0) this.#counts.set(name, left)
    else this.#counts.delete(name)
  }
}
