/*
 * Messages on their way to queues: the queue is there, or is made; what is not due takes a delay queue.
 */

import { Buffer } from 'node:buffer'
import type { Options } from 'amqplib'
import { type Clock, sleep } from '../../../clock.ts'
import { HomingError } from '../../../errors.ts'
import { limits } from '../../../limits.ts'
import type { StoredOutcome } from '../../../message/outcome.ts'
import type { CallbackMessage } from '../../../shared-ledger/shared-ledger.ts'
import { delayStep } from './delay-steps.ts'
import { delayExchange, delayHeader } from './names.ts'
import type { Outgoing, Publisher } from './publisher.ts'
import type { Topology } from './topology.ts'
import { type Carried, encodeMessage } from './wire-message.ts'
import { encodeNote, encodeOutcome } from './wire-reply.ts'

export class Sending {
  readonly #topology: Topology
  readonly #publisher: Publisher
  readonly #clock: Clock
  readonly #nowMs: () => number
  #renewedAtMs = 0

  constructor(topology: Topology, publisher: Publisher, clock: Clock, nowMs: () => number) {
    this.#topology = topology
    this.#publisher = publisher
    this.#clock = clock
    this.#nowMs = nowMs
  }

  /** Resolves when it is durable. Fails with `queue-full`, `unroutable`, `access-refused` … */
  send(carried: Carried): Promise<void> {
    const { routingKey, body, availableAtMs } = carried.message
    const nowMs = this.#nowMs()
    const options = encodeMessage(carried, nowMs)
    const step = availableAtMs > 0 ? delayStep(availableAtMs - nowMs) : 0
    return this.#insisted(routingKey, () =>
      step > 0
        ? this.#sendLater(routingKey, body, options, step)
        : this.#sendNow(routingKey, body, options),
    )
  }

  /** A server in trouble refuses like a full queue: one that has no limit, as far as is known here, is asked again. */
  #insisted(queue: string, send: () => Promise<void>): Promise<void> {
    return send().catch((error: unknown) => this.#again(queue, send, error))
  }

  async #again(queue: string, send: () => Promise<void>, failure: unknown): Promise<void> {
    let last = failure
    for (let tries = 1; ; tries++) {
      const isRefused = last instanceof HomingError && last.code === 'queue-full'
      if (!isRefused || this.#topology.isBounded(queue) || tries === triesMax) throw last
      if (tries % triesPerChannel === 0) this.#renewPublisher()
      await sleep(this.#clock, refusedMs)
      try {
        return await send()
      } catch (error) {
        last = error
      }
    }
  }

  /** Not for each of all the messages that are refused at once. */
  #renewPublisher(): void {
    const nowMs = this.#nowMs()
    if (nowMs - this.#renewedAtMs < triesPerChannel * refusedMs) return
    this.#renewedAtMs = nowMs
    // When there is no other channel the link is over, or will be.
    this.#publisher.renew().catch(() => undefined)
  }

  #sendNow(queue: string, body: Uint8Array, options: Options.Publish): Promise<void> {
    const outgoing = { exchange: '', routingKey: queue, body: bytes(body), options }
    if (!this.#topology.isReady(queue)) {
      return this.#topology.ensure(queue).then(() => this.#published(outgoing))
    }
    return this.#published(outgoing)
  }

  #published(outgoing: Outgoing): Promise<void> {
    return this.#publisher
      .publish(outgoing)
      .then((published) => (published === 'stored' ? undefined : this.#deleted(outgoing)))
  }

  /**
   * Deleted since it was looked for. Not at once: a quorum queue that is made again before its
   * consumers were told that it is gone keeps them, and what it delivers to them gets lost.
   */
  async #deleted(outgoing: Outgoing): Promise<void> {
    const { routingKey: queue } = outgoing
    this.#topology.forget(queue)
    await sleep(this.#clock, deletedMs)
    await this.#topology.ensure(queue)
    if ((await this.#publisher.publish(outgoing)) === 'absent') throw unroutable(queue)
  }

  async #sendLater(
    queue: string,
    body: Uint8Array,
    { expiration: _, ...options }: Options.Publish,
    step: number,
  ): Promise<void> {
    const headers = { ...options.headers, [delayHeader]: step }
    const outgoing = {
      exchange: delayExchange,
      routingKey: queue,
      body: bytes(body),
      options: { ...options, headers },
    }
    // Where it goes afterwards must be there, too: nobody is told then.
    await this.#topology.ensure(queue)
    await this.#topology.delay(step, this.#nowMs())
    if ((await this.#publisher.publish(outgoing)) === 'stored') return
    this.#topology.forgetDelay(step)
    await this.#topology.delay(step, this.#nowMs())
    if ((await this.#publisher.publish(outgoing)) === 'absent') throw unroutable(queue)
  }

  sendCallback(message: CallbackMessage): Promise<void> {
    return this.send({
      message: {
        id: message.id,
        idChosen: false,
        exchange: '',
        routingKey: message.queue,
        contentType: message.contentType,
        body: message.body,
        priority: 0,
        deadlineAtMs: Number.POSITIVE_INFINITY,
        availableAtMs: 0,
        timeoutMs: limits.timeoutMsDefault,
        attemptsMax: limits.callbackAttemptsDefault,
        meta: undefined,
      },
      acceptedAtMs: this.#nowMs(),
      attempts: 0,
      excused: 0,
    })
  }

  /** A producer whose queue is gone has nobody who waits. */
  reply(queue: string, outcome: StoredOutcome): Promise<void> {
    const body = bytes(outcome.body)
    const options = encodeOutcome(outcome)
    const outgoing = { exchange: '', routingKey: queue, body, options }
    return this.#insisted(queue, () => this.#publisher.publish(outgoing).then(ignored))
  }

  /** Tells the producer that it will be delivered again. */
  note(queue: string, id: string, availableAtMs: number): void {
    const options = encodeNote(id, availableAtMs)
    this.#publisher
      .publish({ exchange: '', routingKey: queue, body: nothing, options })
      .catch(() => undefined)
  }
}

const deletedMs = 500
/** Thirty seconds: the nodes of a cluster may have to agree on a new leader first. */
const triesMax = 100
const triesPerChannel = 10
const refusedMs = 300
const nothing = Buffer.alloc(0)
const ignored = (): void => undefined

const bytes = (body: Uint8Array): Buffer =>
  Buffer.from(body.buffer, body.byteOffset, body.byteLength)

const unroutable = (queue: string): HomingError =>
  new HomingError(
    'unroutable',
    `queue "${queue}" is deleted on the server each time it was declared; nothing was sent`,
  )
