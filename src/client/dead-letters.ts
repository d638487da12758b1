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
  readonly #checkOpen: () => void

  constructor(engine: Engine, checkOpen: () => void) {
    this.#engine = engine
    this.#checkOpen = checkOpen
  }

  /** Newest first, 100 unless `limit` says otherwise. */
  async list(filter: DeadLettersFilter = {}): Promise<DeadLetterRow[]> {
    this.#checkOpen()
    return (await this.#engine.deadLetters(readDeadLettersFilter(filter))).map(deadLetterRow)
  }

  /**
   * Sends them again, as new messages with new ids, and keeps them no longer. Returns the new ids.
   *
   * @example
   * await home.deadLetters.replay({ queue: resize })
   */
  async replay(choice: DeadLetterChoice): Promise<string[]> {
    this.#checkOpen()
    const filter = readDeadLetterChoice(choice, 'deadLetters.replay')
    return [...(await this.#engine.replayDeadLetters(filter))]
  }

  /** Keeps them no longer; their outcomes stay. Returns how many. */
  async drop(choice: DeadLetterChoice): Promise<number> {
    this.#checkOpen()
    return this.#engine.dropDeadLetters(readDeadLetterChoice(choice, 'deadLetters.drop'))
  }
}
