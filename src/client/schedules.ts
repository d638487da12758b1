import type { AnyContract, Input } from '../contract/contract.ts'
import { HomingError } from '../errors.ts'
import { checkOptions } from '../known-options.ts'
import type { BoundContract } from './bound-contract.ts'
import type { KeepAlive } from './keep-alive.ts'
import { sendOccurrence } from './producer.ts'
import { checkScheduleName, RunningSchedule, type Schedule } from './schedule.ts'
import { type SendManyOptions, sendManyOnlyNames } from './send-options.ts'

/** What a schedule decides itself. */
type OwnTimes = 'delay' | 'at' | 'deadline' | 'detached'

export interface ScheduleOptions<C extends AnyContract> extends Omit<SendManyOptions<C>, OwnTimes> {
  /** IANA name, as `Europe/Vienna`; the machine's own by default. */
  readonly timezone?: string
}

const ownTimes: readonly string[] = ['delay', 'at', 'deadline', 'detached'] satisfies OwnTimes[]
const known = new Set([...sendManyOnlyNames, 'timezone'].filter((name) => !ownTimes.includes(name)))

/** The schedules of one home, by name. */
export class Schedules {
  readonly #running = new Map<string, RunningSchedule>()
  /** The last thing asked of a name, so that one follows the other. */
  readonly #asked = new Map<string, Promise<unknown>>()
  readonly #keepAlive: KeepAlive
  #stopped = false

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
    return this.#inTurn(name, () => this.#start(bound, name, cron, input, options))
  }

  /** False when no schedule of that name runs here. */
  stop(name: string): Promise<boolean> {
    return this.#inTurn(name, async () => (await this.#running.get(name)?.unschedule()) ?? false)
  }

  stopAll(): void {
    this.#stopped = true
    for (const schedule of [...this.#running.values()]) schedule.stop()
  }

  async #start<C extends AnyContract>(
    bound: BoundContract<C>,
    name: string,
    cron: string,
    input: Input<C>,
    { timezone, ...options }: ScheduleOptions<C>,
  ): Promise<Schedule> {
    const told = { cron, ...(timezone !== undefined && { timezone }) }
    const schedule = await RunningSchedule.read({
      name,
      cron,
      timezone,
      log: bound.log,
      cancel: (id) => bound.engine.cancel(id, `schedule "${name}" was ended`),
      send: async (id, at) => {
        const occurrence = { ...options, id, at, detached: true }
        const receipt = await sendOccurrence(bound, input, occurrence, told)
        return !receipt.duplicate || (await bound.engine.answer(id)).state === 'pending'
      },
      ended: (ended) => {
        if (this.#running.get(name) !== ended) return
        this.#running.delete(name)
        this.#keepAlive.release()
      },
    })
    // What is replaced goes on when its successor cannot be read.
    await this.#running.get(name)?.unschedule()
    await schedule.begin()
    this.#running.set(name, schedule)
    this.#keepAlive.hold()
    if (this.#stopped) schedule.stop()
    return schedule
  }

  #inTurn<T>(name: string, run: () => Promise<T>): Promise<T> {
    const before = this.#asked.get(name) ?? Promise.resolve()
    const mine = before.then(run, run)
    const over = (): void => {
      if (this.#asked.get(name) === mine) this.#asked.delete(name)
    }
    this.#asked.set(name, mine)
    mine.then(over, over)
    return mine
  }
}
