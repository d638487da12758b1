/*
 * Those who send, ask, cancel, purge and look after the dead: one action at a time, drawn at random.
 */

import type { Message, MessageMeta } from '../../src/message/message.ts'
import type { RandomSource } from '../../src/testing/random.ts'
import type { ObservedEngine } from './observed-engine.ts'
import { queueSettings, type RunPlan } from './run-plan.ts'

/** What happens how often. */
const actions = {
  send: 40,
  sendMany: 8,
  sendChosen: 14,
  sendAgain: 10,
  wait: 10,
  stopWaiting: 2,
  ask: 8,
  list: 1,
  cancel: 3,
  purge: 0.4,
  replay: 1.5,
  drop: 0.7,
  gather: 1.5,
  redeclare: 0.6,
} as const

export class SimulatedSender {
  readonly #random: RandomSource
  readonly #plan: RunPlan
  /** Chosen ids, and messages sent under them. */
  readonly #chosen: Message[] = []
  readonly #stops: (() => void)[] = []
  #sent = 0
  #gathers = 0

  /** `from`: where the numbers in ids and bodies begin, so that those of several senders differ. */
  constructor(random: RandomSource, plan: RunPlan, from = 0) {
    this.#random = random
    this.#plan = plan
    this.#sent = from * 1e6
    this.#gathers = from * 1e6
  }

  /** The engine of the next life: nobody waits any more. */
  restart(): void {
    this.#stops.length = 0
  }

  act(observed: ObservedEngine): void {
    const random = this.#random
    const action = random.weighted(actions)
    switch (action) {
      case 'send':
        void observed.publish([this.#message(observed, undefined)])
        return
      case 'sendMany':
        void observed.publish(this.#messages(observed, random.between(2, 12)))
        return
      case 'sendChosen':
        void observed.publish([this.#remember(this.#message(observed, this.#newId()))])
        return
      case 'sendAgain':
        this.#sendAgain(observed)
        return
      case 'gather':
        this.#gather(observed)
        return
      case 'redeclare':
        void observed.declare(random.pick(this.#plan.queues).name, queueSettings(random))
        return
      case 'purge':
        void observed.purge(random.pick(this.#plan.queues).name)
        return
      case 'list':
        void observed.list(random.chance(0.5) ? undefined : random.pick(this.#plan.queues).name)
        return
      default:
        this.#actOnId(observed, action)
    }
  }

  #actOnId(
    observed: ObservedEngine,
    action: 'wait' | 'stopWaiting' | 'ask' | 'cancel' | 'replay' | 'drop',
  ): void {
    const id = this.#someId(observed)
    if (id === undefined) return
    switch (action) {
      case 'wait':
        this.#stops.push(observed.wait(id))
        return
      case 'stopWaiting':
        this.#stops.splice(this.#random.below(this.#stops.length + 1), 1)[0]?.()
        return
      case 'ask':
        void observed.ask(id)
        return
      case 'cancel':
        void observed.cancel(id)
        return
      case 'replay':
      case 'drop':
        void this.#tendTheDead(observed, action)
        return
      default:
        action satisfies never
    }
  }

  async #tendTheDead(observed: ObservedEngine, action: 'replay' | 'drop'): Promise<void> {
    const dead = await observed.dead(20)
    const ids = dead.filter(() => this.#random.chance(0.4))
    if (ids.length === 0) return
    if (action === 'replay') {
      // Now and then two people have the same idea.
      const both = this.#random.chance(0.2) ? [observed.replay(ids), observed.replay(ids)] : []
      await Promise.all(both.length > 0 ? both : [observed.replay(ids)])
    }
    if (action === 'drop') await observed.drop(ids)
  }

  /** The same id again: at once, together, much later, after restarts; with other bytes, which must not count. */
  #sendAgain(observed: ObservedEngine): void {
    const random = this.#random
    const first = this.#chosen.length > 0 ? random.pick(this.#chosen) : undefined
    if (first === undefined || random.chance(0.3)) {
      const id = this.#newId()
      const one = this.#remember(this.#message(observed, id))
      void observed.publish([one])
      void observed.publish([{ ...this.#message(observed, id), routingKey: one.routingKey }])
      return
    }
    void observed.publish([{ ...this.#message(observed, first.id), routingKey: first.routingKey }])
  }

  #gather(observed: ObservedEngine): void {
    const ids = [...observed.numbers.ids].slice(-30)
    const some = ids.filter(() => this.#random.chance(0.25)).slice(0, 6)
    if (some.length === 0) return
    const callback = this.#random.pick(this.#plan.callbacks)
    void observed.gather(`gather-${this.#gathers++}`, some, callback)
  }

  #messages(observed: ObservedEngine, count: number): Message[] {
    return Array.from({ length: count }, () => {
      const chosen = this.#random.chance(0.2)
      const message = this.#message(observed, chosen ? this.#newId() : undefined)
      return chosen ? this.#remember(message) : message
    })
  }

  #newId(): string {
    return `chosen-${this.#sent}-${this.#random.below(1_000)}`
  }

  #remember(message: Message): Message {
    this.#chosen.push(message)
    return message
  }

  #someId(observed: ObservedEngine): string | undefined {
    const { ids } = observed.numbers
    if (ids.size === 0) return undefined
    // Mostly the recent ones; now and then any.
    const all = [...ids]
    const from = this.#random.chance(0.7) ? Math.max(0, all.length - 20) : 0
    return all[this.#random.between(from, all.length - 1)]
  }

  #message(observed: ObservedEngine, id: string | undefined): Message {
    const random = this.#random
    const nowMs = observed.engine.nowMs()
    const number = this.#sent++
    const filler = 'x'.repeat(random.below(this.#plan.bodyBytesMax))
    return {
      id: id ?? observed.engine.mintId(),
      idChosen: id !== undefined,
      exchange: '',
      routingKey: random.pick(this.#plan.queues).name,
      contentType: random.pick(['application/json', 'text/plain; charset=utf-8', 'image/x-odd']),
      body: random.chance(0.02) ? new Uint8Array(0) : Buffer.from(`"${number} ${filler}"`),
      priority: random.chance(0.15) ? random.pick([1, 5, 255]) : 0,
      deadlineAtMs: this.#deadlineAtMs(nowMs),
      availableAtMs: random.chance(0.12) ? nowMs + random.between(1, 4_000) : 0,
      timeoutMs: random.chance(0.6) ? random.between(50, 3_000) : 0,
      attemptsMax: random.pick([1, 2, 3, 5]),
      meta: this.#meta(),
    }
  }

  #deadlineAtMs(nowMs: number): number {
    const random = this.#random
    if (random.chance(0.6)) return Number.POSITIVE_INFINITY
    return nowMs + (random.chance(0.3) ? random.between(1, 500) : random.between(500, 20_000))
  }

  #meta(): MessageMeta | undefined {
    const random = this.#random
    const meta: { -readonly [K in keyof MessageMeta]: MessageMeta[K] } = {}
    if (random.chance(0.2)) meta.headers = { trace: `t${random.below(1_000)}`, 'x-ü': 'ÿ€' }
    if (random.chance(0.2)) meta.key = random.pick(['a', 'b'])
    if (random.chance(0.3)) {
      const names = this.#plan.callbacks.filter(() => random.chance(0.6))
      if (names.length > 0) {
        meta.callbacks = names.map((name) =>
          random.chance(0.5) ? { name, context: `{"n":${random.below(100)}}` } : { name },
        )
      }
    }
    if (random.chance(0.1)) meta.ttlMs = random.between(50, 3_000)
    return Object.keys(meta).length > 0 ? meta : undefined
  }
}
