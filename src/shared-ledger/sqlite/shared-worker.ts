/*
 * The worker thread of a shared SQLite ledger: one turn of calls, one reply.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../assert.ts'
import type { TurnRequest } from './shared-calls.ts'
import { TurnAnswers, type TurnSettings } from './turn-answers.ts'

const port = parentPort
assert(port !== null, 'the worker of a shared ledger was not started as a worker')
const answers = new TurnAnswers(workerData as TurnSettings)

port.on('message', (request: TurnRequest) => {
  port.postMessage(answers.answer(request))
  if (request.kind === 'close') port.close()
})
