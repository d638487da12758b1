/*
 * Where a message goes: rights, exchange, queues. Found once for a run of publishes that are alike.
 *
 *   the same session, exchange and routing key as before, nothing declared or bound since,
 *   rights as before, no queue gone ─▶ the route of before
 *
 * Rule: a route that any binding decided by headers, that leads to nowhere or names a queue that is
 * not there, is looked up again for each message.
 */

import { accessRefused } from '../amqp/protocol/amqp-error.ts'
import type { LiveQueue } from '../embedded/live-queue.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import { delayedType } from '../embedded/routing/exchange.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import { baseName, scopedName } from '../scoped-name.ts'
import { isReplyName } from './direct-reply-names.ts'
import type { HostExchanges } from './host-exchanges.ts'
import { MessageHeaders } from './message-headers.ts'
import type { Session } from './port.ts'
import { noSuch } from './refusals.ts'
import { shown } from './resource.ts'
import { checkRight, checkTopicRight } from './rights.ts'

export interface Route {
  readonly lives: readonly LiveQueue[]
  /** The exchange delays messages that ask for it. */
  readonly delays: boolean
  /** A queue takes what has the same message_id only once. */
  readonly deduplicates: boolean
}

interface Run {
  readonly session: Session
  readonly exchange: string
  readonly routingKey: string
  readonly routingVersion: number
  readonly rightsVersion: number
  readonly route: Route
}

const nowhere: readonly LiveQueue[] = []

export class Routes {
  readonly #door: QueueDoor
  readonly #exchanges: HostExchanges
  readonly #virtualHost: string
  #run: Run | undefined

  constructor(door: QueueDoor, exchanges: HostExchanges) {
    this.#door = door
    this.#exchanges = exchanges
    this.#virtualHost = exchanges.virtualHost
  }

  /** Refused with 403 and 404. */
  of(session: Session, message: PlainMessage): Route {
    const run = this.#run
    if (run !== undefined && run.session === session && this.#isSame(run, message)) return run.route
    return this.#find(session, message)
  }

  /** The route by further keys as well (CC, BCC); each queue once. */
  withKeys(session: Session, message: PlainMessage, keys: readonly string[]): Route {
    const { delays, lives } = this.#find(session, message)
    const all = new Set(lives)
    for (const routingKey of keys) {
      const { exchange } = message
      this.#checkTopic(session, exchange, routingKey)
      const headers = new MessageHeaders(message.properties)
      for (const live of this.#lives({ exchange, routingKey, headers }).lives) all.add(live)
    }
    return routeTo([...all], delays)
  }

  #isSame(run: Run, { exchange, routingKey }: PlainMessage): boolean {
    if (run.exchange !== exchange || run.routingKey !== routingKey) return false
    if (run.routingVersion !== this.#door.routing.version) return false
    const { rightsVersion } = run.session
    if (rightsVersion === undefined || rightsVersion !== run.rightsVersion) return false
    for (const live of run.route.lives) if (live.deleted) return false
    return true
  }

  #find(session: Session, message: PlainMessage): Route {
    const { exchange, routingKey, properties } = message
    const resource = this.#exchanges.resource(exchange)
    checkRight(session, 'write', resource)
    const known = this.#exchanges.find(exchange)
    if (known === undefined) throw noSuch(resource)
    if (known.internal) throw accessRefused(`cannot publish to internal ${shown(resource)}`)
    this.#checkTopic(session, exchange, routingKey)
    const headers = new MessageHeaders(properties)
    const { lives, all } = this.#lives({ exchange, routingKey, headers })
    const route = routeTo(lives, known.type === delayedType)
    const lasts = all && lives.length > 0 && !headers.asked
    const { rightsVersion } = session
    this.#run =
      lasts && rightsVersion !== undefined
        ? {
            ...{ session, exchange, routingKey, route, rightsVersion },
            routingVersion: this.#door.routing.version,
          }
        : undefined
    return route
  }

  #checkTopic(session: Session, name: string, routingKey: string): void {
    if (this.#exchanges.find(name)?.type !== 'topic') return
    checkTopicRight(session, 'write', { exchange: this.#exchanges.resource(name), routingKey })
  }

  /** `all`: every queue that was named is there. */
  #lives(asked: {
    readonly exchange: string
    readonly routingKey: string
    readonly headers: MessageHeaders
  }): { readonly lives: readonly LiveQueue[]; readonly all: boolean } {
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

const routeTo = (lives: readonly LiveQueue[], delays: boolean): Route => ({
  lives,
  delays,
  deduplicates: lives.some(({ queue }) => queue.settings.deduplicate === true),
})
