/*
 * Requests of a shared SQLite ledger, answered in the worker thread: nobody is to wait for its syncs.
 *
 * The file is opened by the first turn, and again after an opening that failed.
 */

import type { TurnReply, TurnRequest } from './shared-calls.ts'
import { sharedTrouble } from './shared-trouble.ts'
import { SharedTurns } from './shared-turn.ts'

export interface TurnSettings {
  readonly path: string
  /** Names this process in its claims. */
  readonly claim: string
  readonly claimMs: number
}

export class TurnAnswers {
  readonly #settings: TurnSettings
  #turns: SharedTurns | undefined

  constructor(settings: TurnSettings) {
    this.#settings = settings
  }

  answer(request: TurnRequest): TurnReply {
    const { path, claim, claimMs } = this.#settings
    try {
      if (request.kind === 'close') {
        this.#turns?.close()
        return { ok: true, answers: [] }
      }
      const { calls, patienceMs } = request
      this.#turns ??= new SharedTurns(path, patienceMs, { claim, claimMs, nowMs: Date.now })
      return { ok: true, answers: this.#turns.run(calls, patienceMs) }
    } catch (error) {
      return { ok: false, ...sharedTrouble(error, path) }
    }
  }
}
