import type { Stage } from './stage.ts'

export interface Scenario {
  /** A sentence that says what is looked at. */
  readonly name: string
  readonly play: (stage: Stage) => Promise<void>
}

export const scenario = (name: string, play: Scenario['play']): Scenario => ({ name, play })
