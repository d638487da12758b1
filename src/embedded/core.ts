/*
 * What the parts of the engine at work share: the state, the journal, the outcomes, the time.
 */

import type { Clock, Timer } from '../clock.ts'
import type { Journal } from './journal/journal.ts'
import type { LiveQueue } from './live-queue.ts'
import type { MessageObserver } from './message-observer.ts'
import type { Outcomes } from './outcomes.ts'
import type { Entry } from './queue/entry.ts'
import type { State } from './state.ts'
import { type StoredMessage, storedMessage } from './stored-message.ts'
import { Tally } from './tally.ts'

/** Told what people should know and no caller can be told: damage, a full disk. */
export type OnProblem = (text: string) => void

const wakeMsMin = 5

export class Core {
  readonly state: State
  readonly journal: Journal
  readonly outcomes: Outcomes
  readonly tally = new Tally()
  readonly clock: Clock
  readonly nowMs: () => number
  readonly onProblem: OnProblem
  /** Told what happens to messages; nobody by default. */
  observer: MessageObserver | undefined
  #turnMs = 0
  readonly #due: () => void
  #timer: Timer | undefined
  #wakesAtMs = Number.POSITIVE_INFINITY
  closed = false

  constructor(parts: {
    state: State
    journal: Journal
    outcomes: Outcomes
    clock: Clock
    nowMs: () => number
    onProblem: OnProblem
    due: () => void
  }) {
    this.state = parts.state
    this.journal = parts.journal
    this.outcomes = parts.outcomes
    this.clock = parts.clock
    this.nowMs = parts.nowMs
    this.onProblem = parts.onProblem
    this.#due = parts.due
  }

  /** Looks at what is due at that time, or before. */
  wakeAt(atMs: number): void {
    if (atMs >= this.#wakesAtMs || this.closed) return
    this.#timer?.cancel()
    this.#wakesAtMs = atMs
    this.#timer = this.clock.after(Math.max(wakeMsMin, atMs - this.nowMs()), () => {
      this.#timer = undefined
      this.#wakesAtMs = Number.POSITIVE_INFINITY
      this.#due()
    })
  }

  /** The time as it was when this turn of the event loop first asked for it: for what is done per message. */
  turnMs(): number {
    if (this.#turnMs === 0) {
      this.#turnMs = this.nowMs()
      this.clock.soon(this.#turnOver)
    }
    return this.#turnMs
  }

  readonly #turnOver = (): void => {
    this.#turnMs = 0
  }

  stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#wakesAtMs = Number.POSITIVE_INFINITY
  }

  /** The entry's message when it is in memory. */
  peekMessage(entry: Entry): StoredMessage | undefined {
    if (entry.message) return { message: entry.message, acceptedAtMs: entry.acceptedAtMs }
    const record = this.journal.peek(entry.segment, entry.from)
    return record && storedMessage(record, entry.kind)
  }

  /** The entry's message, from disk if need be. Fails with `journal-damaged`. */
  async loadMessage(entry: Entry): Promise<StoredMessage> {
    const known = this.peekMessage(entry)
    return known ?? storedMessage(await this.journal.load(entry.segment, entry.from), entry.kind)
  }

  /** The same for who looks here and there: only its own record is read. */
  async lookAt(entry: Entry): Promise<StoredMessage> {
    const { segment, from, bytes, kind } = entry
    const known = this.peekMessage(entry)
    return known ?? storedMessage(await this.journal.look(segment, from, bytes), kind)
  }

  queue(name: string): LiveQueue | undefined {
    return this.state.queues.get(name)
  }
}
