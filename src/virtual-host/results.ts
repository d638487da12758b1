/*
 * Results for clients that have never heard of Homing.
 *
 *   request (reply_to + correlation_id) ─▶ kept under its id until its reply comes, or its end
 *   reply to it ─▶ its result, durable first ─▶ then on to the requester
 *   x-homing-notify ─▶ the outcome goes to reply_to as a message of the broker's own
 *
 * A message with a result is kept on disk in a durable queue, whatever its delivery mode: the first
 * one it is routed to has it under its id, the others have plain copies. Ids are the virtual host's own. Its id is `x-homing-id`, or
 * the message_id where the queue says x-homing-deduplicate: then a second one is dropped and
 * confirmed. Else it is the correlation_id or message_id, made unique when it was used before.
 */

import { accessRefused, preconditionFailed } from '../amqp/protocol/amqp-error.ts'
import {
  contentTypeOf,
  correlationIdOf,
  messageIdOf,
  persistent,
  replyToOf,
} from '../amqp/protocol/properties.ts'
import { isKeptName, isReplyAddress } from '../direct-reply-names.ts'
import type { LiveQueue } from '../embedded/live-queue.ts'
import { notificationMessage } from '../embedded/notification.ts'
import type { QueueDoor } from '../embedded/queue-door.ts'
import { defaultExchange } from '../embedded/routing/exchange.ts'
import type { OutcomeBody } from '../embedded/settling.ts'
import { after, type Later } from '../later.ts'
import { limits } from '../limits.ts'
import { type Message, type MessageMeta, notification } from '../message/message.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import { checkId } from '../name.ts'
import { baseName, scopedName } from '../scoped-name.ts'
import type { DirectReplies } from './direct-replies.ts'
import type { PublishFate } from './port.ts'
import type { ResultCandidate } from './publishing.ts'
import { ReplyAliases } from './reply-aliases.ts'
import { shown } from './resource.ts'
import { noResultHeaders, type ResultHeaders, resultHeaders } from './result-headers.ts'
import { checkRight } from './rights.ts'

export interface ResultsParts {
  readonly virtualHost: string
  readonly door: QueueDoor
  readonly replies: Pick<DirectReplies, 'isAlive' | 'publish'>
}

interface Asked {
  readonly headers: ResultHeaders
  readonly replyTo: string | undefined
  readonly correlationId: string | undefined
  readonly messageId: string | undefined
}

export class Results {
  readonly #parts: ResultsParts
  readonly #aliases = new ReplyAliases()

  constructor(parts: ResultsParts) {
    this.#parts = parts
  }

  /** Undefined when the message asks for nothing and is the result of nothing. */
  take(candidate: ResultCandidate): Later<PublishFate> | undefined {
    const { properties, exchange, routingKey, body } = candidate.message
    const asked: Asked = {
      headers: candidate.hasOwnHeaders ? resultHeaders(properties) : noResultHeaders,
      replyTo: replyToOf(properties),
      correlationId: correlationIdOf(properties),
      messageId: messageIdOf(properties),
    }
    if (asked.headers.notify !== undefined) this.#checkNotified(candidate, asked.replyTo ?? '')
    if (exchange !== '' || !asked.correlationId) return this.#request(candidate, asked)
    const answered = this.#answer(routingKey, asked.correlationId, {
      code: asked.headers.error ?? 'ok',
      contentType: shortened(contentTypeOf(properties) ?? ''),
      body,
    })
    // What asks for nothing goes the plain way at once.
    if (!(answered instanceof Promise)) return this.#afterAnswer(candidate, asked, answered)
    return answered.then(
      (isResult) => this.#afterAnswer(candidate, asked, isResult) ?? this.#plain(candidate),
    )
  }

  /** The request with that very id, or else the oldest that was given another one. */
  #answer(replyTo: string, correlationId: string, result: OutcomeBody): Later<boolean> {
    const { door } = this.#parts
    const answered = door.answer(this.#scoped(correlationId), replyTo, result)
    const orAnother = (is: boolean): Later<boolean> => {
      const other = is ? undefined : this.#aliases.take(replyTo, correlationId)
      return other === undefined ? is : door.answer(other, replyTo, result)
    }
    return after(answered, orAnother)
  }

  #afterAnswer(
    candidate: ResultCandidate,
    asked: Asked,
    isResult: boolean,
  ): Later<PublishFate> | undefined {
    if (!isResult) return this.#request(candidate, asked)
    // A reply may ask for a reply in turn: then it is kept, and waits for its sync as well.
    const further = this.#request(candidate, asked)
    if (further !== undefined) return further
    const { message, lives } = candidate
    const isForQueue = lives.length > 0 || !this.#parts.replies.isAlive(message.routingKey)
    const isKept = candidate.persistent || lives.length === 0
    // Nobody sees a result before it is durable. What is kept goes on record behind it at once: its
    // confirm speaks for both, and it stays in the order in which it was published.
    if (isForQueue && isKept && lives.every(({ durable }) => durable)) {
      message.waitsForDisk = true
      return this.#plain(candidate)
    }
    this.#parts.door.whenDurable((error) => {
      if (!error) this.#plain(candidate)
    })
    return 'durable'
  }

  /** The way of messages that ask for nothing. */
  #plain({ message, lives, persistent }: ResultCandidate): PublishFate {
    if (lives.length > 0) return this.#parts.door.publish(message, lives, persistent)
    return message.exchange === '' ? this.#parts.replies.publish(message) : 'unroutable'
  }

  #request(candidate: ResultCandidate, asked: Asked): Later<PublishFate> | undefined {
    const { headers, replyTo, correlationId, messageId } = asked
    const { lives } = candidate
    const live = lives.find(({ durable }) => durable)
    const asksMore =
      headers.notify !== undefined || headers.timeoutMs > 0 || headers.id !== undefined
    if (!live) {
      if (asksMore && lives.length > 0) throw needsDurable(lives)
      if (headers.notify !== undefined && lives.length === 0) this.#tellUnroutable(candidate, asked)
      return undefined
    }
    const isRequest = Boolean(replyTo && (correlationId || messageId))
    const deduplicated = live.queue.settings.deduplicate === true && Boolean(messageId)
    if (!asksMore && !isRequest && !deduplicated) return undefined
    const chosen = headers.id ?? (deduplicated ? messageId : undefined)
    if (chosen !== undefined)
      return this.#track(candidate, asked, live, { id: chosen, chosen: true })
    const known = this.#freshId(correlationId || messageId)
    return after(known, (id) => this.#track(candidate, asked, live, { id, chosen: false }))
  }

  /** The broker writes there for who asks: only where they could write, or whose messages are theirs. */
  #checkNotified({ channel: { session } }: ResultCandidate, replyTo: string): void {
    if (isReplyAddress(replyTo)) return
    const { virtualHost } = this.#parts
    const queue = { kind: 'queue', name: replyTo, virtualHost } as const
    if (isKeptName(replyTo)) throw accessRefused(`${shown(queue)} takes no notifications`)
    if (!session.may('read', replyTo))
      checkRight(session, 'write', { ...queue, kind: 'exchange', name: defaultExchange })
  }

  /** The wished one, or one like it when it was used before or cannot be an id. */
  #freshId(wished: string | undefined): Later<string> {
    const { door } = this.#parts
    if (wished === undefined || !canBeId(wished)) return door.mintId()
    const fresh = (isKnown: boolean): string => (isKnown ? likeIt(wished, door.mintId()) : wished)
    const known = door.isKnown(this.#scoped(wished))
    return after(known, fresh)
  }

  #track(
    { message, lives, persistent }: ResultCandidate,
    { headers, replyTo, correlationId, messageId }: Asked,
    live: LiveQueue,
    { id, chosen }: { readonly id: string; readonly chosen: boolean },
  ): Later<PublishFate> {
    const { door } = this.#parts
    const tracked: Message = {
      id: this.#scoped(id),
      idChosen: chosen,
      exchange: message.exchange,
      routingKey: message.routingKey,
      contentType: shortened(contentTypeOf(message.properties) ?? ''),
      body: message.body,
      properties: message.properties,
      priority: message.priority,
      deadlineAtMs: Number.POSITIVE_INFINITY,
      availableAtMs: message.availableAtMs,
      timeoutMs: headers.timeoutMs,
      attemptsMax: headers.attemptsMax,
      meta: this.#meta(message, headers, replyTo),
    }
    const taken = door.publishTracked(tracked, live)
    const others = lives.filter((other) => other !== live)
    const fate = (is: boolean | 'refused'): PublishFate => {
      if (is === 'refused') return 'refused'
      if (is) return 'durable'
      if (others.length > 0) door.publish(message, others, persistent)
      const named = correlationId || messageId
      if (replyTo && named && named !== id) this.#aliases.add(replyTo, named, tracked.id)
      return 'durable'
    }
    return after(taken, fate)
  }

  #scoped(id: string): string {
    return scopedName(this.#parts.virtualHost, id)
  }

  #meta(
    { deadlineAtMs, availableAtMs }: PlainMessage,
    { notify }: ResultHeaders,
    replyTo: string | undefined,
  ): MessageMeta {
    const fromMs = Math.max(availableAtMs, this.#parts.door.nowMs())
    const queue = scopedName(this.#parts.virtualHost, replyTo ?? '')
    return {
      ...(deadlineAtMs < Number.POSITIVE_INFINITY && { ttlMs: Math.max(0, deadlineAtMs - fromMs) }),
      // Who asked the broker to tell does not wait for the consumer's words.
      ...(notify === undefined && replyTo && { awaitsReply: true as const }),
      ...(notify !== undefined && {
        callbacks: [
          {
            name: notification,
            queue,
            ...(notify === 'failure' && { onlyFailure: true as const }),
          },
        ],
      }),
    }
  }

  #tellUnroutable(
    { message }: ResultCandidate,
    { correlationId, messageId, replyTo }: Asked,
  ): void {
    const nowMs = this.#parts.door.nowMs()
    const outcome = {
      id: correlationId ?? messageId ?? this.#parts.door.mintId(),
      queue: '',
      code: 'unroutable',
      contentType: '',
      body: new Uint8Array(0),
      attempts: 0,
      acceptedAtMs: nowMs,
      finishedAtMs: nowMs,
    }
    const queue = scopedName(this.#parts.virtualHost, replyTo as string)
    this.tell(queue, notificationMessage(outcome, message))
  }

  /** A notification for a queue that is not durable, or for a requester's own address. */
  tell(queue: string, told: PlainMessage): void {
    const { door, replies } = this.#parts
    const live = door.queue(queue)
    if (live) door.publish(told, [live], persistent(told.properties))
    else replies.publish(told)
  }
}

function canBeId(wished: string): boolean {
  try {
    checkId(wished)
    return true
  } catch {
    return false
  }
}

/** Told apart from the first by what is minted. */
const likeIt = (wished: string, minted: string): string => {
  const like = `${wished}~${minted}`
  return canBeId(like) ? like : minted
}

const shortened = (contentType: string): string =>
  contentType.length * 3 > limits.nameBytesMax ? '' : contentType

const needsDurable = (lives: readonly LiveQueue[]) =>
  preconditionFailed(
    `the message asks for a result by a header 'x-homing-…', which needs a durable queue; queue '${baseName(lives[0]?.queue.name ?? '')}' is not durable`,
  )
