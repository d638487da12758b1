/*
 * What a conformance test works with: one fresh engine, and small steps that every test takes.
 *
 * No step waits for a fixed time to see something happen: `until` looks again and again, with
 * patience. Only that nothing happens is seen by waiting: `quiet`.
 */

import assert from 'node:assert/strict'
import { Home } from '../../client/home.ts'
import type { Engine, Feature, QueueSettings, Subscription } from '../../engine.ts'
import { limits } from '../../limits.ts'
import type { Delivery, Revocation } from '../../message/delivery.ts'
import type { Message } from '../../message/message.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import type { Settled, Settlement } from '../../message/settlement.ts'
import { answerOf } from './pieces.ts'
import type { EngineUnderTest } from './subject.ts'

export interface Pace {
  /** Longest wait for something to happen. */
  readonly patienceMs: number
  /** How long nothing must happen to be taken for nothing. */
  readonly quietMs: number
  /** Times of the tests (deadlines, time-outs, delays) are so many times as long. */
  readonly slowness: number
  readonly idBytesMax?: number
}

/** For what is as quick as the machine it runs on. */
export const usualPace: Pace = { patienceMs: 20_000, quietMs: 20, slowness: 1 }

const pollMs = 5
const realPatienceMsMin = 2_000

/** What a consumer has seen. */
export interface Inbox {
  readonly deliveries: Delivery[]
  readonly revoked: { readonly delivery: Delivery; readonly reason: Revocation }[]
  readonly subscription: Subscription
}

export class Trial {
  engine: Engine
  readonly #subject: EngineUnderTest
  readonly #pace: Pace
  readonly #others: Engine[] = []
  readonly #homes = new Map<Engine, Home>()
  #ids = 0

  constructor(subject: EngineUnderTest, pace: Pace = usualPace) {
    this.engine = subject.engine
    this.#subject = subject
    this.#pace = pace
  }

  get idBytesMax(): number {
    return this.#pace.idBytesMax ?? limits.idBytesMax
  }

  /** Closes it, and opens it again on what it has stored. */
  async reopen(): Promise<void> {
    assert.ok(this.#subject.reopen)
    const home = this.#homes.get(this.engine)
    if (home !== undefined) await this.during(home.close({ grace: 0 }), 'the home to close')
    this.engine = await this.during(this.#subject.reopen())
  }

  /** Another engine on the same carrier; closed when the trial ends. */
  async another(): Promise<Engine> {
    assert.ok(this.#subject.another)
    const other = await this.during(this.#subject.another())
    this.#others.push(other)
    return other
  }

  cut(): Promise<void> {
    assert.ok(this.#subject.cut)
    return this.during(this.#subject.cut())
  }

  restart(whileAway: () => Promise<void> = async () => {}): Promise<void> {
    assert.ok(this.#subject.restart)
    return this.during(this.#subject.restart(whileAway))
  }

  /** The five verbs over this engine, or another one. */
  home(engine: Engine = this.engine): Home {
    const home = this.#homes.get(engine) ?? new Home(engine)
    this.#homes.set(engine, home)
    return home
  }

  /** Closes what the trial opened, but not the engine under test. */
  async close(): Promise<void> {
    const homes = [...this.#homes.values()].map((home) => home.close({ grace: 0 }))
    await this.during(Promise.all(homes))
    await this.during(Promise.all(this.#others.map((other) => other.close())))
  }

  /** Closes the same after a failure, and waits for nothing: what is stuck would not end. */
  abandon(): void {
    const ends = [...this.#homes.values()].map((home) => home.close({ grace: 0 }))
    for (const end of [...ends, ...this.#others.map((other) => other.close())]) {
      end.catch(() => undefined)
    }
  }

  /** Whether the engine keeps this promise with work of its own, so that it may be weaker in places. */
  emulates(feature: Feature): boolean {
    const guarantee = this.engine.guarantees[feature]
    return typeof guarantee === 'object' && 'emulated' in guarantee
  }

  /** A time of a test, for the pace of this engine. */
  ms(ms: number): number {
    return ms * this.#pace.slowness
  }

  async pass(ms: number): Promise<void> {
    if (this.#subject.pass) await this.#subject.pass(ms)
    else await new Promise((resolve) => setTimeout(resolve, ms))
  }

  /** Waits as long as nothing more may happen. */
  quiet(): Promise<void> {
    return this.pass(this.#pace.quietMs)
  }

  /** Awaits the promise while time passes. */
  async during<T>(promise: Promise<T>, what = 'the call to be answered'): Promise<T> {
    let settled = false
    const mark = () => {
      settled = true
    }
    promise.then(mark, mark)
    await this.until(() => settled, what)
    return promise
  }

  /** Lets time pass until the condition holds; fails the test when patience has run out. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const { patienceMs } = this.#pace
    // The client's own timers are real ones, also over an engine whose time is not.
    const realEndMs = performance.now() + Math.min(patienceMs, realPatienceMsMin)
    for (let ms = 0; !condition(); ms += pollMs) {
      if (ms > patienceMs && performance.now() > realEndMs) {
        assert.fail(`waited ${patienceMs} ms in vain for ${what}`)
      }
      await this.pass(pollMs)
    }
  }

  message(queue: string, text: string, changes: Partial<Message> = {}): Message {
    return {
      id: changes.id ?? this.engine.mintId(),
      idChosen: changes.id !== undefined,
      exchange: '',
      routingKey: queue,
      contentType: 'text/plain; charset=utf-8',
      body: new TextEncoder().encode(text),
      priority: 0,
      deadlineAtMs: Number.POSITIVE_INFINITY,
      availableAtMs: 0,
      timeoutMs: 0,
      attemptsMax: 5,
      meta: undefined,
      ...changes,
    }
  }

  /** An id that this trial has not used. */
  newId(): string {
    return `id-${this.#ids++}`
  }

  async queue(name: string, settings: QueueSettings = {}): Promise<string> {
    await this.during(this.engine.declareQueue(name, settings))
    return name
  }

  async send(queue: string, text: string, changes: Partial<Message> = {}): Promise<Message> {
    const message = this.message(queue, text, changes)
    await this.during(this.engine.publish(message))
    return message
  }

  /** Sends the texts, each as one message, in order. */
  async sendAll(queue: string, ...texts: string[]): Promise<Message[]> {
    const messages = texts.map((text) => this.message(queue, text))
    await this.during(this.engine.publishMany(messages))
    return messages
  }

  consume(
    queue: string,
    prefetch = 100,
    onDelivery?: (delivery: Delivery) => void,
    engine: Engine = this.engine,
  ): Inbox {
    const deliveries: Delivery[] = []
    const revoked: { delivery: Delivery; reason: Revocation }[] = []
    const subscription = engine.subscribe(
      queue,
      { prefetch },
      {
        deliver: (delivery) => {
          deliveries.push(delivery)
          onDelivery?.(delivery)
        },
        revoke: (delivery, reason) => {
          revoked.push({ delivery, reason })
        },
      },
    )
    return { deliveries, revoked, subscription }
  }

  async received(inbox: Inbox, count: number): Promise<readonly Delivery[]> {
    await this.until(() => inbox.deliveries.length >= count, `${count} deliveries`)
    return inbox.deliveries
  }

  /** A consumer of its own gets the next message of the queue, and keeps it. */
  async heldBy(queue: string, engine: Engine = this.engine): Promise<Delivery> {
    const [delivery] = await this.received(this.consume(queue, 1, undefined, engine), 1)
    return delivery as Delivery
  }

  settle(delivery: Delivery, settlement: Settlement, engine = this.engine): Promise<Settled> {
    return this.during(engine.settle(delivery, settlement))
  }

  answer(delivery: Delivery, text = 'done', code = 'ok'): Promise<Settled> {
    return this.settle(delivery, answerOf(text, code))
  }

  async outcome(id: string, engine: Engine = this.engine): Promise<StoredOutcome> {
    let told: StoredOutcome | undefined
    engine.whenFinal(id, (outcome) => {
      told = outcome
    })
    await this.until(() => told !== undefined, `the outcome of ${id}`)
    return told as StoredOutcome
  }

  state(id: string, engine: Engine = this.engine): Promise<string> {
    return this.during(engine.answer(id)).then((answer) => answer.state)
  }

  /** The call fails with that code. */
  async refused(promise: Promise<unknown>, code: string): Promise<void> {
    await assert.rejects(this.during(promise), (error: Error) => {
      assert.equal(Reflect.get(error, 'code'), code, error.message)
      return true
    })
  }

  /** What came, in the order it should have come in; in any, from an engine that emulates order. */
  sameOrder(came: readonly string[], expected: readonly string[]): void {
    if (this.emulates('order')) assert.deepEqual(came.toSorted(), expected.toSorted())
    else assert.deepEqual(came, expected)
  }
}
