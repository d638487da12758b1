import type { Engine } from '../engine.ts'
import {
  type DeadLetterChoice,
  type DeadLetterRow,
  type DeadLettersFilter,
  deadLetterRow,
  readDeadLetterChoice,
  readDeadLettersFilter,
} from './records.ts'

/** Messages that ended without success, kept for people to look at and replay. */
export class DeadLetters {
  readonly #engine: Engine

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Newest first, 100 unless `limit` says otherwise. */
  async list(filter: DeadLettersFilter = {}): Promise<DeadLetterRow[]> {
    return (await this.#engine.deadLetters(readDeadLettersFilter(filter))).map(deadLetterRow)
  }

  /**
   * Sends them again, as new messages with new ids, and keeps them no longer. Returns the new ids.
   *
   * @example
   * await home.deadLetters.replay({ queue: resize })
   */
  async replay(choice: DeadLetterChoice): Promise<string[]> {
    const filter = readDeadLetterChoice(choice, 'deadLetters.replay')
    return [...(await this.#engine.replayDeadLetters(filter))]
  }

  /** Keeps them no longer; their outcomes stay. Returns how many. */
  async drop(choice: DeadLetterChoice): Promise<number> {
    return this.#engine.dropDeadLetters(readDeadLetterChoice(choice, 'deadLetters.drop'))
  }
}
