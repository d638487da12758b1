/*
 * Who waits for outcomes and progress.
 *
 * While the client does not read, an outcome is not kept for it: its watch is asked anew when there is
 * room. Progress is told to those who read, and to nobody later.
 */

import { HomingError } from '../errors.ts'
import type { StoredOutcome } from '../message/outcome.ts'
import type { SessionShare } from './subscriptions.ts'

/** Watches of one session. */
const watchesMax = 1_000_000

export class Watches {
  readonly #parts: SessionShare
  /** How to stop each. */
  readonly #open = new Map<number, () => void>()
  /** Those whose outcome came while there was no room. */
  #late: { readonly watch: number; readonly id: string }[] = []

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
      const stop = engine.watchProgress(names.idIn(id), (body, contentType) => {
        if (!this.#parts.hasRoom()) return
        events.progress(watch, body, contentType)
        this.#parts.wake()
      })
      this.#open.set(watch, stop)
    } catch (error) {
      this.#parts.failed(watch, error)
    }
  }

  stop(watch: number): void {
    this.#open.get(watch)?.()
    this.#open.delete(watch)
  }

  /** There may be room again. */
  resume(): void {
    while (this.#late.length > 0 && this.#parts.hasRoom()) {
      const late = this.#late
      this.#late = []
      for (const { watch, id } of late) if (this.#open.has(watch)) this.#wait(watch, id)
    }
  }

  close(): void {
    for (const stop of this.#open.values()) stop()
    this.#open.clear()
    this.#late = []
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
      this.#late.push({ watch, id })
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
    if (this.#open.size >= watchesMax)
      throw new HomingError(
        'memory-full',
        `the connection waits for ${watchesMax} outcomes, which is the limit; wait for some of them first`,
      )
  }
}

const nothing = (): void => undefined

function refused(access: SessionShare['access'], queue: string): unknown {
  try {
    access.refuse(`to read what became of messages in queue '${queue}'`)
  } catch (error) {
    return error
  }
}
