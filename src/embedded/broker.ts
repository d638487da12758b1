/*
 * The embedded engine: the port, over its parts (engine-parts.ts).
 *
 * It owns no device: disk, clock, ledger and randomness are given to it, real or simulated.
 */

import { randomBytes } from 'node:crypto'
import { resolve } from 'node:path'
import { type Clock, steadyWallClock } from '../clock.ts'
import type {
  Accepted,
  BackupOptions,
  BackupReport,
  DeadLetter,
  DeadLetterFilter,
  Engine,
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
import { idSource, type MintId } from '../identifier.ts'
import type { Delivery } from '../message/delivery.ts'
import type { Message } from '../message/message.ts'
import type { Answer, StoredOutcome } from '../message/outcome.ts'
import type { Settled, Settlement } from '../message/settlement.ts'
import { unsupported } from '../unsupported.ts'
import type { Core } from './core.ts'
import { keepingDeclared } from './declared-settings.ts'
import { guaranteesOf } from './embedded-guarantees.ts'
import type { EngineOptions } from './engine-options.ts'
import { EngineParts, type PartsNeeded } from './engine-parts.ts'
import { IndexPages } from './index-pages.ts'
import type { Administration, Inspection } from './inspection-port.ts'
import type { Disk } from './journal/disk.ts'
import { Journal } from './journal/journal.ts'
import type { Ledger } from './ledger/ledger.ts'
import { HeldDelivery, type Subscriber } from './live-queue.ts'
import { Looking } from './looking.ts'
import type { MessageObserver } from './message-observer.ts'
import { Progress } from './progress.ts'
import { QueueDoor } from './queue-door.ts'
import { type Recovered, recover } from './recovery.ts'
import type { ExchangeSettings } from './routing/exchange.ts'
import type { BindingMatch, BindingTarget } from './routing/routing.ts'
import { queueUnknown, type Topology } from './topology.ts'

export interface Devices {
  readonly disk: Disk
  readonly clock: Clock
  readonly ledger: Ledger
  /** 16 random bits; the machine's own randomness by default. */
  readonly random16?: () => number
}

/** Recovers what the disk holds and opens the engine on it. */
export async function openBroker(
  devices: Devices,
  options: EngineOptions,
  kind = 'embedded',
): Promise<Broker> {
  const { disk, clock, ledger } = devices
  const nowMs = steadyWallClock(clock)
  let recovered: Recovered | undefined
  const pages = new IndexPages({
    disk,
    memoryBytesMax: options.indexBytesMax,
    memoryBytes: () => recovered?.state.indexBytes() ?? 0,
    onProblem: options.onProblem,
  })
  recovered = await recover({
    disk,
    ledger,
    pages,
    indexBytesMax: options.indexBytesMax,
    nowMs,
    freshSeed: devices.random16 ? devices.random16() : randomBytes(4).readUInt32LE(),
    onProblem: options.onProblem,
  })
  const { state } = recovered
  let opened: Broker | undefined
  const journal = await Journal.open(
    disk,
    clock,
    {
      ...options,
      onCommit: (tookMs) => opened?.committed(tookMs),
      onSealed: (segment, lastLsn) => {
        state.segments.use(segment).lastLsn = lastLsn
      },
    },
    { segment: recovered.lastSegment, lsn: recovered.lastLsn },
  )
  const mintId = idSource(nowMs, devices.random16)
  opened = new Broker(kind, { ...devices, options, nowMs, mintId, pages, recovered, journal })
  return opened
}

export class Broker implements Engine, Administration {
  readonly kind: string
  readonly guarantees: Guarantees
  readonly nowMs: () => number
  readonly #parts: EngineParts
  readonly #core: Core
  readonly #progress = new Progress()
  /** The same queues, as a broker serves them. */
  readonly door: QueueDoor
  /** What people see of it. */
  readonly inspection: Inspection
  readonly #mintId: MintId
  #closing: Promise<void> | undefined

  constructor(kind: string, needed: PartsNeeded) {
    this.kind = kind
    this.guarantees = guaranteesOf(kind)
    this.nowMs = needed.nowMs
    this.#mintId = needed.mintId
    this.#parts = new EngineParts(needed)
    this.#core = this.#parts.core
    this.door = new QueueDoor(this.#parts, this.#mintId)
    this.inspection = new Looking(this.#parts)
    this.#parts.gathering.resume()
    this.#parts.topology.finishDeletions((live) => this.#parts.ending.discard(live))
    this.#parts.janitor.opened()
    this.#core.wakeAt(this.nowMs())
  }

  /** Tells what happens to messages from now on. */
  observe(observer: MessageObserver): void {
    this.#core.observer = observer
  }

  /** After each group commit, which took so long. */
  committed(tookMs: number): void {
    this.#core.tally.committed()
    this.#core.tally.sync.add(tookMs, this.#core.turnMs())
    this.#parts.janitor.look()
  }

  /** The ledger has failed: without it outcomes would pile up, so the engine ends as with its disk. */
  fail(error: HomingError): void {
    this.#core.journal.fail(error)
    this.#core.outcomes.letGo()
  }

  mintId(): string {
    return this.#mintId()
  }

  async declareQueue(name: string, settings: QueueSettings): Promise<void> {
    this.#refuseWhenClosed()
    const there = this.#core.queue(name)?.queue.settings
    const live = this.#parts.topology.declareQueue(name, keepingDeclared(there, settings))
    if (!live) return
    this.#parts.delivering.settingsChanged(live)
    await this.#core.journal.durable()
  }

  /** Durable when it resolves. Fails with `exchange-conflict`, `bad-name`, `bad-argument`. */
  declareExchange(name: string, settings: ExchangeSettings): Promise<void> {
    return this.#change((topology) => topology.declareExchange(name, settings))
  }

  /** Removes the exchange with its bindings; nothing when it is not there. */
  deleteExchange(name: string): Promise<void> {
    return this.#change((topology) => topology.deleteExchange(name))
  }

  /** Binds a queue or an exchange. Fails with `queue-unknown`, `exchange-unknown`. */
  bind(source: string, to: BindingTarget, on?: BindingMatch): Promise<void> {
    return this.#change((topology) => topology.bind(source, to, on))
  }

  unbind(source: string, to: BindingTarget, on?: BindingMatch): Promise<void> {
    return this.#change((topology) => topology.unbind(source, to, on))
  }

  async #change(change: (topology: Topology) => void): Promise<void> {
    this.#refuseWhenClosed()
    change(this.#parts.topology)
    await this.#core.journal.durable()
  }

  publish(message: Message): Promise<Accepted> {
    return this.#parts.publishing.publish(message)
  }

  publishMany(messages: readonly Message[]): Promise<readonly Accepted[]> {
    return this.#parts.publishing.publishMany(messages)
  }

  subscribe(queue: string, options: SubscribeOptions, handler: SubscriptionHandler): Subscription {
    this.#refuseWhenClosed()
    const live = this.#parts.topology.queue(queue)
    const subscriber = this.#parts.delivering.subscribe(live, options, handler)
    this.#parts.delivering.pump(live)
    return {
      queue,
      stop: () => {
        subscriber.stopped = true
      },
      close: () => this.#unsubscribe(subscriber),
    }
  }

  async #unsubscribe(subscriber: Subscriber): Promise<void> {
    subscriber.stopped = true
    subscriber.live.removeSubscriber(subscriber)
    if (this.#core.journal.failure) return
    // What was seen counts as an attempt; what was only on its way does not.
    for (const delivery of [...subscriber.held]) {
      // A reply has made it final already.
      if (delivery.over) continue
      const { entry, live, seen } = delivery
      this.#parts.settling.revoke(delivery, 'closed')
      this.#parts.settling.giveBack(live, entry, 0, !seen)
    }
    this.#parts.delivering.pump(subscriber.live)
    await this.#core.journal.durable()
  }

  begun(delivery: Delivery): void {
    if (delivery instanceof HeldDelivery) this.#parts.delivering.handing.begun(delivery)
  }

  settle(delivery: Delivery, settlement: Settlement): Promise<Settled> {
    if (delivery instanceof HeldDelivery) return this.#parts.settling.settle(delivery, settlement)
    throw new HomingError('bad-argument', 'this delivery was not made by this engine')
  }

  async answer(id: string): Promise<Answer> {
    this.#checkOpen()
    const { outcomes } = this.#core
    const known = await outcomes.lookUp(id)
    if (known) return known
    if (await this.#parts.ids.isLive(id)) return { state: 'pending' }
    // It may have become final while the record was read.
    return (await outcomes.lookUp(id)) ?? { state: 'unknown' }
  }

  whenFinal(id: string, told: (outcome: StoredOutcome) => void): () => void {
    const { outcomes } = this.#core
    // Most who wait do so for a message just sent: what is live is not final, and need not be looked up.
    if (this.#parts.ids.isLiveInMemory(id)) return outcomes.wait(id, told)
    const stop = outcomes.wait(id, told)
    outcomes.lookUp(id).then(
      (known) => {
        if (known?.state === 'final' && stop()) told(known.outcome)
      },
      (error) => this.#core.onProblem(`looking up the outcome of ${id} failed: ${error}`),
    )
    return stop
  }

  async cancel(id: string, reason?: string): Promise<boolean> {
    this.#refuseWhenClosed()
    return this.#parts.endingById.cancel(id, reason === undefined ? {} : { reason })
  }

  reportProgress(delivery: Delivery, body: Uint8Array, contentType: string): void {
    if (delivery instanceof HeldDelivery && !delivery.over) {
      const progress = { contentType, body, reportedAtMs: this.#core.turnMs() }
      delivery.told = { progress }
      this.#progress.report(delivery.message.id, body, contentType)
    }
  }

  watchProgress(id: string, seen: (body: Uint8Array, contentType: string) => void): () => void {
    return this.#progress.watch(id, seen)
  }

  async gather(request: GatherRequest): Promise<void> {
    this.#refuseWhenClosed()
    await this.#parts.gathering.start(request)
  }

  async queues(): Promise<readonly QueueStats[]> {
    this.#checkOpen()
    const dead = this.#core.outcomes.ledger.deadCounts()
    return [...this.#core.state.queues.values()].map((live) => ({
      name: live.queue.name,
      ready: live.queue.waiting,
      unsettled: live.queue.unsettled,
      delayed: live.queue.delayed,
      dead: dead.get(live.queue.name) ?? 0,
      consumers: live.subscribers.length,
      ...(live.paused && { paused: true }),
      accepted: live.accepted,
      delivered: live.delivered,
      settled: live.settled,
    }))
  }

  async outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    this.#checkOpen()
    await this.#core.outcomes.caughtUp()
    return this.#core.outcomes.ledger.outcomes(filter)
  }

  async deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    this.#checkOpen()
    return this.#parts.deadLetters.list(filter)
  }

  async replayDeadLetters(filter: DeadLetterFilter): Promise<readonly string[]> {
    this.#refuseWhenClosed()
    return this.#parts.deadLetters.replay(filter)
  }

  async dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    this.#refuseWhenClosed()
    return this.#parts.deadLetters.drop(filter)
  }

  /** No deliveries until `resumeQueue`, also after a restart. Fails with `queue-unknown`. */
  pauseQueue(name: string): Promise<void> {
    return this.#change((topology) => topology.setPaused(name, true))
  }

  async resumeQueue(name: string): Promise<void> {
    await this.#change((topology) => {
      const live = topology.setPaused(name, false)
      if (live) this.#parts.delivering.settingsChanged(live)
    })
  }

  /**
   * A copy of the data directory while it is in use: all that was confirmed before the call is in it. The
   * directory must not be there, or be empty. Fails with `bad-argument`, `not-permitted`, `disk-full`,
   * `backup-running`, `backup-failed`, `unsupported`.
   */
  async backup(directory: string, options?: BackupOptions): Promise<BackupReport> {
    this.#refuseWhenClosed()
    if (this.#core.outcomes.ledger.backup)
      return this.#parts.backup.take(resolve(directory), options)
    throw unsupported(this.kind, 'backup', 'it keeps everything in memory')
  }

  async purgeQueue(name: string): Promise<number> {
    this.#refuseWhenClosed()
    const live = this.#core.queue(name)
    if (!live) throw queueUnknown(name)
    return this.#parts.ending.purge(live)
  }

  /** Reading goes on when the disk has failed; it ends with the engine. */
  #checkOpen(): void {
    if (this.#core.closed) throw new HomingError('closed', 'the engine is closed')
  }

  #refuseWhenClosed(): void {
    this.#checkOpen()
    if (this.#core.journal.failure) throw this.#core.journal.failure
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const core = this.#core
    const subscribers = [...core.state.queues.values()].flatMap((live) => live.subscribers)
    // All stop before the first gives back what it holds, or that would go to the others.
    for (const subscriber of subscribers) subscriber.stopped = true
    for (const subscriber of subscribers) await this.#unsubscribe(subscriber)
    core.closed = true
    core.stopTimer()
    await this.#parts.ending.settled()
    await this.#parts.janitor.rest()
    if (!core.journal.failure) {
      await core.journal.durable()
      await this.#parts.janitor
        .checkpoint()
        .catch((error) => core.onProblem(`no checkpoint at close: ${error}`))
    }
    await core.journal.close()
    await this.#parts.pages.close()
    await core.outcomes.close().catch((error: Error) => {
      if (core.journal.failure) throw error
      core.onProblem(
        `the ledger lacks the last outcomes; the next start enters them: ${error.message}`,
      )
    })
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
