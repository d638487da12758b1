/*
 * What concerns whoever is connected now, and is stored nowhere.
 *
 *   homing.control   fanout   { ended: [[id, code], …] }: ended by somebody who did not have them
 *   homing.progress  direct   by message id: live values of a running handler
 *
 * Each link has one queue of its own for both, gone with its connection.
 */

import { Buffer } from 'node:buffer'
import { randomUUID } from 'node:crypto'
import type { Channel, ConsumeMessage } from 'amqplib'
import { controlExchange, eventQueue, progressExchange } from './names.ts'
import { QueueReader, type ReaderParts } from './queue-reader.ts'

type Seen = (body: Uint8Array, contentType: string) => void

const prefetch = 1_000

export class Events {
  readonly #reader: QueueReader
  readonly #queue = eventQueue(randomUUID())
  readonly #watchers = new Map<string, Set<Seen>>()
  readonly #parts: ReaderParts

  constructor(parts: ReaderParts, ended: (id: string, code: string) => void) {
    this.#parts = parts
    this.#reader = new QueueReader(parts, {
      queue: this.#queue,
      prefetch,
      prepare: (channel) => this.#prepare(channel),
      read: (message) => this.#read(message, ended),
    })
  }

  open(): Promise<void> {
    return this.#reader.open()
  }

  async #prepare(channel: Channel): Promise<void> {
    await channel.assertQueue(this.#queue, { exclusive: true, durable: false, autoDelete: true })
    await channel.bindQueue(this.#queue, controlExchange, '')
    for (const id of this.#watchers.keys()) {
      await channel.bindQueue(this.#queue, progressExchange, id)
    }
  }

  #read(message: ConsumeMessage, ended: (id: string, code: string) => void): void {
    const { fields, properties, content } = message
    if (fields.exchange === progressExchange) {
      // Not a view into all that was read at once.
      const body = Buffer.from(content)
      for (const seen of this.#watchers.get(fields.routingKey) ?? []) {
        this.#call(() => seen(body, String(properties.contentType ?? '')))
      }
      return
    }
    for (const [id, code] of endedIn(content)) this.#call(() => ended(id, code))
  }

  #call(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#parts.onProblem(`who watches a message threw: ${error}`)
    }
  }

  /** Lost when nobody is connected, or in this moment not: who must know looks into the ledger. */
  tellEnded(ended: readonly (readonly [id: string, code: string])[]): void {
    this.#publish(controlExchange, '', Buffer.from(JSON.stringify({ ended })), 'application/json')
  }

  reportProgress(id: string, body: Uint8Array, contentType: string): void {
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
    this.#publish(progressExchange, id, bytes, contentType)
  }

  #publish(exchange: string, routingKey: string, body: Buffer, contentType: string): void {
    try {
      this.#reader.channel?.publish(exchange, routingKey, body, { contentType })
    } catch {
      // The channel ended in this moment.
    }
  }

  watchProgress(id: string, seen: Seen): () => void {
    const watchers = this.#watchers.get(id) ?? new Set()
    const watcher: Seen = (body, contentType) => seen(body, contentType)
    if (watchers.size === 0) {
      this.#watchers.set(id, watchers)
      this.#reader.channel?.bindQueue(this.#queue, progressExchange, id).catch(() => undefined)
    }
    watchers.add(watcher)
    return () => {
      if (!watchers.delete(watcher) || watchers.size > 0) return
      this.#watchers.delete(id)
      this.#reader.channel?.unbindQueue(this.#queue, progressExchange, id).catch(() => undefined)
    }
  }
}

/** Nothing when another version sent it. */
function endedIn(content: Buffer): readonly (readonly [id: string, code: string])[] {
  try {
    const { ended } = JSON.parse(content.toString('utf8')) as { readonly ended?: unknown }
    if (!Array.isArray(ended)) return []
    return ended.filter(
      (one): one is [string, string] =>
        Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'string',
    )
  } catch {
    return []
  }
}
