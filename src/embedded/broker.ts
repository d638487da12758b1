/*
 * The conductor of the embedded engine: routes, queues, journals, delivers, answers.
 *
 *   publish ─▶ Publishing ─▶ Journal ⇢ confirm
 *                  └─▶ Delivering ─▶ consumer ─▶ Settling ─▶ Journal ⇢ Outcomes ─▶ waiters, ledger
 *   time, cancel, purge ─▶ Ending ─▶ Settling                    Janitor: checkpoints, old segments
 *
 * It owns no device: disk, clock, ledger and randomness are given to it, real or simulated.
 */

import { randomBytes } from 'node:crypto'
import { type Clock, steadyWallClock } from '../clock.ts'
import type {
  Accepted,
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
import { checkName } from '../name.ts'
import { Checkpoints } from './checkpoints.ts'
import { Core } from './core.ts'
import { DeadLetters } from './dead-letters.ts'
import { Delivering } from './delivering.ts'
import { Ending } from './ending.ts'
import type { EngineOptions } from './engine-options.ts'
import { Gathering } from './gathering.ts'
import { IndexPages } from './index-pages.ts'
import { Janitor } from './janitor.ts'
import type { Disk } from './journal/disk.ts'
import { Journal } from './journal/journal.ts'
import { recordTypes } from './journal/record.ts'
import type { Ledger } from './ledger/ledger.ts'
import { HeldDelivery, type LiveQueue, type Subscriber } from './live-queue.ts'
import { OnwardSending } from './onward-sending.ts'
import { Outcomes } from './outcomes.ts'
import { Progress } from './progress.ts'
import { Publishing } from './publishing.ts'
import { type Recovered, recover } from './recovery.ts'
import { Settling } from './settling.ts'
import { sameSettings, type TopologyRecord } from './topology.ts'

export interface Devices {
  readonly disk: Disk
  readonly clock: Clock
  readonly ledger: Ledger
  /** 16 random bits; the machine's own randomness by default. */
  readonly random16?: () => number
}

const guarantees: Guarantees = {
  delay: 'native',
  priority: 'native',
  deduplication: 'native',
  reinsertion: 'native',
  ledger: 'native',
  cancel: 'native',
  progress: 'native',
  gather: 'native',
  limits: 'native',
  deadLetters: 'native',
}

const tagsPerOpening = 2 ** 32

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
    onRouting: () => undefined,
    onProblem: options.onProblem,
  })
  const { state } = recovered
  let opened: Broker | undefined
  const journal = await Journal.open(
    disk,
    clock,
    {
      ...options,
      onCommit: () => opened?.committed(),
      onSealed: (segment, lastLsn) => {
        state.segments.use(segment).lastLsn = lastLsn
      },
    },
    { segment: recovered.lastSegment, lsn: recovered.lastLsn },
  )
  opened = new Broker(devices, options, kind, nowMs, pages, recovered, journal)
  return opened
}

export class Broker implements Engine {
  readonly kind: string
  readonly guarantees = guarantees
  readonly nowMs: () => number
  readonly #core: Core
  readonly #pages: IndexPages
  readonly #delivering: Delivering
  readonly #settling: Settling
  readonly #publishing: Publishing
  readonly #ending: Ending
  readonly #gathering: Gathering
  readonly #deadLetters: DeadLetters
  readonly #janitor: Janitor
  readonly #progress = new Progress()
  readonly #mintId: MintId
  #closing: Promise<void> | undefined

  constructor(
    devices: Devices,
    options: EngineOptions,
    kind: string,
    nowMs: () => number,
    pages: IndexPages,
    recovered: Recovered,
    journal: Journal,
  ) {
    const { disk, clock, ledger } = devices
    const { state, seed } = recovered
    this.kind = kind
    this.nowMs = nowMs
    this.#pages = pages
    this.#mintId = idSource(nowMs, devices.random16)
    const outcomes = new Outcomes(journal, ledger, (id) => state.hash(id))
    for (const { hash, segment, from, lsn } of recovered.fed) outcomes.add(hash, segment, from, lsn)
    const { onProblem } = options
    const due = (): void => this.#ending.due()
    const core = new Core({ state, journal, outcomes, clock, nowMs, onProblem, due })
    this.#core = core
    this.#delivering = new Delivering({
      core,
      pages,
      firstTag: journal.segment * tagsPerOpening,
      expire: (live, entry) => this.#ending.expire(live, entry),
      damaged: (live, entry, error) => this.#ending.damaged(live, entry, error),
    })
    this.#settling = new Settling({
      core,
      delivering: this.#delivering,
      onward: new OnwardSending({
        core,
        delivering: this.#delivering,
        queue: (name) => this.#queue(name),
        giveBack: (live, entry) => this.#settling.giveBack(live, entry, 0, true),
      }),
      gathered: (id) => this.#gathering.finished(id),
    })
    this.#ending = new Ending({
      core,
      pages,
      settling: this.#settling,
      delivering: this.#delivering,
    })
    this.#publishing = new Publishing({
      core,
      delivering: this.#delivering,
      pages,
      route: (message) => this.#route(message),
      dropHead: (live) => this.#ending.dropHead(live),
    })
    this.#gathering = new Gathering(core, this.#publishing)
    this.#deadLetters = new DeadLetters(core, this.#publishing, this.#mintId)
    const checkpoints = new Checkpoints(
      { disk, state, pages, seed, nowMs, routing: () => undefined },
      recovered.checkpoint,
    )
    this.#janitor = new Janitor({ core, checkpoints, pages, ending: this.#ending, ...options })
    this.#gathering.resume()
    this.#janitor.opened()
    core.wakeAt(nowMs())
  }

  /** After each group commit. */
  committed(): void {
    this.#janitor.look()
  }

  mintId(): string {
    return this.#mintId()
  }

  async declareQueue(name: string, settings: QueueSettings): Promise<void> {
    this.#refuseWhenClosed()
    checkName(name, 'the queue name')
    const live = this.#core.queue(name)
    if (live && sameSettings(live.queue.settings, settings)) return
    const number = live?.queue.number ?? this.#core.state.nextQueueNumber
    if (live) live.change(settings)
    else this.#core.state.addQueue(number, name, settings, this.nowMs())
    this.#writeTopology({ op: 'queue', number, name, settings })
    if (live) this.#delivering.pump(live)
    await this.#core.journal.durable()
  }

  /** The queue of that name, made with standard settings when it is not there. */
  #queue(name: string): LiveQueue {
    const known = this.#core.queue(name)
    if (known) return known
    checkName(name, 'the queue name')
    const { state } = this.#core
    const live = state.addQueue(state.nextQueueNumber, name, {}, this.nowMs())
    this.#writeTopology({ op: 'queue', number: live.queue.number, name, settings: {} })
    return live
  }

  #writeTopology(record: TopologyRecord): void {
    const { journal } = this.#core
    journal.begin().raw(Buffer.from(JSON.stringify(record)))
    journal.end(recordTypes.topology)
  }

  #route(message: Message): readonly LiveQueue[] {
    if (message.exchange === '') return [this.#queue(message.routingKey)]
    throw new HomingError('exchange-unknown', `there is no exchange "${message.exchange}"`)
  }

  publish(message: Message): Promise<Accepted> {
    return this.#publishing.publish(message)
  }

  publishMany(messages: readonly Message[]): Promise<readonly Accepted[]> {
    return Promise.all(messages.map((message) => this.#publishing.publish(message)))
  }

  subscribe(queue: string, options: SubscribeOptions, handler: SubscriptionHandler): Subscription {
    this.#refuseWhenClosed()
    const live = this.#queue(queue)
    const subscriber = this.#delivering.subscribe(live, options, handler)
    this.#delivering.pump(live)
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
    const { subscribers } = subscriber.live
    const at = subscribers.indexOf(subscriber)
    if (at >= 0) subscribers.splice(at, 1)
    if (this.#core.journal.failure) return
    // What was seen counts as an attempt; what was only on its way does not.
    for (const delivery of [...subscriber.held]) {
      const { entry, live, seen } = delivery
      this.#settling.revoke(delivery, 'closed')
      this.#settling.giveBack(live, entry, 0, !seen)
    }
    this.#delivering.pump(subscriber.live)
    await this.#core.journal.durable()
  }

  settle(delivery: Delivery, settlement: Settlement): Promise<Settled> {
    if (delivery instanceof HeldDelivery) return this.#settling.settle(delivery, settlement)
    throw new HomingError('bad-argument', 'this delivery was not made by this engine')
  }

  async answer(id: string): Promise<Answer> {
    const { outcomes } = this.#core
    const known = await outcomes.lookUp(id)
    if (known) return known
    if (await this.#publishing.isLive(id)) return { state: 'pending' }
    // It may have become final while the record was read.
    return (await outcomes.lookUp(id)) ?? { state: 'unknown' }
  }

  whenFinal(id: string, told: (outcome: StoredOutcome) => void): () => void {
    const { outcomes } = this.#core
    // Most who wait do so for a message just sent: the ledger is asked only when it may know.
    if (!outcomes.mayBeRecent(id) && this.#publishing.isLiveInMemory(id)) {
      return outcomes.wait(id, told)
    }
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
    return this.#ending.cancel(id, reason === undefined ? {} : { reason })
  }

  reportProgress(delivery: Delivery, body: Uint8Array, contentType: string): void {
    if (delivery instanceof HeldDelivery && !delivery.over) {
      this.#progress.report(delivery.message.id, body, contentType)
    }
  }

  watchProgress(id: string, seen: (body: Uint8Array, contentType: string) => void): () => void {
    return this.#progress.watch(id, seen)
  }

  async gather(request: GatherRequest): Promise<void> {
    this.#refuseWhenClosed()
    await this.#gathering.start(request)
  }

  async queues(): Promise<readonly QueueStats[]> {
    const dead = this.#core.outcomes.ledger.deadCounts()
    return [...this.#core.state.queues.values()].map((live) => ({
      name: live.queue.name,
      ready: live.queue.waiting,
      unsettled: live.queue.unsettled,
      delayed: live.queue.delayed,
      dead: dead.get(live.queue.name) ?? 0,
      consumers: live.subscribers.length,
      accepted: live.accepted,
      delivered: live.delivered,
      settled: live.settled,
    }))
  }

  async outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    await this.#core.outcomes.caughtUp()
    return this.#core.outcomes.ledger.outcomes(filter)
  }

  async deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    return this.#deadLetters.list(filter)
  }

  async replayDeadLetters(filter: DeadLetterFilter): Promise<readonly string[]> {
    this.#refuseWhenClosed()
    return this.#deadLetters.replay(filter)
  }

  async dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    this.#refuseWhenClosed()
    return this.#deadLetters.drop(filter)
  }

  async purgeQueue(name: string): Promise<number> {
    this.#refuseWhenClosed()
    const live = this.#core.queue(name)
    if (!live) throw new HomingError('queue-unknown', `there is no queue "${name}"`)
    return this.#ending.purge(live)
  }

  #refuseWhenClosed(): void {
    if (this.#core.closed) throw new HomingError('closed', 'the engine is closed')
    if (this.#core.journal.failure) throw this.#core.journal.failure
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    const core = this.#core
    for (const live of core.state.queues.values()) {
      for (const subscriber of [...live.subscribers]) await this.#unsubscribe(subscriber)
    }
    core.closed = true
    core.stopTimer()
    await this.#ending.settled()
    await this.#janitor.rest()
    if (!core.journal.failure) {
      await core.journal.durable()
      await this.#janitor
        .checkpoint()
        .catch((error) => core.onProblem(`no checkpoint at close: ${error}`))
    }
    await core.journal.close()
    await this.#pages.close()
    await core.outcomes.ledger.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
