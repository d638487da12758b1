import type { Engine } from '../../../src/engine.ts'
import type { Delivery } from '../../../src/message/delivery.ts'
import { altered, deliveringLie, storingLie } from '../lying-engine.ts'
import { each, liar, type PlantedBug } from '../planted-bug.ts'

/** Hands out every second first delivery after the one that follows it. */
function swapping(engine: Engine, swaps: (delivery: Delivery) => boolean) {
  const kept = new Map<string, Delivery>()
  return deliveringLie(engine, (delivery, handler) => {
    if (delivery.message.priority > 0 || !swaps(delivery)) return delivery
    const before = kept.get(delivery.queue)
    if (before === undefined) {
      kept.set(delivery.queue, delivery)
      return undefined
    }
    kept.delete(delivery.queue)
    handler.deliver(delivery)
    return before
  })
}

export const deliveryBugs: readonly PlantedBug[] = [
  liar(7, 'two messages of one batch change places', (engine) => ({
    publishMany: (messages) =>
      engine.publishMany(messages.toReversed()).then((all) => all.toReversed()),
  })),
  liar(8, 'a message that is held is handed to somebody else too', (engine) => {
    const now = each(15)
    let tag = 1e12
    return deliveringLie(engine, (delivery, handler) => {
      if (now()) handler.deliver(altered(delivery, { tag: tag++, attempt: delivery.attempt + 1 }))
      return delivery
    })
  }),
  liar(9, 'the attempt number stays at 2', (engine) =>
    deliveringLie(engine, (delivery) =>
      altered(delivery, { attempt: Math.min(delivery.attempt, 2) }),
    ),
  ),
  liar(9, 'attempts are counted anew after a restart', (engine, opening) => {
    const since = new Map<string, number>()
    return deliveringLie(engine, (delivery) => {
      if (opening === 0) return delivery
      const attempt = (since.get(delivery.message.id) ?? 0) + 1
      since.set(delivery.message.id, attempt)
      return altered(delivery, { attempt, redelivered: attempt > 1 })
    })
  }),
  liar(9, 'delivery tags repeat', (engine) =>
    deliveringLie(engine, (delivery) => altered(delivery, { tag: delivery.tag % 16 })),
  ),
  liar(10, 'the redelivered flag is forgotten', (engine) =>
    deliveringLie(engine, (delivery) => altered(delivery, { redelivered: false })),
  ),
  liar(11, 'a finished message is delivered once more', (engine) => {
    const now = each(10)
    let last: (() => void) | undefined
    const lie = deliveringLie(engine, (delivery, handler) => {
      const again = altered(delivery, { tag: delivery.tag + 1e9, attempt: delivery.attempt + 1 })
      if (now()) last = () => handler.deliver(altered(again, { redelivered: true }))
      return delivery
    })
    return {
      ...lie,
      settle: async (delivery, settlement) => {
        const repeat = last
        const settled = await lie.settle(delivery, settlement)
        if (settlement.kind === 'final' && settled.accepted && repeat !== undefined) {
          last = undefined
          setImmediate(repeat)
        }
        return settled
      },
    }
  }),
  liar(12, 'the prefetch is off by one', (engine) => ({
    subscribe: (queue, options, handler) =>
      engine.subscribe(queue, { ...options, prefetch: options.prefetch + 1 }, handler),
  })),
  liar(13, 'first deliveries change places in pairs', (engine) =>
    swapping(engine, (delivery) => delivery.attempt === 1),
  ),
  liar(14, 'what is given back goes to the tail', (engine) => ({
    settle: (delivery, settlement) =>
      engine.settle(
        delivery,
        settlement.kind === 'return'
          ? { kind: 'retry', delayMs: 250, code: 'thrown', body: new Uint8Array(0) }
          : settlement,
      ),
  })),
  liar(15, 'after a restart what was held comes back unmarked', (engine, opening) =>
    deliveringLie(engine, (delivery) =>
      opening === 0 ? delivery : altered(delivery, { redelivered: false, attempt: 1 }),
    ),
  ),
  liar(16, 'an acknowledgement is taken and not kept', (engine) => {
    const now = each(4)
    return {
      settle: async (delivery, settlement) => {
        const forget = settlement.kind === 'acknowledge' && now()
        return engine.settle(delivery, forget ? { kind: 'return' } : settlement)
      },
    }
  }),
  liar(17, 'a consumer that stopped gets more', (engine) => ({
    subscribe: (queue, options, handler) => {
      const subscription = engine.subscribe(queue, options, handler)
      return { queue, stop: () => undefined, close: () => subscription.close() }
    },
  })),
  liar(18, 'priorities are ignored', (engine) => storingLie(engine, () => ({ priority: 0 }))),
]
