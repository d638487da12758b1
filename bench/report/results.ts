import type { Machine } from '../machine.ts'
import type { Findings } from '../scenario/scenario.ts'

export interface ScenarioResult extends Findings {
  readonly name: string
  readonly title: string
  /** Load average of the last minute before and after: others on the machine, and ourselves. */
  readonly loadBefore: number
  readonly loadAfter: number
  readonly tookSeconds: number
}

/** What is written to bench/results/*.json. */
export interface Results {
  readonly startedAt: string
  readonly machine: Machine
  readonly settings: {
    readonly quick: boolean
    readonly rounds: number
    readonly seconds: number
    readonly warmUpSeconds: number
  }
  readonly scenarios: readonly ScenarioResult[]
}
