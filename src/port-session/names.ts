/*
 * From the names of a client to those of the engine and back: everything in a virtual host other than
 * `/` has its name in front (src/scoped-name.ts).
 *
 * Rule: no text of a client reaches the engine with the sign in it that parts virtual hosts. In `/`
 * nothing is copied: names are the same on both sides.
 */

import type { DeadLetter, QueueStats } from '../engine.ts'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import {
  decodeGathered,
  decodeHomecoming,
  encodeGathered,
  encodeHomecoming,
  gatheredContentType,
  outcomeContentType,
} from '../message/homecoming.ts'
import { callbackQueue, type Message, type MessageMeta } from '../message/message.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import {
  baseName,
  defaultVirtualHost,
  scopedName,
  scopeEnd,
  virtualHostOf,
} from '../scoped-name.ts'

const fromOutside = { idFromOutside: true } as const

export class Names {
  readonly virtualHost: string
  readonly #isDefault: boolean

  constructor(virtualHost: string) {
    this.virtualHost = virtualHost
    this.#isDefault = virtualHost === defaultVirtualHost
  }

  /** Of a message: as long as it may be in any virtual host. Fails with `bad-name`. */
  idIn(id: string): string {
    if (!id.includes(scopeEnd)) return this.#isDefault ? id : scopedName(this.virtualHost, id)
    throw new HomingError(
      'bad-name',
      `the name ${JSON.stringify(id)} has a control character; take it out`,
    )
  }

  /** Of a queue, exchange or callback. Fails with `bad-name`. */
  in(name: string): string {
    const scoped = this.idIn(name)
    if (this.#isDefault) return scoped
    if (Buffer.byteLength(scoped) > limits.nameBytesMax)
      throw new HomingError(
        'bad-name',
        `the name "${name}" is too long for virtual host "${this.virtualHost}": both together may have ${limits.nameBytesMax} bytes; shorten it`,
      )
    return scoped
  }

  out(name: string): string {
    return this.#isDefault ? name : baseName(name)
  }

  /** Whether the engine's name is one of this virtual host. */
  has(name: string): boolean {
    return virtualHostOf(name) === this.virtualHost
  }

  /** `meta`: as checked. */
  messageIn(message: Message, meta: MessageMeta | undefined): Message {
    const { exchange, routingKey } = message
    if (this.#isDefault && meta === undefined) {
      this.idIn(message.id)
      this.in(exchange)
      this.in(routingKey)
      // It was made for this call.
      return Object.assign(message, fromOutside)
    }
    return {
      ...message,
      id: this.idIn(message.id),
      ...fromOutside,
      exchange: exchange === '' ? '' : this.in(exchange),
      routingKey: exchange === '' ? this.in(routingKey) : routingKey,
      meta: meta === undefined ? undefined : this.#metaIn(meta),
    }
  }

  #metaIn(meta: MessageMeta): MessageMeta {
    const { callbacks } = meta
    if (callbacks === undefined) return meta
    return {
      ...meta,
      callbacks: callbacks.map((to) => ({ ...to, name: this.callbackIn(to.name) })),
    }
  }

  /** Its queue has a longer name. Fails with `bad-name`. */
  callbackIn(name: string): string {
    this.in(callbackQueue(name))
    return this.in(name)
  }

  messageOut(message: Message): Message {
    if (this.#isDefault) return message
    const { id, exchange, routingKey, meta, body, contentType } = message
    return {
      ...message,
      // Those of AMQP clients are no plain objects.
      ...{ idChosen: message.idChosen, contentType, timeoutMs: message.timeoutMs },
      ...{ attemptsMax: message.attemptsMax, priority: message.priority },
      id: baseName(id),
      exchange: baseName(exchange),
      routingKey: baseName(routingKey),
      meta: meta && metaOut(meta),
      body: bodyOut(contentType, body),
    }
  }

  outcomeOut(outcome: StoredOutcome): StoredOutcome {
    return this.#isDefault ? outcome : outcomeOut(outcome)
  }

  letterOut(letter: DeadLetter): DeadLetter {
    if (this.#isDefault) return letter
    return { ...letter, queue: baseName(letter.queue), message: this.messageOut(letter.message) }
  }

  statsOut(stats: QueueStats): QueueStats {
    return this.#isDefault ? stats : { ...stats, name: baseName(stats.name) }
  }

  /** Texts of errors name things as the engine does. */
  errorOut(error: HomingError): HomingError {
    if (this.#isDefault) return error
    const { code, message, id, data } = error
    const prefix = `${this.virtualHost}${scopeEnd}`
    const shown = id === undefined ? {} : { id: baseName(id) }
    return new HomingError(code, message.replaceAll(prefix, ''), { ...shown, data })
  }
}

function metaOut(meta: MessageMeta): MessageMeta {
  const { callbacks, parentId, replayOf } = meta
  return {
    ...meta,
    ...(callbacks && { callbacks: callbacks.map((to) => ({ ...to, name: baseName(to.name) })) }),
    ...(parentId !== undefined && { parentId: baseName(parentId) }),
    ...(replayOf !== undefined && { replayOf: baseName(replayOf) }),
  }
}

const outcomeOut = (outcome: StoredOutcome): StoredOutcome => ({
  ...outcome,
  id: baseName(outcome.id),
  queue: baseName(outcome.queue),
})

/** What is brought home to a callback names messages and queues in its body. */
function bodyOut(contentType: string, body: Uint8Array): Uint8Array {
  try {
    if (contentType === outcomeContentType) {
      const { outcome, ...rest } = decodeHomecoming(body)
      return encodeHomecoming({ ...rest, outcome: outcomeOut(outcome) })
    }
    if (contentType === gatheredContentType) {
      const { gatherId, memberIds, ...rest } = decodeGathered(body)
      return encodeGathered({
        ...rest,
        gatherId: baseName(gatherId),
        memberIds: memberIds.map(baseName),
      })
    }
  } catch {
    // Somebody else's message that has this content type.
  }
  return body
}
