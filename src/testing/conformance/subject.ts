/*
 * What a conformance test works with: one fresh engine, and small steps that every test takes.
 */

import assert from 'node:assert/strict'
import type { Engine, QueueSettings, Subscription } from '../../engine.ts'
import type { Delivery, Revocation } from '../../message/delivery.ts'
import type { Message, MessageMeta } from '../../message/message.ts'
import type { StoredOutcome } from '../../message/outcome.ts'
import type { Settled, Settlement } from '../../message/settlement.ts'

/** One engine under test. */
export interface EngineUnderTest {
  readonly engine: Engine
  /** Closes it and opens it again on the same data. Absent when nothing survives a close. */
  reopen?(): Promise<Engine>
  /** Lets time pass, for engines on a simulated clock. Absent for real time. */
  pass?(ms: number): Promise<void>
  /** Closes it and removes what it stored. */
  dispose(): Promise<void>
}

const patienceMs = 10_000
const pollMs = 5

/** What a consumer has seen. */
export interface Inbox {
  readonly deliveries: Delivery[]
  readonly revoked: { readonly delivery: Delivery; readonly reason: Revocation }[]
  readonly subscription: Subscription
}

export class Trial {
  engine: Engine
  readonly #subject: EngineUnderTest
  #ids = 0

  constructor(subject: EngineUnderTest) {
    this.engine = subject.engine
    this.#subject = subject
  }

  get canReopen(): boolean {
    return this.#subject.reopen !== undefined
  }

  async reopen(): Promise<void> {
    assert.ok(this.#subject.reopen)
    this.engine = await this.during(this.#subject.reopen())
  }

  async pass(ms: number): Promise<void> {
    if (this.#subject.pass) await this.#subject.pass(ms)
    else await new Promise((resolve) => setTimeout(resolve, ms))
  }

  /** Awaits the promise while time passes. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const mark = () => {
      settled = true
    }
    promise.then(mark, mark)
    await this.until(() => settled, 'the call to be answered')
    return promise
  }

  /** Lets time pass until the condition holds; fails the test after ten seconds. */
  async until(condition: () => boolean, what: string): Promise<void> {
    for (let ms = 0; !condition(); ms += pollMs) {
      if (ms > patienceMs) assert.fail(`waited ${patienceMs} ms in vain for ${what}`)
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

  consume(queue: string, prefetch = 100, onDelivery?: (delivery: Delivery) => void): Inbox {
    const deliveries: Delivery[] = []
    const revoked: { delivery: Delivery; reason: Revocation }[] = []
    const subscription = this.engine.subscribe(
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

  settle(delivery: Delivery, settlement: Settlement): Promise<Settled> {
    return this.during(this.engine.settle(delivery, settlement))
  }

  answer(delivery: Delivery, text = 'done', code = 'ok'): Promise<Settled> {
    return this.settle(delivery, answerOf(text, code))
  }

  async outcome(id: string): Promise<StoredOutcome> {
    let told: StoredOutcome | undefined
    this.engine.whenFinal(id, (outcome) => {
      told = outcome
    })
    await this.until(() => told !== undefined, `the outcome of ${id}`)
    return told as StoredOutcome
  }

  state(id: string): Promise<string> {
    return this.during(this.engine.answer(id)).then((answer) => answer.state)
  }

  /** The call fails with that code. */
  async refused(promise: Promise<unknown>, code: string): Promise<void> {
    await assert.rejects(
      this.during(promise),
      (error: Error) => Reflect.get(error, 'code') === code,
    )
  }
}

export const answerOf = (text: string, code = 'ok'): Settlement => ({
  kind: 'final',
  code,
  contentType: 'text/plain; charset=utf-8',
  body: new TextEncoder().encode(text),
})

export const failure = (delayMs = 0): Settlement => ({
  kind: 'retry',
  delayMs,
  code: 'thrown',
  body: new TextEncoder().encode('{"name":"Error","message":"no"}'),
})

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

export const texts = (deliveries: readonly Delivery[]): string[] =>
  deliveries.map(({ message, redelivered }) => textOf(message.body) + (redelivered ? 'R' : ''))

export const withMeta = (meta: MessageMeta): Partial<Message> => ({ meta })

/** One promise of the port: its words and the trial that shows it. */
export interface ConformanceTest {
  readonly title: string
  /** Runs only when the engine says it can do this. */
  readonly needs?: keyof Engine['guarantees']
  /** Runs only when what was stored survives a close. */
  readonly needsReopen?: true
  run(trial: Trial): Promise<void>
}
