/*
 * Bugs that are planted on purpose: one for each invariant at least. A checker that misses one of
 * them is not a checker. They sit in the engine port (an engine that lies) or in the devices.
 */

import type { Engine } from '../../src/engine.ts'
import { HomingError } from '../../src/errors.ts'
import type { Delivery } from '../../src/message/delivery.ts'
import type { StoredOutcome } from '../../src/message/outcome.ts'
import { altered, deliveringLie, type Liar, lying, storingLie } from './lying-engine.ts'
import type { RunPlan } from './run-plan.ts'
import type { System } from './system.ts'

export interface PlantedBug {
  readonly invariant: number
  readonly name: string
  plant(system: System): System
  /** Makes runs in which it can show. */
  readonly plan?: Partial<RunPlan>
}

const liar = (
  invariant: number,
  name: string,
  lie: Liar,
  plan: Partial<RunPlan> = {},
): PlantedBug => ({ invariant, name, plan, plant: (system) => lying(system, lie) })

/** True each n-th time. */
const each = (n: number) => {
  let count = 0
  return () => ++count % n === 0
}

const acceptBugs: readonly PlantedBug[] = [
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

const deliveryBugs: readonly PlantedBug[] = [
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

const changed = (outcome: StoredOutcome, changes: Partial<StoredOutcome>): StoredOutcome => ({
  ...outcome,
  ...changes,
})

const resultBugs: readonly PlantedBug[] = [
  liar(20, 'a second look at an outcome gives another one', (engine) => {
    const now = each(7)
    return {
      answer: async (id) => {
        const answer = await engine.answer(id)
        if (answer.state !== 'final' || !now()) return answer
        const { attempts } = answer.outcome
        return { state: 'final', outcome: changed(answer.outcome, { attempts: attempts + 1 }) }
      },
    }
  }),
  liar(21, 'a late settle is told that it counted', (engine) => ({
    settle: async (delivery, settlement) => {
      await engine.settle(delivery, settlement)
      return { accepted: true }
    },
  })),
  liar(22, 'outcomes change in a restart', (engine, opening) => ({
    answer: async (id) => {
      const answer = await engine.answer(id)
      if (answer.state !== 'final' || opening < 2) return answer
      return { state: 'final', outcome: changed(answer.outcome, { code: 'thrown' }) }
    },
  })),
  liar(23, 'a message counts as waiting and has its outcome too', (engine) => ({
    queues: async () => {
      const queues = await engine.queues()
      return queues.map((queue) =>
        queue.accepted > 20 ? { ...queue, ready: queue.ready + 1 } : queue,
      )
    },
  })),
  liar(24, 'an outcome is shown when it is given, not when it is durable', (engine) => {
    const waiting = new Map<string, (outcome: StoredOutcome) => void>()
    return {
      whenFinal: (id, told) => {
        waiting.set(id, told)
        return engine.whenFinal(id, (outcome) => {
          if (waiting.delete(id)) told(outcome)
        })
      },
      settle: (delivery, settlement) => {
        const { message, queue, attempt: attempts, acceptedAtMs } = delivery
        const settled = engine.settle(delivery, settlement)
        const told = waiting.get(message.id)
        if (settlement.kind !== 'final' || told === undefined) return settled
        waiting.delete(message.id)
        const { code, contentType, body } = settlement
        const finishedAtMs = engine.nowMs()
        told({
          id: message.id,
          queue,
          code,
          contentType,
          body,
          attempts,
          acceptedAtMs,
          finishedAtMs,
        })
        return settled
      },
    }
  }),
  liar(25, 'somebody who waits is told of another message', (engine) => {
    let before: StoredOutcome | undefined
    return {
      whenFinal: (id, told) =>
        engine.whenFinal(id, (outcome) => {
          told(before ?? outcome)
          before = outcome
        }),
    }
  }),
  liar(25, 'somebody who waits is never told', (engine) => {
    const now = each(8)
    return { whenFinal: (id, told) => (now() ? () => undefined : engine.whenFinal(id, told)) }
  }),
  liar(26, 'what expired is called canceled', (engine) => {
    const renamed = (outcome: StoredOutcome) =>
      outcome.code === 'expired' ? changed(outcome, { code: 'canceled' }) : outcome
    return {
      whenFinal: (id, told) => engine.whenFinal(id, (outcome) => told(renamed(outcome))),
      outcomes: async (filter) => (await engine.outcomes(filter)).map(renamed),
      answer: async (id) => {
        const answer = await engine.answer(id)
        return answer.state === 'final'
          ? { state: 'final', outcome: renamed(answer.outcome) }
          : answer
      },
    }
  }),
]

const isHome = (delivery: Delivery): boolean => delivery.queue.startsWith('callback:')

const callbackBugs: readonly PlantedBug[] = [
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

const timeBugs: readonly PlantedBug[] = [
  liar(32, 'messages expire 100 ms early', (engine) =>
    storingLie(engine, ({ deadlineAtMs }) => ({ deadlineAtMs: deadlineAtMs - 100 })),
  ),
  liar(32, 'messages expire a second late', (engine) =>
    storingLie(engine, ({ deadlineAtMs }) => ({ deadlineAtMs: deadlineAtMs + 1_000 })),
  ),
  liar(33, 'delays are forgotten', (engine) => storingLie(engine, () => ({ availableAtMs: 0 }))),
  liar(33, 'retries come back at once', (engine) => ({
    settle: (delivery, settlement) =>
      engine.settle(
        delivery,
        settlement.kind === 'retry' ? { ...settlement, delayMs: 0 } : settlement,
      ),
  })),
  {
    invariant: 34,
    name: 'time is taken from the wall clock',
    plant: (system) => ({
      ...system,
      open: (devices, plan, random16) => {
        const { clock } = devices
        const wall = {
          wallMs: () => clock.wallMs(),
          monotonicMs: () => clock.wallMs(),
          after: clock.after.bind(clock),
          soon: clock.soon.bind(clock),
        }
        return system.open({ ...devices, clock: wall }, plan, random16)
      },
    }),
  },
  liar(35, 'attempts run twice as long as they may', (engine) =>
    storingLie(engine, ({ timeoutMs }) => ({
      timeoutMs: timeoutMs * 2 + 300 * Math.sign(timeoutMs),
    })),
  ),
  liar(35, 'attempts are cut off early', (engine) =>
    storingLie(engine, ({ timeoutMs }) => ({ timeoutMs: timeoutMs / 2 })),
  ),
]

const limitBugs: readonly PlantedBug[] = [
  liar(36, 'the limit of attempts is forgotten', (engine) =>
    storingLie(engine, () => ({ attemptsMax: 10_000 })),
  ),
  liar(36, 'messages are given up after one attempt', (engine) =>
    storingLie(engine, () => ({ attemptsMax: 1 })),
  ),
  liar(37, 'each 5th dead letter is missing', (engine) => ({
    deadLetters: async (filter) => {
      const dead = await engine.deadLetters(filter)
      return dead.filter((_, n) => n % 5 !== 4)
    },
  })),
  liar(37, 'a replay is told and not made', (engine) => {
    const now = each(2)
    return {
      replayDeadLetters: async (filter) => {
        if (!now()) return engine.replayDeadLetters(filter)
        await engine.dropDeadLetters(filter)
        return (filter.ids ?? []).map(() => engine.mintId())
      },
    }
  }),
  liar(
    39,
    'a queue takes more than it may',
    (engine) => ({
      declareQueue: (name, { depthMax: _, ...settings }) => engine.declareQueue(name, settings),
    }),
    { queues: [{ name: 'work', settings: { depthMax: 2 } }] },
  ),
  liar(40, 'a purge counts one too many', (engine) => ({
    purgeQueue: async (name) => (await engine.purgeQueue(name)) + 1,
  })),
]

const bookBugs: readonly PlantedBug[] = [
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

export const plantedBugs: readonly PlantedBug[] = [
  ...acceptBugs,
  ...deliveryBugs,
  ...resultBugs,
  ...callbackBugs,
  ...timeBugs,
  ...limitBugs,
  ...bookBugs,
]
