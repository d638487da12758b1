/*
 * Cron schedules. The next occurrence is always in the queue already, as a delayed message:
 *
 *   schedule() ── sends `schedule:NAME:2026-12-01T08:00:00.000Z`, delayed until then
 *        └─ at that time: sends the one after it, and so on
 *
 * The id names the occurrence, so the same schedule in several processes, or after a restart, sends it
 * once. After a crash: the occurrence in the queue runs once, at its time or as soon as somebody
 * consumes; those missed while nobody had the schedule do not run.
 */

import type { Cron } from 'croner'
import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import { checkName } from '../name.ts'
import type { Log } from './log.ts'

/** One schedule as this process keeps it. */
export interface Schedule {
  readonly name: string
  /** When it runs next; undefined when never again. */
  readonly next: Date | undefined
  /** Ends it and cancels the occurrence in the queue. */
  unschedule(): Promise<boolean>
}

/** Sends one occurrence, to be delivered at its time. False when its id ended already, as canceled. */
type SendAt = (id: string, at: Date) => Promise<boolean>

export interface ScheduleParts {
  readonly name: string
  readonly cron: string
  readonly timezone: string | undefined
  readonly log: Log
  readonly send: SendAt
  readonly cancel: (id: string) => Promise<boolean>
  readonly ended: (schedule: RunningSchedule) => void
}

const longestTimerMs = 2 ** 31 - 1
const idPrefix = 'schedule:'
/** `:`, an ISO time, and `/99`. */
const idSuffixBytes = 28
/** So often one occurrence can be scheduled again. */
const againMax = 100

export function checkScheduleName(name: string): void {
  checkName(name, 'the schedule name')
  const longest = limits.idBytesMax - idPrefix.length - idSuffixBytes
  if (Buffer.byteLength(name) <= longest) return
  throw new HomingError(
    'bad-name',
    `the schedule name "${name.slice(0, 40)}…" has ${Buffer.byteLength(name)} bytes, ${longest} are allowed; shorten it`,
  )
}

export class RunningSchedule implements Schedule {
  readonly name: string
  readonly #parts: ScheduleParts
  readonly #cron: Cron
  #next: Date | undefined
  #timer: NodeJS.Timeout | undefined
  #nextId: string | undefined
  #ended = false
  #unscheduled = false

  private constructor(parts: ScheduleParts, cron: Cron) {
    this.name = parts.name
    this.#parts = parts
    this.#cron = cron
  }

  /** Fails with `bad-argument` for an expression or time zone that cannot be read. */
  static async read(parts: ScheduleParts): Promise<RunningSchedule> {
    return new RunningSchedule(parts, await parse(parts))
  }

  /** Resolves when the first occurrence is on disk. */
  begin(): Promise<void> {
    return this.#arm(new Date())
  }

  get next(): Date | undefined {
    return this.#next
  }

  async #arm(after: Date): Promise<void> {
    const next = this.#cron.nextRun(after) ?? undefined
    if (next === undefined) {
      this.#next = undefined
      return
    }
    const id = await this.#sendAt(next)
    if (this.#ended) {
      // Unscheduled while it was being sent.
      if (this.#unscheduled) await this.#parts.cancel(id)
      return
    }
    this.#next = next
    this.#nextId = id
    this.#wakeAt(next)
  }

  /** An occurrence that was unscheduled, and is scheduled again, needs another id to run. */
  async #sendAt(time: Date): Promise<string> {
    const id = `${idPrefix}${this.name}:${time.toISOString()}`
    if (await this.#parts.send(id, time)) return id
    for (let again = 1; again < againMax; again++) {
      if (await this.#parts.send(`${id}/${again}`, time)) return `${id}/${again}`
    }
    return id
  }

  #wakeAt(time: Date): void {
    const delayMs = Math.max(time.getTime() - Date.now(), 0)
    this.#timer = setTimeout(
      () => {
        // Timers may come a little early, and cannot wait for longer than 25 days.
        if (Date.now() < time.getTime()) this.#wakeAt(time)
        else this.#rearm(time)
      },
      Math.min(delayMs, longestTimerMs),
    )
    this.#timer.unref()
  }

  /** After the occurrence, or after now when the process was asleep: missed ones do not run. */
  #rearm(time: Date): void {
    const after = new Date(Math.max(time.getTime(), Date.now()))
    this.#arm(after).catch((error: unknown) => {
      if (this.#ended) return
      const { log, name } = this.#parts
      log.error({ error, schedule: name }, 'the next occurrence could not be sent; trying again')
      this.#timer = setTimeout(() => this.#rearm(time), limits.backoffBaseMsDefault * 5)
      this.#timer.unref()
    })
  }

  /** Stops sending; the occurrence in the queue stays, and runs. */
  stop(): void {
    this.#ended = true
    clearTimeout(this.#timer)
    this.#parts.ended(this)
  }

  /** True when an occurrence was waiting and is now canceled. */
  async unschedule(): Promise<boolean> {
    this.#unscheduled = true
    this.stop()
    return this.#nextId !== undefined && this.#parts.cancel(this.#nextId)
  }
}

async function parse({ name, cron, timezone }: ScheduleParts): Promise<Cron> {
  const { Cron } = await import('croner')
  try {
    const parsed = new Cron(cron, { paused: true, ...(timezone !== undefined && { timezone }) })
    parsed.nextRun()
    return parsed
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const zone = timezone === undefined ? '' : ` in time zone ${JSON.stringify(timezone)}`
    throw new HomingError(
      'bad-argument',
      `schedule "${name}" with ${JSON.stringify(cron)}${zone} cannot be read: ${why}; give a cron expression like '0 8 * * 1-5'`,
      { cause },
    )
  }
}
