/*
 * The ledger's worker thread: answers one request with one reply, in order. The database is opened
 * by the first request that reaches it, and again after an opening that failed.
 */

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../assert.ts'
import type { LedgerFacts, LedgerReply, LedgerRequest } from './ledger-request.ts'
import { LedgerStore } from './ledger-store.ts'
import { type LedgerTrouble, ledgerTrouble } from './ledger-trouble.ts'

const port = parentPort
assert(port !== null, 'the ledger worker was not started as a worker')
const { path } = workerData as { path: string }

let store: LedgerStore | undefined
/** Trouble found after a reply had gone out: told with the next one. */
let belated: LedgerTrouble | undefined

const nothing: LedgerFacts = {
  appliedLsn: 0,
  outcomes: 0,
  oldestMs: Number.NaN,
  newestMs: Number.NaN,
  rows: 0,
}

port.on('message', (request: LedgerRequest) => {
  const events = request.kind === 'apply' ? request.events : undefined
  const reply = answer(request, events)
  port.postMessage(reply, events === undefined ? [] : [events])
  if (request.kind === 'close' && reply.ok) port.close()
  else tidy()
})

function answer(request: LedgerRequest, events: ArrayBuffer | undefined): LedgerReply {
  try {
    if (belated !== undefined) return { ok: false, trouble: belated, events }
    return { ok: true, facts: serve(request), events }
  } catch (error) {
    return { ok: false, trouble: ledgerTrouble(error, path), events }
  }
}

function serve(request: LedgerRequest): LedgerFacts {
  if (request.kind === 'close') {
    store?.close()
    return nothing
  }
  store ??= new LedgerStore(path)
  switch (request.kind) {
    case 'apply':
      return store.apply(new Uint8Array(request.events, 0, request.length), request.lastLsn)
    case 'forget':
      return store.forget(request)
    case 'flush':
      return store.flush()
    default:
      return request satisfies never
  }
}

function tidy(): void {
  try {
    store?.checkpointWhenDue()
  } catch (error) {
    // Locked or full passes; until then the WAL goes on growing, and commits tell when it cannot.
    const trouble = ledgerTrouble(error, path)
    if (trouble.severity !== 'stall') belated = trouble
  }
}
