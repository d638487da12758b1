/*
 * One seed, one run of a broker: a machine, its clients, and everything that goes wrong with them, then a
 * quiet time in which all must come to its end, then the checkers.
 */

import { type RandomSource, randomSource } from '../../../src/testing/random.ts'
import { check, report, type Violation } from '../../simulation/checker.ts'
import { World } from '../../simulation/world.ts'
import { type BrokerViolation, checkBroker, reportBroker } from './broker-checker.ts'
import { type BrokerPlan, planBroker } from './broker-plan.ts'
import { BrokerRun } from './broker-run.ts'
import type { BrokerSystem } from './broker-system.ts'
import { History, type HistoryEvent } from './history.ts'
import { Requests } from './requests.ts'
import { Site } from './site.ts'

export interface BrokerResult extends Judgement {
  readonly seed: number
  readonly plan: BrokerPlan
  readonly events: readonly HistoryEvent[]
  /** Errors outside of any rule: hangs, starts that fail, what broke in a connection. */
  readonly wrong: readonly unknown[]
}

/** Those of the engine's own rules that say something where only requests are known. */
const requestRules = new Set([1, 2, 20, 22, 24])

export async function simulateBroker(
  seed: number,
  system: BrokerSystem,
  adjust: (plan: BrokerPlan) => BrokerPlan = (plan) => plan,
): Promise<BrokerResult> {
  const random = randomSource(seed)
  const plan = adjust(planBroker(random))
  const made = makeWorld(system, random, plan)
  const { world, history, wrong } = made
  const rejected = (cause: unknown) => {
    wrong.push(new Error(`a rejection that nobody handles: ${cause}`, { cause }))
  }
  process.on('unhandledRejection', rejected)
  try {
    await new BrokerRun({ ...made, system }).play()
  } catch (error) {
    wrong.push(error)
  } finally {
    process.off('unhandledRejection', rejected)
  }
  wrong.push(...world.wrong)
  return { seed, plan, events: history.events, wrong, ...judgeBroker(made) }
}

/** What both checkers say of what happened. */
export function judgeBroker({ world, history, plan, wrong }: Made): Judgement {
  const bounds = { slackMs: plan.machine.latencyMs * 12 + 30 }
  const violations = checkBroker(history.events, plan.queues, bounds)
  const { events } = world.recorder
  const requestViolations = check(events, bounds).filter(({ number }) => requestRules.has(number))
  const errors = wrong.map((error) => (error instanceof Error ? error.stack : String(error)))
  const text = [
    ...errors.slice(0, 3),
    reportBroker(violations, history.events),
    report(requestViolations, events),
  ].join('\n')
  return { violations, requestViolations, text }
}

export interface Judgement {
  readonly violations: readonly BrokerViolation[]
  /** Of what the engine says of requests, by its own rules. */
  readonly requestViolations: readonly Violation[]
  readonly text: string
}

export type Made = ReturnType<typeof makeWorld>

/** What to show of a failed run; undefined when it went well. */
export function brokerComplaint(result: BrokerResult): string | undefined {
  const { seed, violations, requestViolations, wrong, text } = result
  if (violations.length + requestViolations.length + wrong.length === 0) return undefined
  return `seed ${seed} failed; replay it with: node scripts/simulate-broker.ts --seed ${seed}\n${text}`
}

export function makeWorld(system: BrokerSystem, random: RandomSource, plan: BrokerPlan) {
  const wrong: unknown[] = []
  const machine = new Set(['opened', 'cut', 'closed', 'disk-failed', 'disk-full', 'disk-room'])
  const world: World = new World(system.engine, random, plan.machine, (event) => {
    if (event.kind === 'cut') history.record({ kind: 'cut', how: event.how })
    else if (machine.has(event.kind)) history.record({ kind: event.kind as 'opened' })
  })
  const history = new History(() => world.trueMs())
  const requests = new Requests(world.recorder, world.numbers)
  const { clock } = world
  const site = new Site({ plan, history, clock, random: random.fork(), requests, wrong })
  return { world, history, site, plan, wrong }
}
