/*
 * Where a message goes: rights, exchange, queues.
 *
 *   as the publish before it (session, exchange, routing key; rights, topology) ─▶ the same route
 *   another one ─▶ rights asked ─▶ known route of that key, or found and remembered
 *
 * Rule: what is remembered counts until anything is declared, bound or removed. A route that a binding
 * decided by headers, or that names a queue which is not there, is found again for each message, and
 * so is one to a queue that has gone.
 */

import { accessRefused } from '../amqp/protocol/amqp-error.ts'
import { isReplyName } from '../direct-reply-names.ts'
import type { LiveQueue } from '../embedded/live-queue.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import { delayedType } from '../embedded/routing/exchange.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import { baseName, scopedName } from '../scoped-name.ts'
import type { HostExchanges } from './host-exchanges.ts'
import { MessageHeaders } from './message-headers.ts'
import type { Session } from './port.ts'
import { noSuch } from './refusals.ts'
import { type Resource, shown } from './resource.ts'
import { checkRight, checkTopicRight } from './rights.ts'

export interface Route {
  readonly lives: readonly LiveQueue[]
  /** The exchange delays messages that ask for it. */
  readonly delays: boolean
  /** A queue takes what has the same message_id only once. */
  readonly deduplicates: boolean
}

/** What is known of an exchange that may be published to. */
interface Known {
  readonly resource: Resource
  readonly isTopic: boolean
  readonly delays: boolean
  /** By routing key. */
  readonly routes: Map<string, Route>
}

interface Found {
  readonly lives: readonly LiveQueue[]
  /** Every queue that was named is there. */
  readonly all: boolean
}

const nowhere: readonly LiveQueue[] = []
const rememberedMax = 10_000

export class Routes {
  readonly #door: QueueDoor
  readonly #exchanges: HostExchanges
  readonly #virtualHost: string
  /** The publish before this one. */
  #session: Session | undefined
  #exchange = ''
  #routingKey = ''
  #rightsVersion: number | undefined
  #route: Route | undefined
  /** Counts as long as the routing has this version. */
  #version = -1
  readonly #known = new Map<string, Known>()
  #remembered = 0

  constructor(door: QueueDoor, exchanges: HostExchanges) {
    this.#door = door
    this.#exchanges = exchanges
    this.#virtualHost = exchanges.virtualHost
  }

  /** Refused with 403 and 404. */
  of(session: Session, message: PlainMessage): Route {
    const route = this.#route
    if (route !== undefined && this.#session === session && this.#isSame(message, route))
      return route
    return this.#find(session, message)
  }

  /** The route by further keys as well (CC, BCC); each queue once. */
  withKeys(session: Session, message: PlainMessage, keys: readonly string[]): Route {
    const { delays, lives } = this.#find(session, message)
    const { exchange } = message
    const known = this.#open(session, exchange)
    const all = new Set(lives)
    for (const routingKey of keys) {
      if (known.isTopic) this.#checkTopic(session, known, routingKey)
      const headers = new MessageHeaders(message.properties)
      for (const live of this.#lives({ exchange, routingKey, headers }).lives) all.add(live)
    }
    return routeTo([...all], delays)
  }

  #isSame({ exchange, routingKey }: PlainMessage, { lives }: Route): boolean {
    if (this.#exchange !== exchange || this.#routingKey !== routingKey) return false
    if (this.#version !== this.#door.routing.version) return false
    const rightsVersion = this.#session?.rightsVersion
    if (rightsVersion === undefined || rightsVersion !== this.#rightsVersion) return false
    return areThere(lives)
  }

  #find(session: Session, message: PlainMessage): Route {
    this.#route = undefined
    const { exchange, routingKey } = message
    const known = this.#open(session, exchange)
    if (known.isTopic) this.#checkTopic(session, known, routingKey)
    const there = known.routes.get(routingKey)
    const route = there && areThere(there.lives) ? there : this.#look(known, message)
    this.#session = session
    this.#exchange = exchange
    this.#routingKey = routingKey
    this.#rightsVersion = session.rightsVersion
    this.#route = known.routes.get(routingKey)
    return route
  }

  /** The exchange, when the session may publish to it. */
  #open(session: Session, exchange: string): Known {
    const { version } = this.#door.routing
    if (version !== this.#version || this.#remembered >= rememberedMax) {
      this.#known.clear()
      this.#remembered = 0
      this.#version = version
    }
    const known = this.#known.get(exchange)
    if (known !== undefined) {
      checkRight(session, 'write', known.resource)
      return known
    }
    const resource = this.#exchanges.resource(exchange)
    checkRight(session, 'write', resource)
    const found = this.#exchanges.find(exchange)
    if (found === undefined) throw noSuch(resource)
    if (found.internal) throw accessRefused(`cannot publish to internal ${shown(resource)}`)
    const { type } = found
    const fresh: Known = {
      ...{ resource, isTopic: type === 'topic', delays: type === delayedType },
      routes: new Map(),
    }
    // A virtual host may make its predeclared exchanges when they are first asked for.
    this.#version = this.#door.routing.version
    this.#known.set(exchange, fresh)
    return fresh
  }

  #look(known: Known, { exchange, routingKey, properties }: PlainMessage): Route {
    const headers = new MessageHeaders(properties)
    const { lives, all } = this.#lives({ exchange, routingKey, headers })
    const route = routeTo(lives, known.delays)
    if (all && !headers.asked) {
      known.routes.set(routingKey, route)
      this.#remembered++
    } else known.routes.delete(routingKey)
    return route
  }

  #checkTopic(session: Session, { resource }: Known, routingKey: string): void {
    checkTopicRight(session, 'write', { exchange: resource, routingKey })
  }

  #lives(asked: {
    readonly exchange: string
    readonly routingKey: string
    readonly headers: MessageHeaders
  }): Found {
    const { exchange, routingKey, headers } = asked
    // Nobody publishes to the names of replies but by their addresses.
    if (exchange === '' && isReplyName(routingKey)) return { lives: nowhere, all: false }
    const scoped = scopedName(this.#virtualHost, exchange)
    const names = this.#door.routing.route(scoped, routingKey, headers)
    const lives: LiveQueue[] = []
    for (const name of names) {
      // The key can be the name of a queue behind an alternate exchange as well.
      const live = isReplyName(baseName(name)) ? undefined : this.#door.queue(name)
      if (live !== undefined) lives.push(live)
    }
    return { lives: lives.length === 0 ? nowhere : lives, all: lives.length === names.length }
  }
}

const areThere = (lives: readonly LiveQueue[]): boolean => {
  for (const live of lives) if (live.deleted) return false
  return true
}

const routeTo = (lives: readonly LiveQueue[], delays: boolean): Route => ({
  lives,
  delays,
  deduplicates: lives.some(({ queue }) => queue.settings.deduplicate === true),
})
