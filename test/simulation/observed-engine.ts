/*
 * An engine whose every answer is written into a history. The simulation, the crash tests and the kill
 * test work through it, so all of them are judged by the same checker.
 */

import type { Engine, QueueSettings, Subscription } from '../../src/engine.ts'
import type { Delivery, Revocation } from '../../src/message/delivery.ts'
import { gatheredContentType, outcomeContentType } from '../../src/message/homecoming.ts'
import type { Message } from '../../src/message/message.ts'
import type { Settled, Settlement } from '../../src/message/settlement.ts'
import type {
  AnswerFacts,
  Happening,
  Probe,
  QueueFacts,
  Recorder,
  SettlementFacts,
} from './history.ts'
import {
  answerFacts,
  bodyDigest,
  gatheredFacts,
  homecomingFacts,
  messageFacts,
  outcomeFacts,
} from './message-facts.ts'

/** Numbers that go on over all lives of one history. */
export class Numbers {
  publish = 0
  consumer = 0
  call = 0
  waiter = 0
  /** Ids that were sent or that became known otherwise. */
  readonly ids = new Set<string>()
}

export interface Watcher {
  onDelivery(delivery: Delivery): void
  onRevoked?(delivery: Delivery, reason: Revocation): void
}

export interface ObservedConsumer {
  readonly number: number
  readonly queue: string
  readonly subscription: Subscription
}

export class ObservedEngine {
  readonly engine: Engine
  readonly recorder: Recorder
  readonly numbers: Numbers
  /** Calls that have not been answered. */
  underWay = 0
  /** Errors that no caller should ever see: not ours, or our own wrong state. */
  readonly wrong: unknown[] = []
  /** The process that ran it is gone: whatever its code still does is seen by nobody. */
  over = false

  constructor(engine: Engine, recorder: Recorder, numbers: Numbers) {
    this.engine = engine
    this.recorder = recorder
    this.numbers = numbers
  }

  /** Sends all of them in one call; each is a publish of its own in the history. */
  async publish(messages: readonly Message[]): Promise<void> {
    const first = this.numbers.publish
    this.numbers.publish += messages.length
    for (const [n, message] of messages.entries()) {
      this.numbers.ids.add(message.id)
      this.#record({
        kind: 'publishing',
        publish: first + n,
        message: messageFacts(message, message.routingKey),
      })
    }
    await this.#call(
      async () =>
        messages.length === 1
          ? [await this.engine.publish(messages[0] as Message)]
          : this.engine.publishMany(messages),
      (accepted) => {
        for (const [n, { id, duplicate }] of accepted.entries()) {
          this.#record({ kind: 'confirmed', publish: first + n, id, duplicate })
        }
      },
      (code) => {
        for (let n = 0; n < messages.length; n++) {
          this.#record({ kind: 'refused', publish: first + n, code })
        }
      },
    )
  }

  /** In force from the call on, as far as anybody can tell. */
  async declare(queue: string, settings: QueueSettings): Promise<void> {
    this.#record({
      kind: 'declared',
      queue,
      settings: {
        depthMax: settings.depthMax ?? Number.POSITIVE_INFINITY,
        overflow: settings.overflow ?? 'reject',
        ttlMs: settings.messageTtlMs,
        limited: settings.rate !== undefined || settings.concurrencyMax !== undefined,
        perKey: settings.perKey !== undefined,
      },
    })
    await this.#call(
      () => this.engine.declareQueue(queue, settings),
      () => {},
      () => {},
    )
  }

  /** Undefined when the engine takes no consumers any more. */
  subscribe(queue: string, prefetch: number, watcher: Watcher): ObservedConsumer | undefined {
    const number = this.numbers.consumer++
    this.#record({ kind: 'subscribed', consumer: number, queue, prefetch })
    const handler = {
      deliver: (delivery: Delivery) => {
        this.#recordDelivery(number, delivery)
        watcher.onDelivery(delivery)
      },
      revoke: (delivery: Delivery, reason: Revocation) => {
        const { tag, message } = delivery
        this.#record({ kind: 'revoked', consumer: number, tag, id: message.id, reason })
        watcher.onRevoked?.(delivery, reason)
      },
    }
    try {
      return { number, queue, subscription: this.engine.subscribe(queue, { prefetch }, handler) }
    } catch (error) {
      this.#codeOf(error)
      return undefined
    }
  }

  stop(consumer: ObservedConsumer): void {
    consumer.subscription.stop()
    this.#record({ kind: 'stopped', consumer: consumer.number })
  }

  async unsubscribe(consumer: ObservedConsumer): Promise<void> {
    this.#record({ kind: 'unsubscribing', consumer: consumer.number })
    await this.#call(
      () => consumer.subscription.close(),
      () => this.#record({ kind: 'unsubscribed', consumer: consumer.number }),
      () => {},
    )
  }

  async settle(delivery: Delivery, settlement: Settlement): Promise<Settled | undefined> {
    const call = this.numbers.call++
    const { tag, message } = delivery
    this.#record({
      kind: 'settling',
      call,
      tag,
      id: message.id,
      settlement: settlementFacts(settlement),
    })
    let answer: Settled | undefined
    await this.#call(
      () => this.engine.settle(delivery, settlement),
      (settled) => {
        answer = settled
        const by = settled.accepted ? undefined : settled.by
        this.#record({ kind: 'settled', call, accepted: settled.accepted, by })
      },
      (code) => this.#record({ kind: 'settle-failed', call, code }),
    )
    return answer
  }

  /** Returns how to stop waiting. */
  wait(id: string): () => void {
    const waiter = this.numbers.waiter++
    this.#record({ kind: 'waiting', waiter, id })
    const stop = this.engine.whenFinal(id, (outcome) => {
      this.#record({ kind: 'told', waiter, outcome: outcomeFacts(outcome) })
    })
    return () => {
      stop()
      this.#record({ kind: 'stopped-waiting', waiter })
    }
  }

  async ask(id: string): Promise<void> {
    await this.#call(
      () => this.engine.answer(id),
      (answer) => this.#record({ kind: 'answered', id, answer: answerFacts(answer) }),
      () => {},
    )
  }

  async list(queue: string | undefined): Promise<void> {
    await this.#call(
      () => this.engine.outcomes(queue === undefined ? {} : { queue }),
      (outcomes) => this.#record({ kind: 'listed', outcomes: outcomes.map(outcomeFacts) }),
      () => {},
    )
  }

  async cancel(id: string): Promise<void> {
    const call = this.numbers.call++
    this.#record({ kind: 'canceling', call, id })
    await this.#call(
      () => this.engine.cancel(id, `call ${call}`),
      (done) => this.#record({ kind: 'canceled', call, done }),
      () => {},
    )
  }

  async purge(queue: string): Promise<void> {
    const call = this.numbers.call++
    this.#record({ kind: 'purging', call, queue })
    await this.#call(
      () => this.engine.purgeQueue(queue),
      (count) => this.#record({ kind: 'purged', call, count }),
      () => {},
    )
  }

  /** Ids of dead letters; none when they cannot be read. */
  async dead(limit: number): Promise<readonly string[]> {
    let ids: readonly string[] = []
    await this.#call(
      () => this.engine.deadLetters({ limit }),
      (dead) => {
        ids = dead.map(({ message }) => message.id)
      },
      () => {},
    )
    return ids
  }

  async replay(ids: readonly string[]): Promise<void> {
    const call = this.numbers.call++
    this.#record({ kind: 'replaying', call, ids })
    await this.#call(
      () => this.engine.replayDeadLetters({ ids }),
      (newIds) => {
        for (const id of newIds) this.numbers.ids.add(id)
        this.#record({ kind: 'replayed', call, newIds })
      },
      () => {},
    )
  }

  async drop(ids: readonly string[]): Promise<void> {
    const call = this.numbers.call++
    this.#record({ kind: 'dropping', call, ids })
    await this.#call(
      () => this.engine.dropDeadLetters({ ids }),
      (count) => this.#record({ kind: 'dropped', call, count }),
      () => {},
    )
  }

  async gather(gather: string, ids: readonly string[], callback: string): Promise<void> {
    this.#record({ kind: 'gathering', gather, ids })
    await this.#call(
      () => this.engine.gather({ id: gather, memberIds: ids, callback: { name: callback } }),
      () => this.#record({ kind: 'gathering-confirmed', gather }),
      () => {},
    )
  }

  /** Asks about every id. Undefined when something happened meanwhile, so that it would not fit together. */
  async probe(): Promise<Probe | undefined> {
    const { engine, recorder } = this
    const before = await engine.queues()
    const from = recorder.events.length
    const ids = [...this.numbers.ids]
    const answers = await Promise.all(ids.map((id) => this.#answerTo(id)))
    const dead = await engine.deadLetters({ limit: 10_000 })
    const after = await engine.queues()
    if (recorder.events.length !== from || JSON.stringify(before) !== JSON.stringify(after)) {
      return undefined
    }
    return {
      answers: new Map(ids.map((id, n) => [id, answers[n] as AnswerFacts])),
      queues: after.map(
        ({ name, ready, unsettled, delayed, dead, accepted }): QueueFacts => ({
          name,
          ready,
          unsettled,
          delayed,
          dead,
          accepted,
        }),
      ),
      deadIds: new Set(dead.map(({ message }) => message.id)),
    }
  }

  async #answerTo(id: string): Promise<AnswerFacts> {
    try {
      return answerFacts(await this.engine.answer(id))
    } catch (error) {
      if (Reflect.get(Object(error), 'code') === 'journal-damaged') return { state: 'damaged' }
      throw error
    }
  }

  #recordDelivery(consumer: number, delivery: Delivery): void {
    const { tag, attempt, redelivered, message, queue } = delivery
    const facts = messageFacts(message, queue)
    if (!queue.startsWith('callback:')) this.numbers.ids.add(message.id)
    this.#record({ kind: 'delivered', consumer, tag, attempt, redelivered, message: facts })
    const content = { callback: queue, tag, messageId: message.id }
    if (message.contentType === outcomeContentType) {
      const outcome = homecomingFacts(message.body)
      this.#record({ kind: 'called-back', ...content, digest: facts.content, outcome })
    } else if (message.contentType === gatheredContentType) {
      const { gather, ids } = gatheredFacts(message.body)
      this.#record({ kind: 'gathered', gather, tag, messageId: message.id, ids })
    }
  }

  #record(happening: Happening): void {
    if (!this.over) this.recorder.record(happening)
  }

  #codeOf(error: unknown): string {
    // By name: a copy of the engine under test has a class of its own.
    const ours = error instanceof Error && error.name === 'HomingError'
    // What the operating system said about a read comes through as it is.
    const system = error instanceof Error && Reflect.has(error, 'syscall')
    if (ours || system) return String(Reflect.get(error, 'code'))
    this.wrong.push(error)
    return 'wrong'
  }

  async #call<T>(
    run: () => Promise<T>,
    done: (value: T) => void,
    failed: (code: string) => void,
  ): Promise<void> {
    this.underWay++
    try {
      done(await run())
    } catch (error) {
      failed(this.#codeOf(error))
    } finally {
      this.underWay--
    }
  }
}

function settlementFacts(settlement: Settlement): SettlementFacts {
  switch (settlement.kind) {
    case 'final':
      return {
        kind: 'final',
        code: settlement.code,
        digest: bodyDigest(settlement.contentType, settlement.body),
      }
    case 'retry':
      return {
        kind: 'retry',
        delayMs: settlement.delayMs,
        code: settlement.code,
        digest: bodyDigest('application/json', settlement.body),
      }
    default:
      return { kind: settlement.kind }
  }
}
