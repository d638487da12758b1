import type { AnyContract, Input } from '../contract/contract.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import type { BoundContract } from './bound-contract.ts'
import type { KeepAlive } from './keep-alive.ts'
import { send } from './producer.ts'
import { checkScheduleName, RunningSchedule, type Schedule } from './schedule.ts'
import { type SendManyOptions, sendManyOnlyNames } from './send-options.ts'

export interface ScheduleOptions<C extends AnyContract>
  extends Omit<SendManyOptions<C>, 'delay' | 'at' | 'deadline' | 'detached'> {
  /** IANA name, as `Europe/Vienna`; the machine's own by default. */
  readonly timezone?: string
}

const known = new Set(
  [...sendManyOnlyNames, 'timezone'].filter(
    (name) => !['delay', 'at', 'deadline', 'detached'].includes(name),
  ),
)

/** The schedules of one home, by name. */
export class Schedules {
  readonly #running = new Map<string, RunningSchedule>()
  readonly #keepAlive: KeepAlive

  constructor(keepAlive: KeepAlive) {
    this.#keepAlive = keepAlive
  }

  /** A schedule of the same name is replaced. */
  async start<C extends AnyContract>(
    bound: BoundContract<C>,
    name: string,
    cron: string,
    input: Input<C>,
    options: ScheduleOptions<C>,
  ): Promise<Schedule> {
    checkScheduleName(name)
    checkOptions(options, known, `schedule "${name}"`)
    if (typeof cron !== 'string') {
      throw new HomingError(
        'bad-argument',
        `the expression of schedule "${name}" is ${typeof cron}; give a text like '0 8 * * 1-5'`,
      )
    }
    const { timezone, ...sendOptions } = options
    await this.#running.get(name)?.unschedule()
    const schedule = await RunningSchedule.start({
      name,
      cron,
      timezone,
      log: bound.log,
      cancel: (id) => bound.engine.cancel(id, `schedule "${name}" was ended`),
      send: async (id, at) => {
        const receipt = await send(bound, input, { ...sendOptions, id, at, detached: true })
        return !receipt.duplicate || (await bound.engine.answer(id)).state === 'pending'
      },
      ended: (ended) => {
        if (this.#running.get(name) !== ended) return
        this.#running.delete(name)
        this.#keepAlive.release()
      },
    })
    this.#running.set(name, schedule)
    this.#keepAlive.hold()
    return schedule
  }

  async stop(name: string): Promise<boolean> {
    return (await this.#running.get(name)?.unschedule()) ?? false
  }

  stopAll(): void {
    for (const schedule of [...this.#running.values()]) schedule.stop()
  }
}
