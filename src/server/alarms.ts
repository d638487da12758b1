/*
 * When publishers have to wait: too much memory is used, or too little of the disk is free.
 *
 *   looked at every lookMs ─▶ over the mark ─▶ raised ─▶ publishers blocked
 *                             well under it ─▶ lifted ─▶ unblocked
 *
 * What counts of memory is what the program holds, not what the system has lent it: freed memory comes
 * back to the system late or never. While the alarm is up and nothing runs, nothing would be collected
 * either, so the collector is asked to.
 */

import type { Clock, Timer } from '../clock.ts'
import type { ServerLog } from './server-log.ts'

export type AlarmName = 'memory' | 'disk'

export interface Gauge {
  readonly name: AlarmName
  /** Shown to clients that are blocked, as RabbitMQ words it. */
  readonly reason: string
  /** Above 1, publishers are blocked; below {@link liftedBelow}, no more. */
  read(): number | Promise<number>
  /** Called before the alarm is raised, and while it is up before each look. */
  relieve?(): void
}

export interface AlarmParts {
  readonly clock: Clock
  readonly log: ServerLog
  readonly gauges: readonly Gauge[]
  /** Told the reason publishers are blocked for, or undefined when they are no more. */
  readonly changed: (reason: string | undefined) => void
}

const lookMs = 200
const liftedBelow = 0.9

export class Alarms {
  readonly #parts: AlarmParts
  readonly #raised = new Set<Gauge>()
  #timer: Timer | undefined
  #stopped = false
  /** Whether there is a reason to look again. */
  #isWatched = false
  /** Whether a look is under way or due: there is never a second one beside it. */
  #isLooking = false

  constructor(parts: AlarmParts) {
    this.#parts = parts
  }

  /** Why publishers are blocked; undefined when they are not. */
  get reason(): string | undefined {
    const reasons = [...this.#raised].map(({ reason }) => reason)
    return reasons.length === 0 ? undefined : reasons.join(' & ')
  }

  /** Looks from now on, at once first. Nobody needs it while there is no connection. */
  watch(): void {
    this.#isWatched = true
    if (this.#isLooking || this.#stopped) return
    this.#isLooking = true
    void this.#look()
  }

  /** Looks no more until `watch`, once nothing is raised. */
  rest(): void {
    this.#isWatched = false
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #look(): Promise<void> {
    const before = this.reason
    for (const gauge of this.#parts.gauges) await this.#read(gauge)
    if (this.#stopped) return
    if (this.reason !== before) this.#parts.changed(this.reason)
    if (!this.#isWatched && this.#raised.size === 0) {
      this.#isLooking = false
      return
    }
    this.#timer = this.#parts.clock.after(lookMs, () => void this.#look())
  }

  async #read(gauge: Gauge): Promise<void> {
    const { log } = this.#parts
    const wasRaised = this.#raised.has(gauge)
    let level: number
    try {
      if (wasRaised) gauge.relieve?.()
      level = await gauge.read()
      if (!wasRaised && level > 1 && gauge.relieve !== undefined) {
        // Much of it may be garbage.
        gauge.relieve()
        level = await gauge.read()
      }
    } catch (error) {
      log.debug({ alarm: gauge.name, error }, 'the gauge of an alarm cannot be read')
      return
    }
    if (!wasRaised && level > 1) {
      this.#raised.add(gauge)
      log.warn({ alarm: gauge.name, level: rounded(level) }, 'alarm raised: publishers wait')
    } else if (wasRaised && level < liftedBelow) {
      this.#raised.delete(gauge)
      log.info({ alarm: gauge.name, level: rounded(level) }, 'alarm lifted: publishers go on')
    }
  }
}

const rounded = (level: number): number => Math.round(level * 100) / 100
