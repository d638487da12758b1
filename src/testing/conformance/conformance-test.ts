import type { Feature } from '../../engine.ts'
import type { Ability } from './subject.ts'
import type { Trial } from './trial.ts'

/** One promise: its words and the trial that shows it. */
export interface ConformanceTest {
  readonly title: string
  /** The feature it shows. An engine that refuses it must say so instead. */
  readonly shows?: Feature
  /** Features beside it that the trial makes use of. */
  readonly uses?: readonly Feature[]
  readonly needs?: readonly Ability[]
  run(trial: Trial): Promise<void>
}
