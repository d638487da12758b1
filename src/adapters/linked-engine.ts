/*
 * The port for every engine that is reached over a connection. A link is the engine for as long as its
 * connection lasts; this outlives its links (ADR 11).
 *
 *   calls           in order, asked again on the next link                       open-calls.ts
 *   subscriptions   what they hold is revoked, then subscribed again             linked-subscription.ts
 *   settles         unknown whether they arrived: the outcome tells              settling-over-links.ts
 *   waiters         asked again                                                  lasting-watches.ts
 *   links           the next one, and how long to wait for it                    link-keeper.ts
 *
 * Rule: a confirm, an outcome and an accepted settle are told only when a link said so.
 */

import { type Clock, steadyWallClock, systemClock } from '../clock.ts'
import type {
  Accepted,
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
import { able } from '../unsupported.ts'
import { LastingWatches } from './lasting-watches.ts'
import type { Link, OpenLink } from './link.ts'
import { LinkKeeper } from './link-keeper.ts'
import { LinkedDelivery } from './linked-delivery.ts'
import { LinkedSubscription } from './linked-subscription.ts'
import { isLoss, OpenCalls } from './open-calls.ts'
import { SettlingOverLinks } from './settling-over-links.ts'

export interface LinkedEngineOptions {
  readonly open: OpenLink
  /** Where the engine is, for people: `amqp://db.example:5672/`. No password. */
  readonly where: string
  /** Default: what the first link says. */
  readonly kind?: string
  /** Milliseconds that a call waits for a link before it fails with `unreachable`. Default 30 s. */
  readonly patienceMs?: number
  /** Longest wait between two tries to open a link. Default 5 s. */
  readonly waitMsMax?: number
  /** Told of what nobody can be told. */
  readonly onProblem: (text: string) => void
  /** Told once when a link is lost. Default: `onProblem`. */
  readonly onLost?: (text: string) => void
  /** Told once when there is a link again. */
  readonly onBack: (text: string) => void
  readonly clock?: Clock
  /** 0 to 1; Math.random by default. */
  readonly random?: () => number
}

export const patienceMsDefault = 30_000
/** Closing waits so long for what is on its way. */
const closeMsMax = 5_000

/** Opens the first link. Rejects at once, with the reason, when that cannot be done. */
export async function openLinkedEngine(options: LinkedEngineOptions): Promise<LinkedEngine> {
  const engine = new LinkedEngine(options)
  // Somebody waits for it, while nothing of a link need keep the process from ending.
  const hold = setInterval(() => {}, 2 ** 30)
  try {
    await engine.start()
    return engine
  } finally {
    clearInterval(hold)
  }
}

export class LinkedEngine implements Engine {
  readonly nowMs: () => number
  readonly #options: LinkedEngineOptions
  readonly #clock: Clock
  readonly #patienceMs: number
  readonly #mintId: MintId
  readonly #keeper: LinkKeeper
  readonly #calls: OpenCalls
  readonly #settling: SettlingOverLinks
  readonly #watches = new LastingWatches()
  readonly #subscriptions = new Set<LinkedSubscription>()
  /** Settings that were declared, to be declared again. */
  readonly #declared = new Map<string, QueueSettings>()
  #lastLink: Link | undefined
  #lastTag = 0
  readonly #nextTag = (): number => ++this.#lastTag
  #closing: Promise<void> | undefined

  constructor(options: LinkedEngineOptions) {
    const { open, clock = systemClock, random = Math.random, onLost = options.onProblem } = options
    this.#options = options
    this.#clock = clock
    this.#patienceMs = options.patienceMs ?? patienceMsDefault
    this.nowMs = steadyWallClock(clock)
    this.#mintId = idSource(this.nowMs)
    this.#calls = new OpenCalls({ clock, why: () => this.#why() })
    this.#settling = new SettlingOverLinks(this.#calls, this.#patienceMs)
    this.#keeper = new LinkKeeper({
      open,
      clock,
      random,
      waitMsMax: options.waitMsMax,
      restore: (link) => this.#restore(link),
      up: (link) => this.#up(link),
      lost: (reason) => this.#lost(reason),
      refused: (error) => this.#calls.refuse(error),
      tellLost: ({ message }) =>
        onLost(`the connection to ${options.where} is lost: ${message}; trying again`),
      tellBack: (afterMs) =>
        options.onBack(`connected to ${options.where} again, after ${Math.round(afterMs)} ms`),
    })
  }

  start(): Promise<void> {
    return this.#keeper.start()
  }

  get kind(): string {
    return this.#options.kind ?? (this.#lastLink as Link).kind
  }

  get guarantees(): Guarantees {
    return (this.#lastLink as Link).guarantees
  }

  /** Declares again, and waits for it: what is sent next may need the settings. */
  async #restore(link: Link): Promise<void> {
    const declared = [...this.#declared].map(([name, settings]) =>
      link.declareQueue(name, settings).catch((error: unknown) => {
        if (isLoss(error)) throw error
        this.#options.onProblem(`queue "${name}" could not be declared again: ${error}`)
      }),
    )
    await Promise.all(declared)
  }

  #up(link: Link): void {
    this.#lastLink = link
    this.#calls.resume(link)
    for (const subscription of this.#subscriptions) {
      try {
        subscription.begin(link)
      } catch (error) {
        if (isLoss(error)) return
        const { queue } = subscription
        this.#options.onProblem(`queue "${queue}" could not be subscribed to again: ${error}`)
      }
    }
    this.#watches.resume(link)
  }

  #lost(reason: HomingError): void {
    this.#watches.lost()
    for (const subscription of [...this.#subscriptions]) subscription.lost()
    this.#calls.lost(reason)
  }

  #why(): string {
    const { where } = this.#options
    const { lastError, lostForMs } = this.#keeper
    const since = `${Math.round(lostForMs)} ms`
    return `no connection to ${where} for ${since}${lastError ? ` (${lastError.message})` : ''}`
  }

  mintId(): string {
    return this.#mintId()
  }

  /** Whatever can be asked twice. */
  #ask<T>(what: string, ask: (link: Link, again: boolean) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(closedError(what))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    this.#calls.add({ ask, what, patienceMs: this.#patienceMs, done: resolve, failed: reject })
    return promise
  }

  /** What cannot: whether it was done is unknown when the link is lost. */
  #askOnce<T>(what: string, ask: (link: Link) => Promise<T>): Promise<T> {
    if (this.#closing !== undefined) return Promise.reject(closedError(what))
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const onLost = (cause: HomingError): void => reject(this.#lostError(what, cause))
    this.#calls.add({
      ...{ ask, what, onLost, patienceMs: this.#patienceMs },
      ...{ done: resolve, failed: reject },
    })
    return promise
  }

  #lostError(what: string, cause: HomingError): HomingError {
    return new HomingError(
      'connection-lost',
      `the connection to ${this.#options.where} was lost before ${what} was answered (${cause.message}); it may be done or not: look before you repeat it`,
      { cause, data: { sent: true } },
    )
  }

  async declareQueue(name: string, settings: QueueSettings): Promise<void> {
    await this.#ask(`the declaration of queue "${name}"`, (link) =>
      link.declareQueue(name, settings),
    )
    this.#declared.set(name, settings)
  }

  publish(message: Message): Promise<Accepted> {
    const { id } = message
    if (this.#closing !== undefined) return Promise.reject(closedError(`message "${id}"`))
    const { promise, resolve, reject } = Promise.withResolvers<Accepted>()
    const messages = [message]
    this.#calls.add({
      ask: (link, again) => link.publish(messages, again),
      done: ([accepted]: readonly [Accepted]) => resolve(accepted),
      failed: reject,
      what: `message "${id}"`,
      patienceMs: this.#patienceMs,
    })
    return promise
  }

  publishMany(messages: readonly Message[]): Promise<readonly Accepted[]> {
    return this.#ask(`a send of ${messages.length} messages`, (link, again) =>
      link.publish(messages, again),
    )
  }

  subscribe(queue: string, options: SubscribeOptions, handler: SubscriptionHandler): Subscription {
    if (this.#closing !== undefined) throw closedError(`the consumer of queue "${queue}"`)
    const subscription = new LinkedSubscription({
      ...{ queue, options, handler, nextTag: this.#nextTag },
      onProblem: this.#options.onProblem,
      closed: (which) => this.#subscriptions.delete(which),
    })
    const { link } = this.#keeper
    if (link !== undefined) subscription.begin(link)
    this.#subscriptions.add(subscription)
    return subscription
  }

  begun(delivery: Delivery): void {
    if (!(delivery instanceof LinkedDelivery) || delivery.over !== undefined) return
    delivery.link.begun?.(delivery.origin)
  }

  settle(delivery: Delivery, settlement: Settlement): Promise<Settled> {
    if (delivery instanceof LinkedDelivery) return this.#settling.settle(delivery, settlement)
    throw new HomingError('bad-argument', 'this delivery was not made by this engine')
  }

  answer(id: string): Promise<Answer> {
    return this.#ask(`the question for message "${id}"`, (link) => link.answer(id))
  }

  whenFinal(id: string, told: (outcome: StoredOutcome) => void): () => void {
    const waiting = this.#watches.add((link, watch) =>
      link.whenFinal(id, (outcome) => {
        if (this.#watches.ended(watch)) told(outcome)
      }),
    )
    return () => this.#watches.remove(waiting)
  }

  async cancel(id: string, reason?: string): Promise<boolean> {
    let repeated = false
    const canceled = await this.#ask(`the cancellation of message "${id}"`, (link, again) => {
      repeated ||= again
      return link.cancel(id, reason)
    })
    if (canceled || !repeated) return canceled
    // The first time may have done it.
    const answer = await this.answer(id)
    return answer.state === 'final' && answer.outcome.code === 'canceled'
  }

  reportProgress(delivery: Delivery, body: Uint8Array, contentType: string): void {
    if (!(delivery instanceof LinkedDelivery) || delivery.over !== undefined) return
    delivery.link.reportProgress(delivery.origin, body, contentType)
  }

  watchProgress(id: string, seen: (body: Uint8Array, contentType: string) => void): () => void {
    const watching = this.#watches.add((link) => link.watchProgress(id, seen))
    return () => this.#watches.remove(watching)
  }

  gather(request: GatherRequest): Promise<void> {
    return this.#ask(`gather "${request.id}"`, (link) => link.gather(request))
  }

  queues(): Promise<readonly QueueStats[]> {
    return this.#ask('the question for the queues', (link) => link.queues())
  }

  outcomes(filter: OutcomeFilter): Promise<readonly StoredOutcome[]> {
    return this.#ask('the question for outcomes', (link) => link.outcomes(filter))
  }

  deadLetters(filter: DeadLetterFilter): Promise<readonly DeadLetter[]> {
    return this.#ask('the question for dead letters', (link) => link.deadLetters(filter))
  }

  replayDeadLetters(filter: DeadLetterFilter): Promise<readonly string[]> {
    return this.#askOnce('the replay of dead letters', (link) => link.replayDeadLetters(filter))
  }

  dropDeadLetters(filter: DeadLetterFilter): Promise<number> {
    return this.#askOnce('the drop of dead letters', (link) => link.dropDeadLetters(filter))
  }

  purgeQueue(name: string): Promise<number> {
    return this.#askOnce(`the purge of queue "${name}"`, (link) => link.purgeQueue(name))
  }

  pauseQueue(name: string): Promise<void> {
    return this.#ask(`the pause of queue "${name}"`, (link) =>
      able(link, link.pauseQueue?.(name), 'pauses of queues'),
    )
  }

  resumeQueue(name: string): Promise<void> {
    return this.#ask(`the end of the pause of queue "${name}"`, (link) =>
      able(link, link.resumeQueue?.(name), 'pauses of queues'),
    )
  }

  backup(directory: string): Promise<BackupReport> {
    return this.#askOnce(`the backup to ${directory}`, (link) =>
      able(link, link.backup?.(directory, { isMade: true }), 'backups'),
    )
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#keeper.stop()
    // All stop before the first gives back what it holds, or that would go to the others.
    for (const subscription of this.#subscriptions) subscription.stop()
    const closed = [...this.#subscriptions].map((subscription) => subscription.close())
    if (this.#keeper.link !== undefined) await this.#quiet(closed)
    this.#calls.failAll(({ call, losses }) => closedError(call.what, losses > 0))
    this.#calls.end()
    this.#watches.end()
    await this.#keeper.close()
  }

  /** What is on its way may arrive, but not for long. */
  async #quiet(closed: readonly Promise<unknown>[]): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = this.#clock.after(closeMsMax, resolve)
    void this.#keeper.link?.lost.then(() => resolve())
    void Promise.allSettled([...closed, this.#calls.idle()]).then(() => resolve())
    await promise
    timer.cancel()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function closedError(what: string, sent = false): HomingError {
  const state = sent ? 'was sent, and whether it arrived is unknown' : 'was not sent'
  return new HomingError('closed', `the engine is closed; ${what} ${state}`, { data: { sent } })
}
