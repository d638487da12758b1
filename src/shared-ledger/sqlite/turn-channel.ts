/*
 * The line to whoever answers the turns of a shared SQLite ledger.
 */

import { WorkerChannel } from '../../embedded/ledger/worker-channel.ts'
import type { TurnReply, TurnRequest } from './shared-calls.ts'
import { TurnAnswers, type TurnSettings } from './turn-answers.ts'

export interface TurnChannel {
  readonly isStarted: boolean
  ask(request: TurnRequest): Promise<TurnReply>
  /** While held, the process does not end: somebody awaits an answer. */
  hold(): void
  release(): void
  terminate(): Promise<void>
}

// Unbuilt this file is .ts and so is the worker's; built, both are .js.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const workerFile = new URL(`./shared-worker.${extension}`, import.meta.url)

export const workerTurns = (settings: TurnSettings): TurnChannel =>
  new WorkerChannel<TurnRequest, TurnReply>(workerFile, settings)

/** Nothing is synced, so nobody waits: a second thread would cost more than the answers. */
export function turnsInThisThread(settings: TurnSettings): TurnChannel {
  const answers = new TurnAnswers(settings)
  return {
    isStarted: true,
    ask: (request) => Promise.resolve(answers.answer(request)),
    hold: () => undefined,
    release: () => undefined,
    terminate: () => Promise.resolve(),
  }
}
