/*
 * The second queue, done right: a request's result is what its consumer publishes to `reply_to`.
 *
 *   acknowledged first   ─▶ out of its queue, into `homing.awaited-replies`, until the reply comes
 *   replied first        ─▶ final at once; the acknowledgement that follows changes nothing
 *   no reply in a day    ─▶ `ok` without a value: it was acknowledged
 *
 * Rule: the record that puts the message there comes before the one that takes it out of its queue,
 * in one batch, so its id is live until its outcome is final (invariants 1, 23).
 */

import { replyToOf } from '../amqp/protocol/properties.ts'
import type { Later } from '../later.ts'
import { limits } from '../limits.ts'
import { awaitedReplies, type Message } from '../message/message.ts'
import type { Core } from './core.ts'
import type { EndingById } from './ending-by-id.ts'
import type { LiveQueue } from './live-queue.ts'
import type { Publishing } from './publishing.ts'
import type { Entry } from './queue/entry.ts'
import type { OutcomeBody, Settling } from './settling.ts'

export interface AwaitedRepliesParts {
  readonly core: Core
  readonly publishing: Pick<Publishing, 'store'>
  readonly settling: Pick<Settling, 'remove'>
  readonly endingById: EndingById
  /** The queue of that name, made when it is not there yet. */
  queue(name: string): LiveQueue
}

export class AwaitedReplies {
  readonly #parts: AwaitedRepliesParts

  constructor(parts: AwaitedRepliesParts) {
    this.#parts = parts
  }

  /** Its consumer has acknowledged it; the entry is held by nobody any more. */
  add(live: LiveQueue, entry: Entry, message: Message): void {
    const { core, publishing, settling } = this.#parts
    const waiting: Message = {
      ...message,
      exchange: '',
      routingKey: awaitedReplies,
      priority: 0,
      availableAtMs: 0,
      deadlineAtMs: core.nowMs() + limits.replyWaitMsMax,
      timeoutMs: 0,
      meta: {
        ...withoutTtl(message),
        workedOn: { queue: live.queue.name, attempts: entry.attempts },
      },
    }
    publishing.store(waiting, [this.#parts.queue(awaitedReplies)])
    settling.remove(live, [entry])
  }

  /**
   * A reply was published: the result of the request with that id, if it was to be answered there.
   * True when it is the result now. A promise when the request must be read from disk.
   */
  answer(id: string, replyTo: string, result: OutcomeBody): Later<boolean> {
    const fits = ({ meta, properties }: Message): boolean =>
      meta?.awaitsReply === true && properties !== undefined && replyToOf(properties) === replyTo
    return this.#parts.endingById.end(id, { because: 'answered', how: result, fits })
  }
}

function withoutTtl({ meta }: Message): Message['meta'] {
  const { ttlMs: _, ...rest } = meta ?? {}
  return rest
}
