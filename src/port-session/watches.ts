/*
 * Who waits for outcomes and progress.
 *
 * While the client does not read, an outcome is not kept for it: it is looked up when there is room, one
 * after the other, so that none is looked up often. Progress is told to those who read, and to nobody later.
 */

import { HomingError } from '../errors.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import type { SessionShare } from './subscriptions.ts'

/** Watches of one session. */
const watchesMax = 1_000_000
/** Those of progress: each value is told to all of them. */
const progressWatchesMax = 10_000

export class Watches {
  readonly #parts: SessionShare
  /** How to stop each. */
  readonly #open = new Map<number, () => void>()
  readonly #ofProgress = new Set<number>()
  /** Those whose outcome came while there was no room, and their ids. */
  readonly #late = new Map<number, string>()
  #isTellingLate = false

  constructor(parts: SessionShare) {
    this.#parts = parts
  }

  outcome(watch: number, id: string): void {
    try {
      this.#checkNumber(watch)
      this.#wait(watch, id)
    } catch (error) {
      this.#parts.failed(watch, error)
    }
  }

  progress(watch: number, id: string): void {
    const { engine, access, names, events } = this.#parts
    try {
      this.#checkNumber(watch)
      if (!access.mayAskById) access.refuse('to watch messages by their id')
      checkCount(this.#ofProgress.size, progressWatchesMax, 'watches the progress of')
      const stop = engine.watchProgress(names.idIn(id), (body, contentType) => {
        if (!this.#parts.hasRoom()) return
        events.progress(watch, body, contentType)
        this.#parts.wake()
      })
      this.#open.set(watch, stop)
      this.#ofProgress.add(watch)
    } catch (error) {
      this.#parts.failed(watch, error)
    }
  }

  stop(watch: number): void {
    this.#open.get(watch)?.()
    this.#open.delete(watch)
    this.#ofProgress.delete(watch)
    this.#late.delete(watch)
  }

  /** There may be room again. */
  resume(): void {
    if (this.#late.size > 0 && !this.#isTellingLate) void this.#tellLate()
  }

  close(): void {
    for (const stop of this.#open.values()) stop()
    this.#open.clear()
    this.#late.clear()
  }

  async #tellLate(): Promise<void> {
    this.#isTellingLate = true
    for (const [watch, id] of this.#late) {
      if (!this.#parts.hasRoom()) break
      this.#late.delete(watch)
      const stop = this.#open.get(watch)
      const outcome = await this.#lookUp(id)
      // Stopped meanwhile; its number may be that of another one by now.
      if (stop === undefined || this.#open.get(watch) !== stop) continue
      if (outcome === undefined) this.#wait(watch, id)
      else this.#told(watch, id, outcome)
    }
    this.#isTellingLate = false
  }

  async #lookUp(id: string): Promise<StoredOutcome | undefined> {
    const { engine, names, onProblem } = this.#parts
    try {
      const answer = await engine.answer(names.idIn(id))
      return answer.state === 'final' ? answer.outcome : undefined
    } catch (error) {
      onProblem(`looking up the outcome of ${id} failed: ${error}`)
    }
  }

  #wait(watch: number, id: string): void {
    const told = (outcome: StoredOutcome): void => this.#told(watch, id, outcome)
    // Told at once, it would be open for ever.
    this.#open.set(watch, nothing)
    const stop = this.#parts.engine.whenFinal(this.#parts.names.idIn(id), told)
    if (this.#open.has(watch)) this.#open.set(watch, stop)
  }

  #told(watch: number, id: string, outcome: StoredOutcome): void {
    const { access, names, events } = this.#parts
    if (!this.#open.has(watch)) return
    if (!this.#parts.hasRoom()) {
      this.#late.set(watch, id)
      return
    }
    this.#open.delete(watch)
    const out = names.outcomeOut(outcome)
    if (access.mayAskById || access.mayRead(out.queue)) events.final(watch, out, id)
    else this.#parts.failed(watch, refused(access, out.queue))
    this.#parts.wake()
  }

  /** Fails with `memory-full`, `bad-argument`. */
  #checkNumber(watch: number): void {
    if (this.#open.has(watch))
      throw new HomingError('bad-argument', `watch ${watch} is open already`)
    checkCount(this.#open.size, watchesMax, 'waits for')
  }
}

/** Fails with `memory-full`. */
function checkCount(count: number, max: number, what: string): void {
  if (count < max) return
  throw new HomingError(
    'memory-full',
    `the connection ${what} ${max} messages, which is the limit; wait for some of them first`,
  )
}

const nothing = (): void => undefined

function refused(access: SessionShare['access'], queue: string): unknown {
  try {
    access.refuse(`to read what became of messages in queue '${queue}'`)
  } catch (error) {
    return error
  }
}
