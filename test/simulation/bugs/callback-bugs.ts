import type { Delivery } from '../../../src/message/delivery.ts'
import { altered, deliveringLie } from '../lying-engine.ts'
import { each, liar, type PlantedBug } from '../planted-bug.ts'

const isHome = (delivery: Delivery): boolean => delivery.queue.startsWith('callback:')

export const callbackBugs: readonly PlantedBug[] = [
  liar(27, 'each 5th outcome is not brought home', (engine) => {
    const now = each(5)
    return deliveringLie(engine, (delivery) => {
      if (!isHome(delivery) || !now()) return delivery
      engine.settle(delivery, { kind: 'acknowledge' }).catch(() => undefined)
      return undefined
    })
  }),
  liar(28, 'a homecoming has another id on its second try', (engine) =>
    deliveringLie(engine, (delivery) => {
      if (!isHome(delivery) || delivery.attempt === 1) return delivery
      const { message } = delivery
      return altered(delivery, { message: { ...message, id: `${message.id}/${delivery.attempt}` } })
    }),
  ),
  liar(29, 'a homecoming that succeeded is brought again', (engine) => {
    const again = new Set<string>()
    return {
      settle: (delivery, settlement) => {
        const { id } = delivery.message
        const repeat = settlement.kind === 'acknowledge' && !again.has(id)
        again.add(id)
        return engine.settle(delivery, repeat ? { kind: 'return' } : settlement)
      },
    }
  }),
  liar(30, 'a homecoming comes once more, after its success', (engine) => {
    const again = new Set<string>()
    return {
      settle: (delivery, settlement) => {
        const { id } = delivery.message
        const repeat = settlement.kind === 'acknowledge' && !again.has(id)
        again.add(id)
        return engine.settle(delivery, repeat ? { kind: 'return' } : settlement)
      },
    }
  }),
]
