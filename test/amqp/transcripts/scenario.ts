import type { Stage } from './stage.ts'

export interface Scenario {
  /** A sentence that says what is looked at. */
  readonly name: string
  readonly play: (stage: Stage) => Promise<void>
}

export const scenario = (name: string, play: Scenario['play']): Scenario => ({ name, play })

/** Two acts, with a restart of the broker between them. Their names of queues are nobody else's. */
export interface RestartScenario {
  readonly name: string
  readonly before: Scenario['play']
  readonly after: Scenario['play']
}
