/*
 * One seed, one run: a machine, its senders and consumers, and everything that goes wrong with them,
 * then a quiet time in which all must come to its end, then the checker.
 */

import { randomSource } from '../../src/testing/random.ts'
import { check, report, type Violation } from './checker.ts'
import type { HistoryEvent } from './history.ts'
import { planRun, type RunPlan } from './run-plan.ts'
import { SimulatedConsumers } from './simulated-consumers.ts'
import { SimulatedSender } from './simulated-sender.ts'
import type { System } from './system.ts'
import { roomyBytes, World } from './world.ts'

export interface RunResult {
  readonly seed: number
  readonly plan: RunPlan
  readonly events: readonly HistoryEvent[]
  readonly violations: readonly Violation[]
  /** Errors outside of any rule: hangs, starts that fail, our own wrong state. */
  readonly wrong: readonly unknown[]
  /** On the disk at the end. */
  readonly files: readonly string[]
}

const imageChance = 0.15
/** Longest delay, time limit and deadline drawn, and then some. */
const finishMs = 40_000

export async function simulate(
  seed: number,
  system: System,
  adjust: (plan: RunPlan) => RunPlan = (plan) => plan,
): Promise<RunResult> {
  const random = randomSource(seed)
  const plan = adjust(planRun(random))
  const run = new Run(new World(system, random, plan))
  const wrong: unknown[] = []
  const rejected = (cause: unknown) => {
    wrong.push(new Error(`a rejection that nobody handles: ${cause}`, { cause }))
  }
  process.on('unhandledRejection', rejected)
  try {
    await run.play()
  } catch (error) {
    wrong.push(error)
  } finally {
    process.off('unhandledRejection', rejected)
  }
  const { recorder } = run.world
  wrong.push(...run.world.wrong, ...(run.world.observed?.wrong ?? []))
  const bounds = { slackMs: plan.latencyMs * 12 + 30 }
  const { events } = recorder
  const files = run.world.disk.state.list()
  return { seed, plan, events, violations: check(events, bounds), wrong, files }
}

class Run {
  readonly world: World
  readonly #sender: SimulatedSender
  readonly #consumers: SimulatedConsumers

  constructor(world: World) {
    this.world = world
    const { random, plan, clock } = world
    this.#sender = new SimulatedSender(random.fork(), plan)
    this.#consumers = new SimulatedConsumers(random.fork(), plan, clock)
  }

  async play(): Promise<void> {
    const { plan } = this.world
    if (!(await this.#begin())) return
    for (let step = 0; step < plan.steps; step++) {
      await this.#step()
      if (!(await this.#maybeEndLife())) return
    }
    await this.#finish()
  }

  /** A life begins: everything is asked about before anything is done. */
  async #begin(): Promise<boolean> {
    const { world } = this
    this.#sender.restart()
    this.#consumers.restart()
    if (!(await world.open())) return false
    await world.probe('recovered')
    if (world.random.chance(0.15) && !world.off) {
      await world.cutPower(0)
      if (!(await world.open())) return false
      await world.probe('recovered')
      await world.probe('again')
    }
    for (const { name, settings } of world.plan.queues) {
      if (!world.off) void world.observed.declare(name, settings)
    }
    await world.clock.advance(20)
    return true
  }

  async #step(): Promise<void> {
    const { world } = this
    const { random, clock } = world
    const { observed } = world
    for (let n = random.below(4); n > 0; n--) this.#sender.act(observed)
    this.#consumers.act(observed)
    if (random.chance(0.02)) {
      const byMs = random.pick([-86_400_000, -1_000, 1_000, 86_400_000])
      clock.jumpWall(byMs)
      world.recorder.record({ kind: 'clock-jumped', byMs })
    }
    this.#changeRoom()
    const pace = random.weighted({ none: 4, short: 8, medium: 3, long: 0.5 })
    const most = { none: 0, short: 10, medium: 150, long: 3_000 }[pace]
    await clock.advance(random.unit() * most)
    if (random.chance(0.03)) await this.#quiet()
  }

  /** The disk fills up, or has room again. */
  #changeRoom(): void {
    const { random, plan, disk, recorder } = this.world
    if (!plan.fillsUp) return
    if (disk.capacityBytes === roomyBytes) {
      if (!random.chance(0.05)) return
      disk.capacityBytes = disk.state.usedBytes() + random.between(0, 6_000)
      recorder.record({ kind: 'disk-full' })
    } else if (random.chance(0.08)) {
      disk.capacityBytes = roomyBytes
      recorder.record({ kind: 'disk-room' })
    }
  }

  /** Nothing new is started, what is under way ends, and the books are looked at. */
  async #quiet(): Promise<void> {
    const { world } = this
    if (world.failed || world.disk.capacityBytes < roomyBytes) return
    for (let ms = 0; world.observed.underWay > 0 && !world.off && ms < 2_000; ms += 10) {
      await world.clock.advance(10)
    }
    await world.clock.advance(200)
    if (!world.off && world.observed.underWay === 0) await world.probe('quiet')
  }

  /** False when the run cannot go on. */
  async #maybeEndLife(): Promise<boolean> {
    const { world } = this
    const { random, plan } = world
    if (world.off) {
      await world.cutPower(imageChance)
      return this.#begin()
    }
    if (world.failed && random.chance(0.3)) {
      await world.kill()
      return this.#begin()
    }
    if (random.chance(plan.powerCut)) {
      await world.cutPower(imageChance)
      return this.#begin()
    }
    if (random.chance(plan.kill)) {
      await world.kill()
      return this.#begin()
    }
    // A full disk cannot be closed: what is gathered waits for room.
    const full = world.disk.capacityBytes < roomyBytes
    if (random.chance(plan.close) && !world.failed && !full) {
      if (!(await world.close())) await world.cutPower(imageChance)
      return this.#begin()
    }
    return true
  }

  /** Room on the disk, no more faults, good consumers everywhere: everything must come to its end. */
  async #finish(): Promise<void> {
    const { world } = this
    world.calm()
    // What was under way may still meet its fault.
    await world.clock.advance(50)
    if (world.failed) {
      await world.kill()
      if (!(await this.#begin())) return
    }
    while (world.off) {
      await world.cutPower(0)
      if (!(await this.#begin())) return
    }
    for (const { name } of world.plan.queues) void world.observed.declare(name, {})
    await world.clock.advance(50)
    await world.until(this.#consumers.takeOver(world.observed))
    await world.clock.advance(finishMs)
    if (!(await world.probe('end'))) throw new Error('the end could not be probed')
    if (!(await world.close())) return
    if (world.random.chance(0.5) && (await world.open())) {
      await world.probe('recovered')
      await world.close()
    }
  }
}

/** What to show of a failed run; undefined when it went well. */
export function complaint(result: RunResult): string | undefined {
  const { seed, violations, wrong, events } = result
  if (violations.length === 0 && wrong.length === 0) return undefined
  const errors = wrong.map((error) => (error instanceof Error ? error.stack : String(error)))
  return [
    `seed ${seed} failed; replay it with: npm run simulate -- --seed ${seed}`,
    ...errors.slice(0, 3),
    report(violations, events),
  ].join('\n')
}
