/*
 * Engines that lie, for the suite to find out: a real engine in memory, of which one thing is told or
 * done otherwise.
 */

import type { Engine, Guarantees, SubscriptionHandler } from '../../src/engine.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { Message } from '../../src/message/message.ts'

/** The engine, with some of its functions replaced. */
export function lying(engine: Engine, lies: (honest: Engine) => Partial<Engine>): Engine {
  const told = lies(engine)
  return new Proxy(engine, {
    get: (target, name) => {
      if (Object.hasOwn(told, name)) return Reflect.get(told, name)
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Publishes something else than it is told. */
export const sending =
  (change: (message: Message) => Message) =>
  (engine: Engine): Engine =>
    lying(engine, (honest) => ({
      publish: (message) => honest.publish(change(message)),
      publishMany: (messages) => honest.publishMany(messages.map(change)),
    }))

/** Hands something else to its consumers. Settling goes by the delivery that was meant. */
export const handing =
  (change: (delivery: Delivery) => Delivery) =>
  (engine: Engine): Engine => {
    const meant = new Map<number, Delivery>()
    return lying(engine, (honest) => ({
      subscribe: (queue, options, handler) =>
        honest.subscribe(queue, options, {
          deliver: (delivery) => {
            meant.set(delivery.tag, delivery)
            handler.deliver(change(delivery))
          },
          revoke: (delivery, reason) => handler.revoke(delivery, reason),
        }),
      settle: (delivery, settlement) =>
        honest.settle(meant.get(delivery.tag) ?? delivery, settlement),
    }))
  }

/** Does something else with its consumers. */
export const consuming =
  (change: (handler: SubscriptionHandler) => Partial<SubscriptionHandler>, more = 0) =>
  (engine: Engine): Engine =>
    lying(engine, (honest) => ({
      subscribe: (queue, options, handler) =>
        honest.subscribe(
          queue,
          { ...options, prefetch: options.prefetch + more },
          {
            deliver: (delivery) => handler.deliver(delivery),
            revoke: (delivery, reason) => handler.revoke(delivery, reason),
            ...change(handler),
          },
        ),
    }))

/** Says something else about itself. */
export const saying =
  (guarantees: Partial<Guarantees>) =>
  (engine: Engine): Engine =>
    lying(engine, (honest) => ({ guarantees: { ...honest.guarantees, ...guarantees } }))
