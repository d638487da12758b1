import { HomingError } from '../../../src/errors.ts'
import { liar, type PlantedBug } from '../planted-bug.ts'

export const bookBugs: readonly PlantedBug[] = [
  liar(41, 'what is held is counted as waiting', (engine) => ({
    queues: async () =>
      (await engine.queues()).map((queue) => ({
        ...queue,
        ready: queue.ready + queue.unsettled,
        unsettled: 0,
      })),
  })),
  liar(
    42,
    'a full disk refuses settlements',
    (engine) => {
      let full = false
      return {
        publish: (message) =>
          engine.publish(message).then(
            (accepted) => {
              full = false
              return accepted
            },
            (error) => {
              full ||= Reflect.get(error, 'code') === 'disk-full'
              throw error
            },
          ),
        settle: (delivery, settlement) =>
          full
            ? Promise.reject(new HomingError('disk-full', 'a lie'))
            : engine.settle(delivery, settlement),
      }
    },
    { fillsUp: true },
  ),
  liar(
    43,
    'after a failed sync confirms go on',
    (engine) => ({
      publish: (message) =>
        engine.publish(message).catch((error) => {
          if (Reflect.get(error, 'code') !== 'disk-failed') throw error
          return { id: message.id, duplicate: false, confirmedAtMs: engine.nowMs() }
        }),
    }),
    { diskFailure: 1 },
  ),
  {
    invariant: 43,
    name: 'a sync that failed is tried again',
    plan: { diskFailure: 1 },
    plant: (system) => ({
      ...system,
      open: (devices, plan, random16) => {
        const { disk } = devices
        const stubborn = (make: Promise<Awaited<ReturnType<typeof disk.open>>>) =>
          make.then((file) => {
            const sync = file.sync.bind(file)
            file.sync = () => sync().catch(() => sync())
            return file
          })
        const lyingDisk = new Proxy(disk, {
          get: (target, key) => {
            if (key === 'create') return (name: string) => stubborn(target.create(name))
            const value: unknown = Reflect.get(target, key)
            return typeof value === 'function' ? value.bind(target) : value
          },
        })
        return system.open({ ...devices, disk: lyingDisk }, plan, random16)
      },
    }),
  },
  liar(45, 'every second recovery forgets what the one before knew', (engine, opening) => ({
    answer: async (id) => (opening % 2 === 1 ? { state: 'unknown' } : engine.answer(id)),
  })),
]
