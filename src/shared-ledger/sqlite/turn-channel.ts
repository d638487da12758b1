import { WorkerChannel } from '../../embedded/ledger/worker-channel.ts'
import type { TurnReply, TurnRequest } from './shared-calls.ts'
import type { TurnSettings } from './turn-answers.ts'

// Unbuilt this file is .ts and so is the worker's; built, both are .js.
const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const workerFile = new URL(`./shared-worker.${extension}`, import.meta.url)

/** The line to the worker thread that answers the turns of a shared SQLite ledger. */
export const workerTurns = (settings: TurnSettings): WorkerChannel<TurnRequest, TurnReply> =>
  new WorkerChannel(workerFile, settings)
