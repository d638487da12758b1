/*
 * A small machine for crash tests: one world without chance, and steps that stop when the power goes.
 */

import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'
import type { Settlement } from '../../src/message/settlement.ts'
import { randomSource } from '../../src/testing/random.ts'
import { check, report, type Violation } from '../simulation/checker.ts'
import type { ObservedConsumer, ObservedEngine } from '../simulation/observed-engine.ts'
import type { RunPlan } from '../simulation/run-plan.ts'
import { SimulatedConsumers } from '../simulation/simulated-consumers.ts'
import type { System } from '../simulation/system.ts'
import { World } from '../simulation/world.ts'

/** The power went while a step ran: the workload is over. */
export class PowerGone extends Error {}

export const quietPlan: RunPlan = {
  steps: 0,
  queues: [
    { name: 'work', settings: {} },
    { name: 'mail', settings: {} },
  ],
  callbacks: ['home'],
  segmentBytes: 2_048,
  checkpointBytes: 6_144,
  tailBytes: 1_048_576,
  reserveBytes: 4_096,
  fillsUp: false,
  latencyMs: 0.2,
  powerCut: 0,
  kill: 0,
  close: 0,
  cutWhileOpening: 0,
  diskFailure: 0,
  failAnything: true,
  strike: 0,
  jumpWhileDown: 0,
  bodyBytesMax: 100,
}

const stepMsMax = 5_000
const finishMs = 20_000

export type Work = (delivery: Delivery, observed: ObservedEngine) => void

export class Bench {
  readonly world: World
  #sent = 0

  constructor(system: System, seed: number, plan: Partial<RunPlan> = {}) {
    this.world = new World(system, randomSource(seed), { ...quietPlan, ...plan })
  }

  get observed(): ObservedEngine {
    return this.world.observed
  }

  async open(): Promise<void> {
    if (!(await this.world.open())) throw new PowerGone()
    for (const { name, settings } of this.world.plan.queues) {
      await this.step(this.observed.declare(name, settings))
    }
  }

  /** Waits for it; gives up on it after a while, as a client would. */
  async step(work: Promise<unknown>): Promise<void> {
    let over = false
    const done = () => {
      over = true
    }
    work.then(done, done)
    await this.pass(0)
    for (let ms = 0; !over && ms < stepMsMax; ms += 2) await this.pass(2)
  }

  async pass(ms: number): Promise<void> {
    await this.world.clock.advance(ms)
    if (this.world.off) throw new PowerGone()
  }

  message(text: string, changes: Partial<Message> = {}): Message {
    const number = this.#sent++
    return {
      id: changes.id ?? this.observed.engine.mintId(),
      idChosen: changes.id !== undefined,
      exchange: '',
      routingKey: 'work',
      contentType: 'text/plain; charset=utf-8',
      body: Buffer.from(`${number} ${text}`),
      priority: 0,
      deadlineAtMs: Number.POSITIVE_INFINITY,
      availableAtMs: 0,
      timeoutMs: 0,
      attemptsMax: 5,
      meta: undefined,
      ...changes,
    }
  }

  async send(text: string, changes: Partial<Message> = {}): Promise<string> {
    const message = this.message(text, changes)
    await this.step(this.observed.publish([message]))
    return message.id
  }

  async sendMany(count: number, text: string, changes: Partial<Message> = {}): Promise<string[]> {
    const messages = Array.from({ length: count }, () => this.message(text, changes))
    await this.step(this.observed.publish(messages))
    return messages.map(({ id }) => id)
  }

  consume(queue: string, prefetch: number, work: Work): ObservedConsumer | undefined {
    const { observed } = this
    return observed.subscribe(queue, prefetch, {
      onDelivery: (delivery) => work(delivery, observed),
    })
  }

  async leave(consumer: ObservedConsumer | undefined): Promise<void> {
    if (consumer !== undefined) await this.step(this.observed.unsubscribe(consumer))
  }

  async close(): Promise<void> {
    if (!(await this.world.close())) throw new PowerGone()
  }

  /** Power off, power on, everything asked; then all must come to its end, and be judged. */
  async judge(): Promise<{ violations: readonly Violation[]; text: string }> {
    const { world } = this
    world.calm()
    await world.cutPower(1)
    if (!(await world.open())) throw new Error('it does not start again')
    await world.probe('recovered')
    const consumers = new SimulatedConsumers(world.random.fork(), world.plan, world.clock)
    await world.until(consumers.takeOver(world.observed))
    await world.clock.advance(finishMs)
    if (!(await world.probe('end'))) throw new Error('the end cannot be probed')
    await world.close()
    const { events } = world.recorder
    const wrong = [...world.wrong, ...world.observed.wrong]
    if (wrong.length > 0) throw wrong[0]
    const violations = check(events, { slackMs: 50 })
    return { violations, text: report(violations, events) }
  }
}

export const answer = (text: string, code = 'ok'): Settlement => ({
  kind: 'final',
  code,
  contentType: 'text/plain; charset=utf-8',
  body: Buffer.from(text),
})

let failures = 0
export const failure = (delayMs = 0): Settlement => ({
  kind: 'retry',
  delayMs,
  code: 'thrown',
  body: Buffer.from(`{"failure":${failures++}}`),
})
