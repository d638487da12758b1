/*
 * Engines that lie in one given way: how bugs are planted without a hook in the engine itself.
 *
 *   simulation ──▶ lie ──▶ real engine ──▶ lie ──▶ simulation
 */

import type { Engine, SubscriptionHandler } from '../../src/engine.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { System } from './system.ts'

/** What a lie changes; everything else goes through to the real engine. */
export type Lie = Partial<Engine>

/** `opening` counts the engines opened in the run, from 0. */
export type Liar = (engine: Engine, opening: number) => Lie

export function lying(system: System, liar: Liar): System {
  let opening = 0
  return {
    ...system,
    open: async (devices, plan, random16) => {
      const engine = await system.open(devices, plan, random16)
      return withLie(engine, liar(engine, opening++))
    },
  }
}

function withLie(engine: Engine, lie: Lie): Engine {
  return new Proxy(engine, {
    get(target, key) {
      const told: unknown = Reflect.get(lie, key)
      if (told !== undefined) return told
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Changes what consumers see; what they settle is the real delivery. */
export function deliveringLie(
  engine: Engine,
  change: (delivery: Delivery, handler: SubscriptionHandler) => Delivery | undefined,
): Pick<Engine, 'subscribe' | 'settle'> {
  const real = new WeakMap<Delivery, Delivery>()
  return {
    subscribe: (queue, options, handler) =>
      engine.subscribe(queue, options, {
        deliver: (delivery) => {
          const seen = change(delivery, {
            deliver: (other) => {
              if (!real.has(other)) real.set(other, delivery)
              handler.deliver(other)
            },
            revoke: handler.revoke,
          })
          if (seen === undefined) return
          real.set(seen, delivery)
          handler.deliver(seen)
        },
        revoke: (delivery, reason) => handler.revoke(delivery, reason),
      }),
    settle: (delivery, settlement) => engine.settle(real.get(delivery) ?? delivery, settlement),
  }
}

/** A copy with changes. */
export function altered(delivery: Delivery, changes: Partial<Delivery>): Delivery {
  const { message, queue, attempt, redelivered, tag, acceptedAtMs } = delivery
  return { message, queue, attempt, redelivered, tag, acceptedAtMs, ...changes }
}

/** Messages are stored with changes, and delivered as if without. */
export function storingLie(
  engine: Engine,
  change: (message: Delivery['message']) => Partial<Delivery['message']>,
): Lie {
  const sent = new Map<string, Delivery['message']>()
  const store = (message: Delivery['message']) => {
    if (!sent.has(message.id)) sent.set(message.id, message)
    return { ...message, ...change(message) }
  }
  return {
    publish: (message) => engine.publish(store(message)),
    publishMany: (messages) => engine.publishMany(messages.map(store)),
    ...deliveringLie(engine, (delivery) =>
      altered(delivery, { message: sent.get(delivery.message.id) ?? delivery.message }),
    ),
  }
}
