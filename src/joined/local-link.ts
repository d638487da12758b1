/*
 * A link to an engine of this process: who had joined another process has the directory itself now.
 *
 * Rule: it is lost only by being closed. A disk that fails fails its calls, as for any owner.
 */

import type { Link } from '../adapters/link.ts'
import type { Broker } from '../embedded/broker.ts'
import type {
  Accepted,
  BackupOptions,
  BackupReport,
  DeadLetter,
  DeadLetterFilter,
  GatherRequest,
  Guarantees,
  OutcomeFilter,
  QueueSettings,
  QueueStats,
  SubscribeOptions,
  Subscription,
  SubscriptionHandler,
} from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { Delivery } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import type { Answer, StoredOutcome } from '../message/outcome.ts'
import type { Settled, Settlement } from '../message/settlement.ts'

export class LocalLink implements Link {
  readonly kind: string
  readonly guarantees: Guarantees
  readonly lost: Promise<HomingError>
  readonly #engine: Broker
  readonly #closed: (why: HomingError) => void

  constructor(engine: Broker) {
    const { promise, resolve } = Promise.withResolvers<HomingError>()
    this.lost = promise
    this.#closed = resolve
    this.#engine = engine
    this.kind = engine.kind
    this.guarantees = engine.guarantees
  }

  publish(messages: readonly Message[], again: boolean): Promise<readonly Accepted[]> {
    return again ? this.#publishAgain(messages) : this.#publish(messages)
  }

  async #publish(messages: readonly Message[]): Promise<readonly Accepted[]> {
    const [first] = messages
    return messages.length === 1 && first !== undefined
      ? [await this.#engine.publish(first)]
      : this.#engine.publishMany(messages)
  }

  /** They may be here from an earlier link: ids are looked up, whoever made them. */
  async #publishAgain(messages: readonly Message[]): Promise<readonly Accepted[]> {
    const chosen = messages.map((message) => ({ ...message, idChosen: true }))
    const accepted = await this.#publish(chosen)
    return accepted.map((one, n) => (messages[n]?.idChosen ? one : { ...one, duplicate: false }))
  }

  declareQueue(name: string, settings: QueueSettings): Promise<void> {
    return this.#engine.declareQueue(name, settings)
  }

  subscribe(queue: string, options: SubscribeOptions, handler: SubscriptionHandler): Subscription {
    return this.#engine.subscribe(queue, options, handler)
  }

  begun(delivery: Delivery): void {
    this.#engine.begun(delivery)
  }

  settle(delivery: Delivery, settlement: Settlement): Promise<Settled> {
    return this.#engine.settle(delivery, settlement)
  }

  answer(id: string): Promise<Answer> {
    return this.#engine.answer(id)
  }

  whenFinal(id: string, told: (outcome: StoredOutcome) => void): () => void {
    return this.#engine.whenFinal(id, told)
  }

  cancel(id: string, reason?: string): Promise<boolean> {
    return this.#engine.cancel(id, reason)
  }

  reportProgress(delivery: Delivery, body: Uint8Array, contentType: string): void {
    this.#engine.reportProgress(delivery, body, contentType)
  }

  watchProgress(id: string, seen: (body: Uint8Array, contentType: string) => void): () => void {
    return this.#engine.watchProgress(id, seen)
  }

  gather(request: GatherRequest): Promise<void> {
    return this.#engine.gather(request)
  }

  queues(): Promise<readonly QueueStats[]> {
    return this.#engine.queues()
  }

  outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    return this.#engine.outcomes(filter)
  }

  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    return this.#engine.deadLetters(filter)
  }

  replayDeadLetters(filter: DeadLetterFilter): Promise<readonly string[]> {
    return this.#engine.replayDeadLetters(filter)
  }

  dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    return this.#engine.dropDeadLetters(filter)
  }

  purgeQueue(name: string): Promise<number> {
    return this.#engine.purgeQueue(name)
  }

  pauseQueue(name: string): Promise<void> {
    return this.#engine.pauseQueue(name)
  }

  resumeQueue(name: string): Promise<void> {
    return this.#engine.resumeQueue(name)
  }

  backup(directory: string, options?: BackupOptions): Promise<BackupReport> {
    return this.#engine.backup(directory, options)
  }

  async close(): Promise<void> {
    await this.#engine.close()
    this.#closed(new HomingError('closed', 'the engine is closed'))
  }
}
