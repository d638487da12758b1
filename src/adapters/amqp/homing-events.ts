/*
 * What a Homing broker answers and tells, given to those who wait for it.
 */

import type { BackupReport, DeadLetter, Guarantees, QueueStats } from '../../engine.ts'
import { HomingError } from '../../errors.ts'
import type { Revocation } from '../../message/delivery.ts'
import type { Answer, StoredOutcome } from '../../message/outcome.ts'
import type { EventTaker, WireDelivery, WireError, WireSettled } from '../../port-wire/events.ts'
import { portVersion, wireFault } from '../../port-wire/frame.ts'
import { HomingDelivery, type HomingSubscription } from './homing-delivery.ts'
import { errorFrom, type OpenCall, PortCalls, type PublishCall } from './port-calls.ts'
import type { PortLine } from './port-line.ts'

/** What the server says of its engine. */
export interface Greeting {
  readonly kind: string
  readonly guarantees: Guarantees
  /** Wall ms there. */
  readonly nowMs: number
  /** Names of the later calls that it takes; an older server says nothing of them. */
  readonly calls?: unknown
}

interface OutcomeWatch {
  readonly id: string
  readonly told: (outcome: StoredOutcome) => void
}

interface ProgressWatch {
  readonly id: string
  readonly seen: (body: Uint8Array, contentType: string) => void
}

export class HomingEvents implements EventTaker {
  readonly subscriptions = new Map<number, HomingSubscription>()
  readonly outcomeWatches = new Map<number, OutcomeWatch>()
  readonly progressWatches = new Map<number, ProgressWatch>()
  readonly calls = new PortCalls(
    (number) =>
      this.subscriptions.has(number) ||
      this.outcomeWatches.has(number) ||
      this.progressWatches.has(number),
  )
  readonly greeting: Promise<Greeting>
  readonly lost: Promise<HomingError>
  line: PortLine | undefined
  /** What every call is rejected with, once the link is lost. */
  lostError: HomingError | undefined
  readonly #held = new Map<number, HomingDelivery>()
  readonly #onProblem: (text: string) => void
  readonly #greeted = Promise.withResolvers<Greeting>()
  readonly #lost = Promise.withResolvers<HomingError>()
  /** The first publish that the server did not take: those behind it wait as well. */
  #firstHeld: number | undefined
  #waiting: { readonly publish: PublishCall; readonly call: OpenCall }[] = []

  constructor(onProblem: (text: string) => void) {
    this.#onProblem = onProblem
    this.greeting = this.#greeted.promise
    this.lost = this.#lost.promise
    // Who opens the link may have gone before it is refused.
    this.greeting.catch(() => undefined)
  }

  get isLost(): boolean {
    return this.lostError !== undefined
  }

  /** Sends it, or keeps it while publishers are to wait. */
  publish(publish: PublishCall, { resolve, reject }: Pick<OpenCall, 'resolve' | 'reject'>): void {
    if (this.lostError !== undefined) {
      reject(this.lostError)
      return
    }
    const call: OpenCall = { resolve, reject, publish }
    if (this.#firstHeld === undefined) this.#send({ publish, call })
    else this.#waiting.push({ publish, call })
  }

  #send({ publish, call }: { readonly publish: PublishCall; readonly call: OpenCall }): void {
    const number = this.calls.nextNumber()
    try {
      this.line?.calls.publish(number, publish.messages, publish.again)
    } catch (error) {
      call.reject(error as HomingError)
      return
    }
    this.calls.add(number, call)
    this.line?.wake()
  }

  /** The link is over: who waits for an answer is told. */
  lose(reason: HomingError): void {
    if (this.isLost) return
    const { message } = reason
    const error = new HomingError('connection-lost', message, { cause: reason })
    this.lostError = error
    this.#greeted.reject(reason)
    const waiting = this.#waiting
    this.#waiting = []
    this.calls.failAll(error)
    for (const { call } of waiting) call.reject(error)
    for (const delivery of this.#held.values()) delivery.over = 'closed'
    this.#held.clear()
    this.subscriptions.clear()
    this.outcomeWatches.clear()
    this.progressWatches.clear()
    this.#lost.resolve(reason)
  }

  // --- events ---

  hello(version: number, facts: unknown): void {
    if (version !== portVersion)
      throw wireFault(`the server speaks version ${version}, this client version ${portVersion}`)
    const { kind, guarantees, nowMs, calls } = (facts ?? {}) as Greeting
    const isWhole = typeof kind === 'string' && typeof nowMs === 'number'
    if (!isWhole || typeof guarantees !== 'object' || guarantees === null)
      throw wireFault('the server does not say what it is')
    this.#greeted.resolve({ kind, guarantees, nowMs, calls })
  }

  done(call: number): void {
    const { list, resolve } = this.#take(call)
    resolve(list as never)
  }

  failed(call: number, error: WireError): void {
    const subscription = this.subscriptions.get(call)
    if (subscription !== undefined) {
      this.subscriptions.delete(call)
      this.#onProblem(`a consumer of queue "${subscription.queue}" is over: ${error.message}`)
      return
    }
    const watch = this.outcomeWatches.get(call) ?? this.progressWatches.get(call)
    if (watch === undefined) {
      this.calls.take(call)?.reject(errorFrom(error))
      return
    }
    this.outcomeWatches.delete(call)
    this.progressWatches.delete(call)
    this.#onProblem(`nobody waits for message ${watch.id} any more: ${error.message}`)
  }

  published(call: number, duplicate: boolean, confirmedAtMs: number): void {
    const { publish } = this.#take(call)
    const id = publish?.messages[0]?.id
    if (publish === undefined || id === undefined) throw wireFault(`call ${call} was no publish`)
    publish.accepted([{ id, duplicate, confirmedAtMs }])
  }

  publishedMany(call: number, confirmedAtMs: number, duplicates: readonly boolean[]): void {
    const { publish } = this.#take(call)
    if (publish?.messages.length !== duplicates.length)
      throw wireFault(`call ${call} was no publish of ${duplicates.length} messages`)
    publish.accepted(
      publish.messages.map(({ id }, n) => ({
        ...{ id, duplicate: duplicates[n] === true, confirmedAtMs },
      })),
    )
  }

  settled(call: number, settled: WireSettled): void {
    const { delivery, resolve } = this.#take(call)
    if (delivery === undefined) throw wireFault(`call ${call} was no settle`)
    this.#held.delete(delivery.tag)
    if (settled === 'not-held') {
      delivery.over ??= 'settled'
      resolve({ accepted: false, by: delivery.over } as never)
      return
    }
    delivery.over ??= settled.accepted ? 'settled' : settled.by
    resolve(settled as never)
  }

  answered(call: number, answer: Answer): void {
    this.#take(call).resolve(answer as never)
  }

  counted(call: number, count: number): void {
    this.#take(call).resolve(count as never)
  }

  ids(call: number, ids: readonly string[]): void {
    this.#take(call).resolve(ids as never)
  }

  backedUp(call: number, report: BackupReport): void {
    this.#take(call).resolve(report as never)
  }

  queueStats(call: number, stats: unknown): void {
    this.#listOf(call).push(stats as QueueStats)
  }

  outcome(call: number, outcome: StoredOutcome): void {
    this.#listOf(call).push(outcome)
  }

  deadLetter(call: number, letter: DeadLetter): void {
    this.#listOf(call).push(letter)
  }

  queueOf(subscription: number): string {
    return this.subscriptions.get(subscription)?.queue ?? ''
  }

  deliver(number: number, came: WireDelivery): void {
    const subscription = this.subscriptions.get(number)
    if (subscription === undefined) throw wireFault(`subscription ${number} is not open`)
    const delivery = new HomingDelivery(came, subscription)
    this.#held.set(came.tag, delivery)
    if (subscription.stopped) this.#giveBack(delivery)
    else this.#guarded(subscription, () => subscription.handler.deliver(delivery))
  }

  revoke(tag: number, reason: Revocation): void {
    const delivery = this.#held.get(tag)
    if (delivery === undefined) return
    this.#held.delete(tag)
    const wasOver = delivery.over !== undefined
    delivery.over ??= reason
    const { subscription } = delivery
    if (!wasOver) this.#guarded(subscription, () => subscription.handler.revoke(delivery, reason))
  }

  idOf(watch: number): string {
    return this.outcomeWatches.get(watch)?.id ?? ''
  }

  final(watch: number, outcome: StoredOutcome): void {
    const told = this.outcomeWatches.get(watch)?.told
    this.outcomeWatches.delete(watch)
    told?.(outcome)
  }

  progress(watch: number, contentType: string, body: Uint8Array): void {
    this.progressWatches.get(watch)?.seen(body, contentType)
  }

  held(call: number, reason: string): void {
    // One that was sent anew meanwhile has another number.
    if (this.calls.get(call)?.publish === undefined || this.#firstHeld !== undefined) return
    this.#firstHeld = call
    this.#onProblem(`the server takes no messages for now: ${reason}`)
  }

  goOn(): void {
    const first = this.#firstHeld
    if (first === undefined) return
    this.#firstHeld = undefined
    const waiting = this.#waiting
    this.#waiting = []
    this.line?.calls.goingOn()
    for (const held of this.calls.takePublishesFrom(first)) this.#send(held)
    for (const one of waiting) this.#send(one)
    this.line?.wake()
  }

  #take(number: number): OpenCall {
    const call = this.calls.take(number)
    if (call === undefined) throw wireFault(`an answer came to call ${number}, which is not open`)
    return call
  }

  #listOf(number: number): NonNullable<OpenCall['list']> {
    const list = this.calls.get(number)?.list
    if (list === undefined) throw wireFault(`one of a list came to call ${number}, which has none`)
    return list
  }

  /** It came for a consumer that has stopped: it counts as never delivered. */
  #giveBack(delivery: HomingDelivery): void {
    delivery.over = 'closed'
    const call = this.calls.nextNumber()
    this.line?.calls.settle(call, delivery.tag, delivery.message.id, { kind: 'return' })
    this.calls.add(call, { resolve: nothing, reject: nothing, delivery })
    this.line?.wake()
  }

  #guarded({ queue }: HomingSubscription, run: () => void): void {
    try {
      run()
    } catch (error) {
      this.#onProblem(`a consumer of queue "${queue}" threw: ${error}`)
    }
  }
}

const nothing = (): void => undefined
