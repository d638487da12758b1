/*
 * The engine's queues, as a broker uses them: synchronous, no promise per message.
 *
 *   virtual host ─▶ QueueDoor ─▶ topology · publishing · delivering · settling
 *
 * Durability is asked for apart: `whenDurable` tells when everything done so far is on disk. Names
 * are those of the engine, see scoped-name.ts.
 */

import type { QueueSettings } from '../engine.ts'
import { HomingError } from '../errors.ts'
import type { MintId } from '../identifier.ts'
import type { Later } from '../later.ts'
import type { Message } from '../message/message.ts'
import type { PlainMessage } from '../message/plain-message.ts'
import { BulkSettling } from './bulk-settling.ts'
import type { EngineParts } from './engine-parts.ts'
import { Getting, type Who } from './getting.ts'
import type { HeldDelivery, LiveQueue, Subscriber, Taker, TakingOptions } from './live-queue.ts'
import type { PlainFate } from './plain-publishing.ts'
import type { ExchangeSettings } from './routing/exchange.ts'
import type { BindingMatch, BindingTarget, Routing } from './routing/routing.ts'
import type { OutcomeBody } from './settling.ts'

export class QueueDoor {
  readonly #parts: EngineParts
  readonly #bulk: BulkSettling
  readonly #getting: Getting

  /** Makes an id that nothing else has. */
  readonly mintId: MintId

  constructor(parts: EngineParts, mintId: MintId) {
    this.#parts = parts
    this.mintId = mintId
    this.#bulk = new BulkSettling(parts)
    this.#getting = new Getting(parts)
  }

  nowMs(): number {
    return this.#parts.core.nowMs()
  }

  /** To look, not to change: what is declared and bound. */
  get routing(): Routing {
    return this.#parts.core.state.routing
  }

  queue(name: string): LiveQueue | undefined {
    return this.#parts.core.queue(name)
  }

  queues(): Iterable<LiveQueue> {
    return this.#parts.core.state.queues.values()
  }

  /** In all virtual hosts. */
  get queueCount(): number {
    return this.#parts.core.state.queues.size
  }

  /** Makes the queue or changes its settings. Fails with `bad-name`. */
  declareQueue(name: string, settings: QueueSettings): LiveQueue {
    this.#refuseWhenClosed()
    const { topology, delivering, core } = this.#parts
    const changed = topology.declareQueue(name, settings)
    if (changed) delivering.settingsChanged(changed)
    return core.queue(name) as LiveQueue
  }

  /**
   * Removes the queue, its bindings and what is in it; who consumes from it is told `gone`. Messages
   * with an outcome are `canceled`. Returns how many were ready.
   */
  deleteQueue(live: LiveQueue): Later<number> {
    this.#refuseWhenClosed()
    const ready = live.queue.waiting
    const subscribers = [...live.subscribers]
    for (const subscriber of subscribers) this.unsubscribe(subscriber)
    const gone = this.#parts.topology.deleteQueue(live, () => this.#parts.ending.discard(live))
    for (const subscriber of subscribers) subscriber.handler.gone?.()
    return gone ? gone.then(() => ready) : ready
  }

  /** Removes what waits. Returns how many. */
  purge(live: LiveQueue): Later<number> {
    this.#refuseWhenClosed()
    return this.#parts.ending.purge(live)
  }

  /** Fails with `exchange-conflict`, `bad-name`, `bad-argument`. */
  declareExchange(name: string, settings: ExchangeSettings): void {
    this.#refuseWhenClosed()
    this.#parts.topology.declareExchange(name, settings)
  }

  deleteExchange(name: string): void {
    this.#refuseWhenClosed()
    this.#parts.topology.deleteExchange(name)
  }

  /** Fails with `queue-unknown`, `exchange-unknown`, `bad-argument`. */
  bind(source: string, to: BindingTarget, on?: BindingMatch): void {
    this.#refuseWhenClosed()
    this.#parts.topology.bind(source, to, on)
  }

  unbind(source: string, to: BindingTarget, on?: BindingMatch): void {
    this.#refuseWhenClosed()
    this.#parts.topology.unbind(source, to, on)
  }

  /** `persistent`: kept on disk where a queue is durable. There must be at least one queue. */
  publish(message: PlainMessage, lives: readonly LiveQueue[], persistent: boolean): PlainFate {
    return this.#parts.plainPublishing.publish(message, lives, persistent)
  }

  /**
   * A message with an outcome, kept whatever its delivery mode. True when its chosen id is known: it is
   * a duplicate then, and the first one stands. A promise when that must be looked up on disk.
   * Fails with `bad-argument`, `message-too-large`.
   */
  publishTracked(message: Message, live: LiveQueue): Later<boolean | 'refused'> {
    const { core, publishing, plainPublishing } = this.#parts
    if (core.journal.full) void core.journal.retakeReserve()
    if (core.journal.full || plainPublishing.refuses(message, [live])) return 'refused'
    const taken = publishing.take(message, [live])
    plainPublishing.dropHeads(live)
    return taken
  }

  /** Whether the id is live or has an outcome; a promise when that must be looked up on disk. */
  isKnown(id: string): Later<boolean> {
    return this.#parts.ids.wasAccepted(id)
  }

  /** A reply has come for the request of that id; true when it is the request's result now. */
  answer(id: string, replyTo: string, result: OutcomeBody): Later<boolean> {
    return this.#parts.awaitedReplies.answer(id, replyTo, result)
  }

  /** Who is told of outcomes whose notification no durable queue takes. */
  onNotification(told: (queue: string, message: PlainMessage) => void): void {
    this.#parts.tellElsewhere = told
  }

  subscribe(live: LiveQueue, options: TakingOptions, taker: Taker): Subscriber {
    this.#refuseWhenClosed()
    return this.#parts.delivering.subscribe(live, options, taker)
  }

  /**
   * It takes no more. What it holds stays held; what is on its way to it stays in the queue. `left` is
   * called when it is out, and before the next one of a single active consumer's queue is served.
   */
  unsubscribe(subscriber: Subscriber, left?: () => void): void {
    if (subscriber.noAck) this.#parts.delivering.handing.giveNow(subscriber)
    subscriber.stopped = true
    const wasThere = subscriber.live.removeSubscriber(subscriber)
    left?.()
    if (wasThere) this.#parts.delivering.pump(subscriber.live)
  }

  /** Its consumers may take more than before, or it has new ones. */
  resume(live: LiveQueue): void {
    if (!live.deleted) this.#parts.delivering.pump(live)
  }

  /** The oldest message; `noAck`: settled with this. */
  get(live: LiveQueue, noAck: boolean, who?: Who): Later<HeldDelivery | undefined> {
    return this.#getting.get(live, noAck, who)
  }

  acknowledge(held: readonly HeldDelivery[]): void {
    if (!this.#isOver) this.#bulk.acknowledge(held)
  }

  /**
   * To their old places. `counted`: the deliveries count for the limits of queue and message. `isLost`:
   * nobody gave them back, their channel is over.
   */
  requeue(held: readonly HeldDelivery[], counted: boolean, isLost = false): void {
    if (!this.#isOver) this.#bulk.requeue(held, counted, isLost)
  }

  reject(held: readonly HeldDelivery[]): void {
    if (!this.#isOver) this.#bulk.reject(held)
  }

  whenDurable(told: (error: HomingError | undefined) => void): void {
    this.#parts.core.journal.whenDurable(told)
  }

  /** Publishers are to wait: disk or ledger are behind. */
  get mustWait(): boolean {
    return this.#parts.plainPublishing.mustWait
  }

  async whenRoom(): Promise<void> {
    const { journal, outcomes } = this.#parts.core
    await journal.durable()
    await outcomes.drained()
  }

  get #isOver(): boolean {
    const { core } = this.#parts
    return core.closed || core.journal.failure !== undefined
  }

  #refuseWhenClosed(): void {
    const { core } = this.#parts
    if (core.closed) throw new HomingError('closed', 'the engine is closed')
    if (core.journal.failure) throw core.journal.failure
  }
}
