import type { Engine } from '../engine.ts'
import type { KeepAlive } from './keep-alive.ts'
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

  readonly #keepAlive: KeepAlive

  constructor(engine: Engine, keepAlive: KeepAlive, checkOpen: () => void) {
    this.#engine = engine
    this.#keepAlive = keepAlive
    this.#checkOpen = checkOpen
  }

  /** Newest first, 100 unless `limit` says otherwise. */
  async list(filter: DeadLettersFilter = {}): Promise<DeadLetterRow[]> {
    this.#checkOpen()
    const found = this.#engine.deadLetters(readDeadLettersFilter(filter))
    return (await this.#keepAlive.during(found)).map(deadLetterRow)
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
    return [...(await this.#keepAlive.during(this.#engine.replayDeadLetters(filter)))]
  }

  /** Keeps them no longer; their outcomes stay. Returns how many. */
  async drop(choice: DeadLetterChoice): Promise<number> {
    this.#checkOpen()
    const filter = readDeadLetterChoice(choice, 'deadLetters.drop')
    return this.#keepAlive.during(this.#engine.dropDeadLetters(filter))
  }
}
