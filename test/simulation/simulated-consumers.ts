/*
 * Those who work, well and badly: they answer at once or late, twice, in error, not at all; they come
 * and go. Each delivery's fate is drawn when it arrives.
 */

import type { Clock } from '../../src/clock.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Settlement } from '../../src/message/settlement.ts'
import type { RandomSource } from '../../src/testing/random.ts'
import type { ObservedConsumer, ObservedEngine } from './observed-engine.ts'
import type { RunPlan } from './run-plan.ts'

const work = {
  answer: 30,
  answerLater: 25,
  declaredError: 5,
  retry: 14,
  retryLater: 8,
  giveBack: 5,
  refuse: 3,
  holdForEver: 4,
  answerTwice: 4,
} as const

const homecoming = { answer: 50, answerLater: 15, retry: 6, giveBack: 3, holdForEver: 1 } as const

export class SimulatedConsumers {
  readonly #random: RandomSource
  readonly #plan: RunPlan
  readonly #clock: Clock
  #consumers: ObservedConsumer[] = []
  #stopped: ObservedConsumer[] = []
  #answers = 0
  /** At the end everybody works well, so that everything can finish. */
  diligent = false

  /** `from`: where the numbers in answers begin. */
  constructor(random: RandomSource, plan: RunPlan, clock: Clock, from = 0) {
    this.#answers = from * 1e6
    this.#random = random
    this.#plan = plan
    this.#clock = clock
  }

  restart(): void {
    this.#consumers = []
    this.#stopped = []
  }

  act(observed: ObservedEngine): void {
    const random = this.#random
    const few = this.#consumers.length < 2
    const action = random.weighted({ come: few ? 8 : 2, stop: 0.5, leave: 1.5, nothing: 8 })
    if (action === 'come') this.#come(observed, this.#anyQueue(), random.pick([1, 1, 2, 5, 20]))
    if (action === 'stop' && this.#consumers.length > 0) this.#stop(observed)
    if (action === 'leave' && this.#consumers.length > 0) void observed.unsubscribe(this.#takeAny())
  }

  /** Everybody goes; then one good consumer for each queue. */
  async takeOver(observed: ObservedEngine): Promise<void> {
    this.diligent = true
    const all = [...this.#consumers, ...this.#stopped]
    this.restart()
    const leaving = all.map((consumer) => observed.unsubscribe(consumer))
    await Promise.all(leaving)
    for (const { name } of this.#plan.queues) this.#come(observed, name, 10)
    for (const name of this.#plan.callbacks) this.#come(observed, `callback:${name}`, 10)
  }

  /** It may go on holding what it has. */
  #stop(observed: ObservedEngine): void {
    const consumer = this.#takeAny()
    observed.stop(consumer)
    this.#stopped.push(consumer)
  }

  #anyQueue(): string {
    const callbacks = this.#plan.callbacks.map((name) => `callback:${name}`)
    return this.#random.pick([...this.#plan.queues.map(({ name }) => name), ...callbacks])
  }

  #takeAny(): ObservedConsumer {
    const n = this.#random.below(this.#consumers.length)
    return this.#consumers.splice(n, 1)[0] as ObservedConsumer
  }

  #come(observed: ObservedEngine, queue: string, prefetch: number): void {
    const consumer = observed.subscribe(queue, prefetch, {
      onDelivery: (delivery) => this.#work(observed, delivery),
    })
    if (consumer !== undefined) this.#consumers.push(consumer)
  }

  #work(observed: ObservedEngine, delivery: Delivery): void {
    const bringsHome = delivery.queue.startsWith('callback:')
    if (this.diligent) {
      void observed.settle(delivery, bringsHome ? { kind: 'acknowledge' } : this.#answer('ok'))
      return
    }
    if (bringsHome) this.#takeHome(observed, delivery)
    else this.#workAtRandom(observed, delivery)
  }

  #takeHome(observed: ObservedEngine, delivery: Delivery): void {
    const fate = this.#random.weighted(homecoming)
    const done: Settlement = { kind: 'acknowledge' }
    if (fate === 'answer') void observed.settle(delivery, done)
    if (fate === 'answerLater') this.#later(() => void observed.settle(delivery, done))
    if (fate === 'retry') void observed.settle(delivery, this.#retry(this.#random.below(500)))
    if (fate === 'giveBack') void observed.settle(delivery, { kind: 'return' })
  }

  #workAtRandom(observed: ObservedEngine, delivery: Delivery): void {
    const random = this.#random
    const fate = random.weighted(work)
    switch (fate) {
      case 'answer':
        void observed.settle(delivery, this.#answer('ok'))
        return
      case 'answerLater':
        this.#later(() => void observed.settle(delivery, this.#answer('ok')))
        return
      case 'declaredError':
        void observed.settle(delivery, this.#answer('NotAnImage'))
        return
      case 'refuse':
        void observed.settle(delivery, this.#answer(random.pick(['rejected', 'invalid'])))
        return
      case 'retry':
        void observed.settle(delivery, this.#retry(0))
        return
      case 'retryLater':
        void observed.settle(delivery, this.#retry(random.between(1, 2_500)))
        return
      case 'giveBack':
        void observed.settle(delivery, { kind: 'return' })
        return
      case 'answerTwice':
        void observed.settle(delivery, this.#answer('ok'))
        this.#later(() => void observed.settle(delivery, this.#answer('ok')))
        return
      case 'holdForEver':
        // Longer than most time limits: when it answers at last, it is too late.
        if (random.chance(0.5)) {
          this.#clock.after(4_000, () => void observed.settle(delivery, this.#answer('ok')))
        }
        return
      default:
        fate satisfies never
    }
  }

  #later(run: () => void): void {
    const ms = this.#random.chance(0.7) ? this.#random.below(60) : this.#random.below(1_500)
    this.#clock.after(ms, run)
  }

  #answer(code: string): Settlement {
    const body = Buffer.from(`{"answer":${this.#answers++}}`)
    return { kind: 'final', code, contentType: 'application/json', body }
  }

  #retry(delayMs: number): Settlement {
    const body = Buffer.from(`{"failure":${this.#answers++}}`)
    return { kind: 'retry', delayMs, code: 'thrown', body }
  }
}
