/*
 * What a queue is, in the simplest words: a set of messages with a position each. Slow and plainly
 * right; the real one is driven beside it.
 */

export type ModelState = 'ready' | 'held' | 'delayed'

export interface ModelEntry {
  readonly position: number
  readonly priority: number
  readonly deadlineAtMs: number
  state: ModelState
  availableAtMs: number
  timeoutAtMs: number
}

export interface ModelDue {
  readonly expired: readonly number[]
  readonly timedOut: readonly number[]
}

export class QueueModel {
  readonly entries = new Map<number, ModelEntry>()
  nextPosition = 1
  nowMs = 1_000

  add(priority: number, deadlineAtMs: number, state: ModelState, availableAtMs = 0): ModelEntry {
    const position = this.nextPosition++
    const timeoutAtMs = Number.POSITIVE_INFINITY
    const entry = { position, priority, deadlineAtMs, state, availableAtMs, timeoutAtMs }
    this.entries.set(position, entry)
    return entry
  }

  count(state: ModelState): number {
    return this.inState(state).length
  }

  inState(state: ModelState): ModelEntry[] {
    return [...this.entries.values()].filter((entry) => entry.state === state)
  }

  /** The next message to deliver: highest priority, then lowest position. */
  candidate(): ModelEntry | undefined {
    return this.inState('ready').sort(
      (a, b) => b.priority - a.priority || a.position - b.position,
    )[0]
  }

  giveBack(entry: ModelEntry, availableAtMs: number): void {
    entry.state = availableAtMs > this.nowMs ? 'delayed' : 'ready'
    entry.availableAtMs = availableAtMs
    entry.timeoutAtMs = Number.POSITIVE_INFINITY
  }

  due(): ModelDue {
    const expired: number[] = []
    const timedOut: number[] = []
    for (const entry of this.entries.values()) {
      const over = entry.deadlineAtMs <= this.nowMs
      if (entry.state === 'delayed' && (over || entry.availableAtMs <= this.nowMs)) {
        entry.state = 'ready'
      }
      if (over) expired.push(entry.position)
      else if (entry.state === 'held' && entry.timeoutAtMs <= this.nowMs) {
        timedOut.push(entry.position)
      }
    }
    return { expired, timedOut }
  }

  /** When something falls due next. */
  dueAtMs(): number {
    let at = Number.POSITIVE_INFINITY
    for (const entry of this.entries.values()) {
      at = Math.min(at, entry.deadlineAtMs)
      if (entry.state === 'held') at = Math.min(at, entry.timeoutAtMs)
      if (entry.state === 'delayed') at = Math.min(at, entry.availableAtMs)
    }
    return at
  }
}
