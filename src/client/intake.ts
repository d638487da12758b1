/*
 * The intake of a consumer: takes deliveries from the engine, hands out as many at once as there are
 * slots, keeps the rest in order.
 *
 *   engine ── deliver ──▶ waiting ──▶ slots (concurrency) ──▶ settle ──▶ engine
 *                 └── prefetch bounds what is held ──┘
 *
 * Handing out happens in a turn of its own, so that a handler never runs inside the engine's call.
 *
 * An attempt's time runs from its delivery, so a delivery must not wait here for long behind slow
 * handlers: one that has waited between a quarter and a half of its timeout is given back (the
 * attempt does not count), and from then on nothing is fetched ahead. When one that has waited
 * begins, the engine is told, so that the handler has its whole time.
 *
 * After a crash: nothing here is on disk; what was held is delivered again.
 */

import type { Engine, Subscription } from '../engine.ts'
import type { Delivery } from '../message/delivery.ts'
import type { Settled, Settlement } from '../message/settlement.ts'
import type { Log } from './log.ts'
import { type Holder, OpenDelivery } from './open-delivery.ts'

export interface IntakeOptions {
  readonly queue: string
  readonly concurrency: number
  readonly prefetch: number
  /** What can be in work at once; the least that is fetched. */
  readonly prefetchMin: number
  readonly name: string | undefined
  readonly log: Log
}

/** A settle that came too late: somebody else ended the delivery. */
export interface Late {
  readonly id: string
  readonly queue: string
  readonly attempt: number
  readonly by: string
}

/** So many deliveries are started before timers and sockets get their turn. */
const startsPerTurnMax = 512
const sweepMsMin = 5
/** Handed-out places at the head of the waiting list before they are dropped. */
const headMax = 1_024
/** Cheaper than queueMicrotask, which makes an async resource each time. */
const soon = Promise.resolve()
const giveBack: Settlement = { kind: 'return' }

export class Intake implements Holder {
  readonly engine: Engine
  readonly options: IntakeOptions
  onLate: (late: Late) => void
  readonly #begin: (open: OpenDelivery) => void
  readonly #open = new Map<number, OpenDelivery>()
  #waiting: OpenDelivery[] = []
  #waitingHead = 0
  #running = 0
  #settling = 0
  #starts = 0
  #woken = false
  #stopped = false
  #subscriptions: Subscription[] = []
  #sweepTimer: NodeJS.Timeout | undefined
  #sweepMs = Number.POSITIVE_INFINITY
  #fetchesAhead = true
  #idle: (() => void)[] = []

  constructor(
    engine: Engine,
    options: IntakeOptions,
    begin: (open: OpenDelivery) => void,
    onLate: (late: Late) => void,
  ) {
    this.engine = engine
    this.options = options
    this.onLate = onLate
    this.#begin = begin
  }

  start(): void {
    if (!this.#stopped) this.#subscribe(this.options.prefetch)
  }

  #subscribe(prefetch: number): void {
    const { queue, name } = this.options
    const options = name === undefined ? { prefetch } : { prefetch, consumerName: name }
    this.#subscriptions.push(
      this.engine.subscribe(queue, options, {
        deliver: (delivery) => this.#deliver(delivery),
        revoke: (delivery, reason) => this.#open.get(delivery.tag)?.revoke(reason),
      }),
    )
  }

  #deliver(delivery: Delivery): void {
    const open = new OpenDelivery(this, delivery)
    if (this.#stopped) {
      open.settle(giveBack)
      return
    }
    this.#open.set(delivery.tag, open)
    this.#waiting.push(open)
    this.#wake()
    if (this.#running + this.#waiting.length - this.#waitingHead > this.options.concurrency) {
      this.#sweepWithin(delivery.message.timeoutMs)
    }
  }

  #wake(): void {
    if (this.#woken || this.#waitingHead === this.#waiting.length) return
    this.#woken = true
    if (this.#starts < startsPerTurnMax) void soon.then(this.#handOut)
    else setImmediate(this.#handOut)
  }

  readonly #handOut = (): void => {
    if (this.#starts >= startsPerTurnMax) this.#starts = 0
    while (this.#running < this.options.concurrency && this.#starts < startsPerTurnMax) {
      const open = this.#nextWaiting()
      if (open === undefined) break
      this.#starts++
      this.#running++
      open.state = 'running'
      if (open.swept) this.engine.begun?.(open.delivery)
      this.#begin(open)
    }
    this.#woken = false
    if (this.#running < this.options.concurrency) this.#wake()
  }

  #nextWaiting(): OpenDelivery | undefined {
    while (this.#waitingHead < this.#waiting.length) {
      const open = this.#waiting[this.#waitingHead++]
      if (open?.state !== 'waiting') continue
      if (this.#waitingHead >= headMax) this.#dropHandedOut()
      return open
    }
    this.#dropHandedOut()
    return undefined
  }

  #dropHandedOut(): void {
    this.#waiting = this.#waiting.slice(this.#waitingHead)
    this.#waitingHead = 0
  }

  ended(open: OpenDelivery, wasRunning: boolean): void {
    this.#open.delete(open.delivery.tag)
    if (!wasRunning) return
    this.#running--
    if (this.#stopped) this.#tellIdle()
    else this.#wake()
  }

  settle(open: OpenDelivery, settlement: Settlement): void {
    this.#settling++
    this.engine.settle(open.delivery, settlement).then(
      (settled) => this.#settled(open, settled),
      (error: unknown) => this.#settleFailed(open, error),
    )
  }

  #settled(open: OpenDelivery, settled: Settled): void {
    this.#settling--
    if (!settled.accepted) this.late(open, settled.by)
    if (this.#stopped) this.#tellIdle()
  }

  #settleFailed(open: OpenDelivery, error: unknown): void {
    this.#settling--
    const { queue, log } = this.options
    log.error({ error, id: open.id, queue }, 'a delivery could not be settled; it comes again')
    if (this.#stopped) this.#tellIdle()
  }

  late(open: OpenDelivery, by: string): void {
    const late = { id: open.id, queue: this.options.queue, attempt: open.delivery.attempt, by }
    this.options.log.warn(late, 'a handler finished after its delivery was taken away')
    this.onLate(late)
  }

  #sweepWithin(timeoutMs: number): void {
    if (timeoutMs === 0) return
    const sweepMs = Math.max(timeoutMs / 4, sweepMsMin)
    if (sweepMs >= this.#sweepMs) return
    this.#sweepMs = sweepMs
    clearInterval(this.#sweepTimer)
    this.#sweepTimer = setInterval(this.#sweep, Math.min(sweepMs, 2 ** 31 - 1))
    this.#sweepTimer.unref()
  }

  readonly #sweep = (): void => {
    const stale: OpenDelivery[] = []
    let waiting = 0
    for (let n = this.#waitingHead; n < this.#waiting.length; n++) {
      const open = this.#waiting[n] as OpenDelivery
      if (open.state !== 'waiting') continue
      waiting++
      if (open.swept) stale.push(open)
      open.swept = true
    }
    if (waiting === 0) this.#stopSweeping()
    if (stale.length > 0) this.#fetchNoMoreAhead()
    for (const open of stale) open.settle(giveBack)
  }

  #stopSweeping(): void {
    clearInterval(this.#sweepTimer)
    this.#sweepTimer = undefined
    this.#sweepMs = Number.POSITIVE_INFINITY
  }

  #fetchNoMoreAhead(): void {
    const { prefetch, prefetchMin } = this.options
    if (!this.#fetchesAhead || prefetch === prefetchMin || this.#stopped) return
    this.#fetchesAhead = false
    for (const subscription of this.#subscriptions) subscription.stop()
    this.#subscribe(prefetchMin)
  }

  /** Takes no more, gives back what has not begun. Resolves when nothing is running or settling. */
  stop(): Promise<void> {
    if (!this.#stopped) {
      this.#stopped = true
      for (const subscription of this.#subscriptions) subscription.stop()
      this.#stopSweeping()
      for (const open of [...this.#open.values()]) {
        if (open.state === 'waiting') open.settle(giveBack)
      }
    }
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.#tellIdle()
    })
  }

  #tellIdle(): void {
    if (this.#running > 0 || this.#settling > 0) return
    const told = this.#idle
    this.#idle = []
    for (const tell of told) tell()
  }

  /** Aborts what is still running and gives it all back. */
  async abandon(): Promise<void> {
    for (const open of [...this.#open.values()]) {
      open.revoke('closed')
      this.settle(open, giveBack)
    }
    await this.stop()
    await Promise.all(this.#subscriptions.map((subscription) => subscription.close()))
  }
}
