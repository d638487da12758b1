/*
 * A bug that is planted on purpose, in the engine port (an engine that lies) or in the devices.
 */

import { type Liar, lying } from './lying-engine.ts'
import type { RunPlan } from './run-plan.ts'
import type { System } from './system.ts'

export interface PlantedBug {
  readonly invariant: number
  readonly name: string
  plant(system: System): System
  /** Makes runs in which it can show. */
  readonly plan?: Partial<RunPlan>
}

export const liar = (
  invariant: number,
  name: string,
  lie: Liar,
  plan: Partial<RunPlan> = {},
): PlantedBug => ({ invariant, name, plan, plant: (system) => lying(system, lie) })

/** True each n-th time. */
export const each = (n: number) => {
  let count = 0
  return () => ++count % n === 0
}
