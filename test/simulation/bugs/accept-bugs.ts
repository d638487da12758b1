import { HomingError } from '../../../src/errors.ts'
import { altered, deliveringLie } from '../lying-engine.ts'
import { each, liar, type PlantedBug } from '../planted-bug.ts'

export const acceptBugs: readonly PlantedBug[] = [
  liar(1, 'each 20th message is confirmed, answered for and never worked on', (engine) => {
    const now = each(20)
    const lost = new Set<string>()
    return {
      publish: async (message) => {
        if (!now()) return engine.publish(message)
        lost.add(message.id)
        return { id: message.id, duplicate: false, confirmedAtMs: engine.nowMs() }
      },
      answer: async (id) => (lost.has(id) ? { state: 'pending' } : engine.answer(id)),
    }
  }),
  liar(2, 'the confirm comes before the sync', (engine) => ({
    publish: async (message) => {
      engine.publish(message).catch(() => undefined)
      return { id: message.id, duplicate: false, confirmedAtMs: engine.nowMs() }
    },
  })),
  {
    invariant: 2,
    name: 'each 10th sync of the disk is not done',
    plant: (system) => ({
      ...system,
      open: (devices, plan, random16) => {
        const now = each(10)
        const { disk } = devices
        const forgetful = (make: Promise<Awaited<ReturnType<typeof disk.open>>>) =>
          make.then((file) => {
            const sync = file.sync.bind(file)
            file.sync = async () => (now() ? undefined : sync())
            return file
          })
        const lyingDisk = new Proxy(disk, {
          get: (target, key) => {
            if (key === 'create') return (name: string) => forgetful(target.create(name))
            if (key === 'open') return (name: string) => forgetful(target.open(name))
            const value: unknown = Reflect.get(target, key)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
        return system.open({ ...devices, disk: lyingDisk }, plan, random16)
      },
    }),
  },
  liar(3, 'a confirm names another message', (engine) => {
    const now = each(10)
    return {
      publish: async (message) => {
        const accepted = await engine.publish(message)
        return now() ? { ...accepted, id: `${accepted.id}?` } : accepted
      },
    }
  }),
  liar(3, 'each 20th publish is never answered', (engine) => {
    const now = each(20)
    return {
      publish: (message) =>
        engine.publish(message).then((accepted) => (now() ? new Promise(() => {}) : accepted)),
    }
  }),
  liar(4, 'a header is lost on the way', (engine) =>
    deliveringLie(engine, (delivery) => {
      const { headers, ...meta } = delivery.message.meta ?? {}
      if (headers === undefined) return delivery
      return altered(delivery, { message: { ...delivery.message, meta } })
    }),
  ),
  liar(4, 'one bit of a body is turned', (engine) => {
    const now = each(15)
    return deliveringLie(engine, (delivery) => {
      if (!now() || delivery.message.body.length === 0) return delivery
      const body = delivery.message.body.slice()
      body[0] = (body[0] ?? 0) ^ 1
      return altered(delivery, { message: { ...delivery.message, body } })
    })
  }),
  liar(5, 'a message is refused and stored all the same', (engine) => {
    const now = each(15)
    return {
      publish: async (message) => {
        const accepted = await engine.publish(message)
        if (!now() || accepted.duplicate) return accepted
        throw new HomingError('queue-full', 'a lie')
      },
    }
  }),
  liar(6, 'a message stands in its queue twice', (engine) => {
    const now = each(15)
    let tag = 1e12
    return deliveringLie(engine, (delivery, handler) => {
      if (!now()) return delivery
      handler.deliver(altered(delivery, { tag: tag++ }))
      return delivery
    })
  }),
]
