/*
 * The worker thread of a shared SQLite ledger: one turn of calls, one reply. The file is opened by the
 * first turn, and again after an opening that failed.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../assert.ts'
import type { TurnReply, TurnRequest } from './shared-calls.ts'
import { sharedTrouble } from './shared-trouble.ts'
import { SharedTurns } from './shared-turn.ts'

/** What the main thread hands over. */
export interface SharedWorkerData {
  readonly path: string
  readonly claim: string
  readonly claimMs: number
}

const port = parentPort
assert(port !== null, 'the worker of a shared ledger was not started as a worker')
const { path, claim, claimMs } = workerData as SharedWorkerData

let turns: SharedTurns | undefined

port.on('message', (request: TurnRequest) => {
  const reply = answer(request)
  port.postMessage(reply)
  if (request.kind === 'close') port.close()
})

function answer(request: TurnRequest): TurnReply {
  try {
    if (request.kind === 'close') {
      turns?.close()
      return { ok: true, answers: [] }
    }
    turns ??= new SharedTurns(path, request.patienceMs, { claim, claimMs, nowMs: Date.now })
    return { ok: true, answers: turns.run(request.calls, request.patienceMs) }
  } catch (error) {
    return { ok: false, ...sharedTrouble(error, path) }
  }
}
