/*
 * What is declared on the server, one step after the other on a channel of its own: a refused step
 * closes that channel, and nothing but this uses it.
 *
 *   a queue that somebody only uses    is looked for first; made with the defaults when it is not there
 *   a queue with settings              is declared with them: RabbitMQ says so when it is another
 *
 * Rule: nothing is remembered beyond the link, so everything is there again after a reconnect.
 */

import type { Channel, ChannelModel } from 'amqplib'
import type { QueueSettings } from '../../../engine.ts'
import { brokerFault, isAbsent } from './broker-fault.ts'
import {
  controlExchange,
  deadExchange,
  deadQueue,
  delayExchange,
  delayHeader,
  delayQueue,
  progressExchange,
  replyQueue,
  unreadableQueue,
} from './names.ts'
import { type QueueKind, queueArguments } from './queue-arguments.ts'

export interface Found {
  readonly messageCount: number
  readonly consumerCount: number
}

/** A delay queue is declared again after this time, and goes when it was not for longer. */
const delayQueueFreshMs = 1_800_000
const unusedMsMax = 3_600_000
const expiresMsMax = 2 ** 32 - 1

export class Topology {
  readonly #connection: ChannelModel
  readonly #kind: QueueKind
  readonly #making = new Map<string, Promise<void>>()
  readonly #ready = new Set<string>()
  readonly #delays = new Map<number, { readonly atMs: number; readonly made: Promise<void> }>()
  readonly #bounded = new Set<string>()
  #channel: Channel | undefined
  #fault: unknown
  #last: Promise<unknown> = Promise.resolve()

  constructor(connection: ChannelModel, kind: QueueKind) {
    this.#connection = connection
    this.#kind = kind
  }

  /** Exchanges, and the queue of the dead. */
  async prepare(): Promise<void> {
    await this.#do('declare its exchanges', async (channel) => {
      await channel.assertExchange(delayExchange, 'headers', { durable: true })
      await channel.assertExchange(deadExchange, 'fanout', { durable: true })
      await channel.assertExchange(controlExchange, 'fanout', { durable: true })
      await channel.assertExchange(progressExchange, 'direct', { durable: true })
    })
    for (const queue of [deadQueue, unreadableQueue]) {
      await this.#madeByNeed(queue, this.#durable())
    }
    await this.#do(`bind queue "${deadQueue}"`, (channel) =>
      channel.bindQueue(deadQueue, deadExchange, ''),
    )
  }

  /** The queue is there when it resolves; made with the defaults when nobody has made it. */
  ensure(queue: string): Promise<void> {
    const known = this.#making.get(queue)
    if (known !== undefined) return known
    const made = this.#madeByNeed(queue, queueArguments(queue, {}, this.#kind))
    return this.#remember(queue, made)
  }

  #remember(queue: string, made: Promise<void>): Promise<void> {
    this.#making.set(queue, made)
    this.#ready.delete(queue)
    made.then(
      () => {
        if (this.#making.get(queue) === made) this.#ready.add(queue)
      },
      () => {
        if (this.#making.get(queue) === made) this.#making.delete(queue)
      },
    )
    return made
  }

  /** It is there, as far as is known here: nobody need wait. */
  isReady(queue: string): boolean {
    return this.#ready.has(queue)
  }

  /** It was declared here with a limit, and may be full. */
  isBounded(queue: string): boolean {
    return this.#bounded.has(queue)
  }

  /** It was not there after all. */
  forget(queue: string): void {
    this.#making.delete(queue)
    this.#ready.delete(queue)
  }

  forgetDelay(ms: number): void {
    this.#delays.delete(ms)
  }

  async declare(queue: string, settings: QueueSettings): Promise<void> {
    const asked = Object.values(settings).some((value) => value !== undefined)
    if (!asked) return this.ensure(queue)
    const wanted = queueArguments(queue, settings, this.#kind)
    if ('x-max-length' in wanted || 'x-max-length-bytes' in wanted) this.#bounded.add(queue)
    await this.#remember(queue, this.#made(queue, wanted))
  }

  async #madeByNeed(queue: string, wanted: Record<string, unknown>): Promise<void> {
    if ((await this.find(queue)) === undefined) await this.#made(queue, wanted)
  }

  #made(queue: string, wanted: Record<string, unknown>): Promise<void> {
    return this.#do(`declare queue "${queue}"`, async (channel) => {
      await channel.assertQueue(queue, { durable: true, arguments: wanted })
    })
  }

  /** Undefined when there is no such queue. */
  find(queue: string): Promise<Found | undefined> {
    return this.#do(`look for queue "${queue}"`, (channel) =>
      channel.checkQueue(queue).catch((error: unknown) => {
        if (isAbsent(this.#fault ?? error)) return undefined
        throw error
      }),
    )
  }

  #durable(): Record<string, unknown> {
    return this.#kind === 'quorum' ? { 'x-queue-type': 'quorum' } : {}
  }

  /** The queue in which messages wait so long before they go to the queue of their routing key. */
  delay(ms: number, nowMs: number): Promise<void> {
    const known = this.#delays.get(ms)
    if (known !== undefined && nowMs - known.atMs < delayQueueFreshMs) return known.made
    const queue = delayQueue(ms)
    const wanted = {
      // Always: a classic queue drops what a full queue does not take, this one tries until it is taken.
      'x-queue-type': 'quorum',
      'x-overflow': 'reject-publish',
      'x-dead-letter-strategy': 'at-least-once',
      'x-dead-letter-exchange': '',
      'x-message-ttl': ms,
      // Publishing is no use in RabbitMQ's eyes: it must outlive the last message that is put into it.
      'x-expires': Math.min(expiresMsMax, ms + unusedMsMax),
    }
    const made = this.#do(`declare queue "${queue}"`, async (channel) => {
      await channel.assertQueue(queue, { durable: true, arguments: wanted })
      await channel.bindQueue(queue, delayExchange, '', { 'x-match': 'all', [delayHeader]: ms })
    })
    this.#delays.set(ms, { atMs: nowMs, made })
    made.catch(() => this.#delays.delete(ms))
    return made
  }

  /** Named: kept for ever. Unnamed: goes an hour after its last use. */
  replies(name: string, named: boolean): Promise<void> {
    const queue = replyQueue(name)
    return named
      ? this.#madeByNeed(queue, this.#durable())
      : this.#made(queue, { 'x-expires': unusedMsMax })
  }

  /** One step after the other; the channel is opened again when a step has closed it. */
  #do<T>(what: string, step: (channel: Channel) => Promise<T>): Promise<T> {
    const done = this.#last.then(async () => {
      try {
        return await step(await this.#opened())
      } catch (error) {
        throw brokerFault(this.#fault ?? error, what)
      }
    })
    this.#last = done.catch(() => undefined)
    return done
  }

  async #opened(): Promise<Channel> {
    this.#fault = undefined
    if (this.#channel !== undefined) return this.#channel
    const channel = await this.#connection.createChannel()
    channel.on('error', (error: Error) => {
      this.#fault = error
    })
    channel.on('close', () => {
      if (this.#channel === channel) this.#channel = undefined
    })
    this.#channel = channel
    return channel
  }
}
