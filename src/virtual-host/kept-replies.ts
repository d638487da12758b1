/*
 * Replies that came when their requester was gone: kept in a durable queue of its user, a day long.
 *
 *   reply ─▶ address ─ alive ─▶ the requester
 *                    └ gone ──▶ amq.homing.replies.USER ─▶ whoever logs in as that user and asks
 *
 * RabbitMQ drops them. The queue is made when the first reply is kept, or when its user names it; only
 * that user and administrators read from it, whatever their permissions say; clients cannot publish
 * to it by its name or bind it.
 */

import { accessRefused } from '../amqp/protocol/amqp-error.ts'
import { isKeptName, keptRepliesQueue } from '../direct-reply-names.ts'
import type { PlainFate } from '../embedded/plain-publishing.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import type { Declared } from './declaration.ts'
import type { HostQueue } from './host-queue.ts'
import type { HostQueues } from './host-queues.ts'
import type { Session } from './port.ts'
import { shown } from './resource.ts'

const keptMs = 24 * 3_600 * 1_000
const keptMessagesMax = 10_000
const keptBytesMax = 256 * 1_024 * 1_024

const declared: Declared = {
  type: 'classic',
  durable: true,
  exclusive: false,
  autoDelete: false,
  args: new Map([
    ['x-message-ttl', keptMs],
    ['x-max-length', keptMessagesMax],
    ['x-max-length-bytes', keptBytesMax],
  ]),
  foreign: false,
}

export class KeptReplies {
  readonly #door: QueueDoor
  readonly #queues: HostQueues

  constructor(door: QueueDoor, queues: HostQueues) {
    this.#door = door
    this.#queues = queues
  }

  /** On disk, whatever the message's delivery mode says. */
  keep(user: string, reply: PlainMessage): PlainFate {
    return this.#door.publish(reply, [this.#queue(user).live], true)
  }

  /**
   * Whether it is such a queue and the session may use it; it is made when its own user names it.
   * Whoever else does is refused with 403.
   */
  ask(session: Session, name: string): boolean {
    if (!isKeptName(name)) return false
    if (name === keptRepliesQueue(session.user)) this.#queue(session.user)
    else if (!session.tags.has('administrator'))
      throw accessRefused(
        `access to ${shown(this.#queues.resource(name))} refused for user '${session.user}': the replies in it are another user's`,
      )
    return true
  }

  #queue(user: string): HostQueue {
    const name = keptRepliesQueue(user)
    return this.#queues.find(name) ?? this.#queues.add(name, declared, undefined)
  }
}
