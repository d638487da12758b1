/*
 * The link to a Homing broker: the port itself over the wire (ADR 11, docs/port-on-the-wire.md).
 *
 *   calls ─▶ frames of a turn ─▶ one AMQP message          answers, deliveries, outcomes ◀─ events
 *
 * Rules: every call is answered once, or rejected with `connection-lost`. A delivery is held from when
 * it comes until its settlement was taken or it was revoked; what comes for a consumer that has
 * stopped is given back. While the server holds publishers back, publishes wait here, in their order.
 */

import type {
  Accepted,
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
} from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import type { Delivery } from '../../message/delivery.ts'
import type { Message } from '../../message/message.ts'
import type { Answer, StoredOutcome } from '../../message/outcome.ts'
import type { Settled, Settlement } from '../../message/settlement.ts'
import type { CallWriter } from '../../port-wire/calls.ts'
import { type LaterCall, portVersion } from '../../port-wire/frame.ts'
import type { Link } from '../link.ts'
import type { AmqpConnection } from './connection.ts'
import { HomingDelivery, type HomingSubscription } from './homing-delivery.ts'
import { HomingEvents } from './homing-events.ts'
import { PortLine } from './port-line.ts'

export interface HomingLinkOptions {
  /** Told what no call can be told. */
  readonly onProblem?: (text: string) => void
}

/** Time a server may take to greet. */
const greetingMsMax = 10_000
/** Clocks that differ by more are told of. */
const clockMsMax = 2_000

/**
 * Opens the link on a channel of its own. Closing the link closes the connection.
 * Fails with `connection-lost`, `protocol-fault`, `access-refused`, `unreachable`.
 */
export async function openHomingLink(
  connection: AmqpConnection,
  options: HomingLinkOptions = {},
): Promise<Link> {
  const { onProblem = () => undefined } = options
  const events = new HomingEvents(onProblem)
  const line = await PortLine.open(connection, events, (reason) => events.lose(reason))
  events.line = line
  line.calls.hello(portVersion)
  line.wake()
  const timer = setTimeout(() => {
    const text = `${connection.where}: the server did not greet within ${greetingMsMax} ms`
    events.lose(new HomingError('unreachable', text))
  }, greetingMsMax)
  try {
    const { kind, guarantees, nowMs, calls } = await events.greeting
    const aheadMs = nowMs - Date.now()
    if (Math.abs(aheadMs) > clockMsMax)
      onProblem(
        `the clock of ${connection.where} is ${Math.round(aheadMs)} ms ahead of this machine's: deadlines and delays are kept by its clock; set both right`,
      )
    const taken = new Set(Array.isArray(calls) ? calls : [])
    return new HomingLink(connection, line, { events, kind, guarantees, calls: taken })
  } finally {
    clearTimeout(timer)
  }
}

class HomingLink implements Link {
  readonly kind: string
  readonly guarantees: Guarantees
  readonly lost: Promise<HomingError>
  readonly #connection: AmqpConnection
  readonly #line: PortLine
  readonly #calls: CallWriter
  readonly #events: HomingEvents
  /** Names of the later calls that the server takes. */
  readonly #taken: ReadonlySet<unknown>

  constructor(
    connection: AmqpConnection,
    line: PortLine,
    of: {
      readonly events: HomingEvents
      readonly kind: string
      readonly guarantees: Guarantees
      readonly calls: ReadonlySet<unknown>
    },
  ) {
    this.kind = of.kind
    this.guarantees = of.guarantees
    this.lost = of.events.lost
    this.#connection = connection
    this.#line = line
    this.#calls = line.calls
    this.#events = of.events
    this.#taken = of.calls
  }

  declareQueue(name: string, settings: QueueSettings): Promise<void> {
    return this.#ask((call) => this.#calls.declareQueue(call, name, settings))
  }

  publish(messages: readonly Message[], again: boolean): Promise<readonly Accepted[]> {
    return new Promise((resolve, reject) => {
      this.#events.publish({ messages, again, accepted: resolve }, { resolve, reject })
    })
  }

  subscribe(queue: string, options: SubscribeOptions, handler: SubscriptionHandler): Subscription {
    const events = this.#events
    if (events.isLost) return { queue, stop: nothing, close: () => Promise.resolve() }
    const number = events.calls.nextNumber()
    this.#calls.subscribe(number, queue, options)
    const subscription: HomingSubscription = { number, queue, handler, of: events, stopped: false }
    events.subscriptions.set(number, subscription)
    this.#line.wake()
    return {
      queue,
      stop: () => this.#stop(subscription),
      close: () => this.#unsubscribe(subscription),
    }
  }

  #stop(subscription: HomingSubscription): void {
    if (subscription.stopped || this.#events.isLost) return
    subscription.stopped = true
    this.#calls.stop(subscription.number)
    this.#line.wake()
  }

  /** What is still held is revoked by the server before it answers. */
  async #unsubscribe(subscription: HomingSubscription): Promise<void> {
    if (this.#events.isLost || !this.#events.subscriptions.has(subscription.number)) return
    this.#stop(subscription)
    subscription.stopped = true
    await this.#ask((call) => this.#calls.unsubscribe(call, subscription.number))
    this.#events.subscriptions.delete(subscription.number)
  }

  begun(delivery: Delivery): void {
    if (!(delivery instanceof HomingDelivery) || this.#isOver(delivery)) return
    this.#calls.begun(delivery.tag)
    this.#line.wake()
  }

  settle(delivery: Delivery, settlement: Settlement): Promise<Settled> {
    const { lostError } = this.#events
    if (lostError !== undefined) return Promise.reject(lostError)
    if (!(delivery instanceof HomingDelivery) || delivery.subscription.of !== this.#events) {
      const text = 'this delivery was not made by this engine'
      return Promise.reject(new HomingError('bad-argument', text))
    }
    const { over, tag, message } = delivery
    if (over !== undefined) return Promise.resolve({ accepted: false, by: over })
    return this.#ask(
      (call) => this.#calls.settle(call, tag, message.id, settlement),
      undefined,
      delivery,
    )
  }

  answer(id: string): Promise<Answer> {
    return this.#ask((call) => this.#calls.answer(call, id))
  }

  whenFinal(id: string, told: (outcome: StoredOutcome) => void): () => void {
    if (this.#events.isLost) return nothing
    const watch = this.#events.calls.nextNumber()
    this.#calls.watchOutcome(watch, id)
    this.#events.outcomeWatches.set(watch, { id, told })
    this.#line.wake()
    return () => this.#unwatch(watch, this.#events.outcomeWatches)
  }

  watchProgress(id: string, seen: (body: Uint8Array, contentType: string) => void): () => void {
    if (this.#events.isLost) return nothing
    const watch = this.#events.calls.nextNumber()
    this.#calls.watchProgress(watch, id)
    this.#events.progressWatches.set(watch, { id, seen })
    this.#line.wake()
    return () => this.#unwatch(watch, this.#events.progressWatches)
  }

  #unwatch(watch: number, watches: Map<number, unknown>): void {
    if (!watches.delete(watch) || this.#events.isLost) return
    this.#calls.unwatch(watch)
    this.#line.wake()
  }

  async cancel(id: string, reason?: string): Promise<boolean> {
    const count = await this.#ask<number>((call) => this.#calls.cancel(call, id, reason))
    return count > 0
  }

  reportProgress(delivery: Delivery, body: Uint8Array, contentType: string): void {
    if (!(delivery instanceof HomingDelivery) || this.#isOver(delivery)) return
    this.#calls.reportProgress(delivery.tag, body, contentType)
    this.#line.wake()
  }

  gather(request: GatherRequest): Promise<void> {
    return this.#ask((call) => this.#calls.asJson('gather', call, request))
  }

  queues(): Promise<readonly QueueStats[]> {
    return this.#ask((call) => this.#calls.queues(call), [])
  }

  outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    return this.#ask((call) => this.#calls.asJson('outcomes', call, filter), [])
  }

  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    return this.#ask((call) => this.#calls.asJson('deadLetters', call, filter), [])
  }

  replayDeadLetters(filter: DeadLetterFilter): Promise<readonly string[]> {
    return this.#ask((call) => this.#calls.asJson('replayDeadLetters', call, filter))
  }

  dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    return this.#ask((call) => this.#calls.asJson('dropDeadLetters', call, filter))
  }

  purgeQueue(name: string): Promise<number> {
    return this.#ask((call) => this.#calls.ofQueue('purgeQueue', call, name))
  }

  pauseQueue(name: string): Promise<void> {
    return this.#askLater('pauseQueue', (call) => this.#calls.ofQueue('pauseQueue', call, name))
  }

  resumeQueue(name: string): Promise<void> {
    return this.#askLater('resumeQueue', (call) => this.#calls.ofQueue('resumeQueue', call, name))
  }

  backup(directory: string): Promise<BackupReport> {
    return this.#askLater('backup', (call) => this.#calls.backup(call, directory))
  }

  /** A call that the server does not know would end the link, with all that is held by it. */
  #askLater<T>(name: LaterCall, write: (call: number) => void): Promise<T> {
    if (this.#taken.has(name)) return this.#ask(write)
    const { where } = this.#connection
    const text = `${where}: the server does not take the call ${name}, its version is older than this one's; update it, or stop it and ask again`
    return Promise.reject(new HomingError('unsupported', text))
  }

  /** What is held goes back before this resolves. */
  async close(): Promise<void> {
    await this.#line.close()
    this.#events.lose(new HomingError('closed', 'the connection was closed here'))
    await this.#connection.close()
  }

  #isOver({ over, subscription }: HomingDelivery): boolean {
    return over !== undefined || subscription.of !== this.#events
  }

  /** `list`: the answer comes one by one. What cannot be written is rejected, and nothing is sent. */
  #ask<T>(
    write: (call: number) => void,
    list?: (StoredOutcome | DeadLetter | QueueStats)[],
    delivery?: HomingDelivery,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { calls, lostError } = this.#events
      if (lostError !== undefined) {
        reject(lostError)
        return
      }
      const call = calls.nextNumber()
      write(call)
      calls.add(call, {
        ...{ resolve, reject },
        ...(list && { list }),
        ...(delivery && { delivery }),
      })
      this.#line.wake()
    })
  }
}

const nothing = (): void => undefined
