/*
 * One turn of calls on the file of a shared ledger: a transaction that has all of them or none.
 *
 *   BEGIN IMMEDIATE ── call ── call ── … ── COMMIT with a sync ──▶ answers
 *        │
 *        └─ held by another process: tried again after a moment drawn at random, so that
 *           many processes on one file do not come again all at once
 *
 * Waiting blocks this thread, which is the worker's; the event loop of the process never waits.
 */

import { isLocked } from '../../embedded/ledger/ledger-trouble.ts'
import { HomingError } from '../../errors.ts'
import type { CallAnswer, SharedCall } from './shared-calls.ts'
import { readingCalls } from './shared-calls.ts'
import { openSharedFile } from './shared-file.ts'
import { SharedStore, type SharedStoreOptions } from './shared-store.ts'

const pauseMsMin = 0.5
const pauseMsMax = 8

export class SharedTurns {
  readonly #db: ReturnType<typeof openSharedFile>
  readonly #store: SharedStore

  /** Waits for locks as long as `patienceMs`. */
  constructor(path: string, patienceMs: number, options: SharedStoreOptions) {
    this.#db = unlocked(patienceMs, () => openSharedFile(path))
    this.#store = new SharedStore(this.#db, options)
  }

  run(calls: readonly SharedCall[], patienceMs: number): CallAnswer[] {
    const isReading = calls.every(({ name }) => readingCalls.has(name))
    return unlocked(patienceMs, () => {
      this.#db.exec(isReading ? 'BEGIN' : 'BEGIN IMMEDIATE')
      try {
        const answers = calls.map((call) => this.#answer(call))
        this.#db.exec('COMMIT')
        return answers
      } finally {
        // SQLite itself has rolled back after some errors, a full disk among them.
        if (this.#db.isTransaction) this.#db.exec('ROLLBACK')
      }
    })
  }

  close(): void {
    this.#db.close()
  }

  #answer({ name, args }: SharedCall): CallAnswer {
    try {
      const call = this.#store[name] as (...values: readonly unknown[]) => unknown
      return { ok: true, value: call.apply(this.#store, args) }
    } catch (error) {
      if (!(error instanceof HomingError)) throw error
      const { message, id } = error
      return {
        ok: false,
        error: { code: error.code as never, text: message, ...(id !== undefined && { id }) },
      }
    }
  }
}

function unlocked<Result>(patienceMs: number, attempt: () => Result): Result {
  const started = performance.now()
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (!isLocked(error) || performance.now() - started >= patienceMs) throw error
      pause(pauseMsMin + Math.random() * (pauseMsMax - pauseMsMin))
    }
  }
}

const sleeping = new Int32Array(new SharedArrayBuffer(4))

function pause(ms: number): void {
  Atomics.wait(sleeping, 0, 0, ms)
}
