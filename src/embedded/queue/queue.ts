/*
 * A queue as a state machine. It knows positions, not bytes, disks or clocks: time is passed in.
 *
 *   fifo per priority ──┐                      ┌─▶ gone
 *   line per priority ──┼─ candidate ─▶ held ──┤
 *   ready heap ─────────┘                      ├─▶ ready heap (old position)
 *        ▲                                     └─▶ delayed heap ─▶ ready heap
 *
 * Rule: a message keeps its position for life. What was never delivered is taken in order of
 * position; what comes back stands where it stood, before everything younger of its priority.
 * Fifos hold what is on disk, lines what is transient.
 */

import { assert } from '../../assert.ts'
import type { QueueSettings } from '../../engine.ts'
import type { Due } from './due.ts'
import { type Entry, entryStates } from './entry.ts'
import { Fifo } from './fifo.ts'
import { Heap } from './heap.ts'
import type { IndexBlock } from './index-block.ts'
import { Line } from './line.ts'
import { PositionTable } from './position-table.ts'

/** The order of delivery. */
export const standsBefore = (a: Standing, b: Standing): boolean =>
  a.priority === b.priority ? a.position < b.position : a.priority > b.priority

type Standing = Pick<Entry, 'priority' | 'position'>

/** Entries that may be in the heap of deadlines and no longer in a line. */
const expiringSlack = 1_024

export const dueAt = (entry: Entry): number => Math.min(entry.availableAtMs, entry.deadlineAtMs)

export class Queue {
  readonly number: number
  readonly name: string
  settings: QueueSettings
  nextPosition = 1
  /** Highest priority first. */
  readonly fifos: Fifo[] = []
  readonly lines: Line[] = []
  /** What is held, has come back or is parked, by position. */
  readonly #awake = new PositionTable()
  /** What is delayed, by position: apart, so that a million of them cost nothing while they sleep. */
  readonly #asleep = new Map<number, Entry>()
  readonly returned = new Heap<Entry>(standsBefore)
  readonly #delayed = new Heap<Entry>((a, b) => dueAt(a) < dueAt(b))
  /** An entry in the heap has another time now than the one it was put there with. */
  #isDelayedDisordered = false
  /** What stands in a line and has a deadline. */
  readonly #expiring = new Heap<Entry>((a, b) => a.deadlineAtMs < b.deadlineAtMs)
  /** Messages in the queue by state; waiting includes parked. */
  waiting = 0
  unsettled = 0
  delayed = 0
  /** Nothing in the queue is due earlier. */
  dueAtMs = Number.POSITIVE_INFINITY

  constructor(number: number, name: string, settings: QueueSettings) {
    this.number = number
    this.name = name
    this.settings = settings
  }

  get size(): number {
    return this.waiting + this.unsettled + this.delayed
  }

  /** The entry of that position, if it is more than a row of a block. */
  entry(position: number): Entry | undefined {
    return this.#awake.get(position) ?? this.#asleep.get(position)
  }

  /** All that are more than a row of a block, but for transient ones that a consumer holds. */
  entries(): Entry[] {
    const lined = this.lines.flatMap((line) => line.entries())
    return [...this.#awake.values(), ...this.#asleep.values(), ...lined]
  }

  /** A new message at the end. Returns the block that it filled up, if it did. */
  push(entry: Entry): IndexBlock | undefined {
    this.waiting++
    if (entry.deadlineAtMs < this.dueAtMs) this.dueAtMs = entry.deadlineAtMs
    if (entry.transient) {
      this.#line(entry.priority).push(entry)
      if (entry.deadlineAtMs < Number.POSITIVE_INFINITY) this.#expire(entry)
      return undefined
    }
    return this.#fifo(entry.priority).push(entry)
  }

  #expire(entry: Entry): void {
    // Those taken before their time are still in the heap.
    if (this.#expiring.size > 2 * this.waiting + expiringSlack) {
      this.#expiring.keepOnly((one) => one.lined)
    }
    this.#expiring.push(entry)
  }

  /** An entry that is held from the start: accepted and handed out in one turn. */
  pushHeld(entry: Entry): void {
    entry.state = entryStates.held
    this.unsettled++
    // What is transient and held is known to its consumer only, until it comes back.
    if (entry.transient) return
    this.#awake.set(entry)
    this.#watch(entry)
  }

  /** An entry put in the state it says: new and delayed, or read back from a checkpoint. */
  put(entry: Entry): void {
    if (entry.state === entryStates.delayed) {
      this.#sleep(entry)
      return
    }
    assert(entry.state === entryStates.ready, 'only ready and delayed entries are put')
    this.#stand(entry)
    this.#watch(entry)
  }

  /** A whole fifo, read back from a checkpoint. */
  restoreFifo(fifo: Fifo): void {
    this.fifos.push(fifo)
    this.fifos.sort((a, b) => b.priority - a.priority)
    this.waiting += fifo.live
    for (const block of fifo.blocks) {
      if (block.live > 0) this.dueAtMs = Math.min(this.dueAtMs, block.deadlineMsMin)
    }
  }

  /** The next message to deliver, left where it is. Undefined when none, or its block is put away. */
  candidate(): Entry | undefined {
    let best = this.#peekReturned()
    for (const fifo of this.fifos) {
      if (best && best.priority > fifo.priority) break
      if (fifo.live === 0) continue
      const first = fifo.first()
      if (!first) return fifo.needed() ? undefined : best
      if (!best || standsBefore(first, best)) best = first
      break
    }
    return this.lines.length === 0 ? best : this.#firstInLine(best)
  }

  #firstInLine(other: Entry | undefined): Entry | undefined {
    for (const line of this.lines) {
      if (other && other.priority > line.priority) break
      const first = line.first()
      if (first) return !other || standsBefore(first, other) ? first : other
    }
    return other
  }

  /** The block to bring back before `candidate()` can answer. */
  neededBlock(): IndexBlock | undefined {
    for (const fifo of this.fifos) {
      const needed = fifo.needed()
      if (needed) return needed
    }
    return undefined
  }

  /** Takes the candidate; it is held now. */
  take(entry: Entry): void {
    this.#takeOut(entry)
    this.waiting--
    this.unsettled++
    entry.state = entryStates.held
    this.#watch(entry)
  }

  /** Sets the candidate aside until its key may go on. It still counts as waiting. */
  park(entry: Entry): void {
    this.#takeOut(entry)
    entry.state = entryStates.parked
    this.#watch(entry)
  }

  /** A ready entry, read back by recovery, is to wait until that time. */
  delay(entry: Entry, availableAtMs: number): void {
    if (entry.state !== entryStates.ready) return
    this.waiting--
    entry.availableAtMs = availableAtMs
    this.#sleep(entry)
  }

  /** A delayed entry becomes ready before its time: its delivery is on record. */
  wake(entry: Entry): void {
    if (entry.state !== entryStates.delayed) return
    this.#isDelayedDisordered = true
    this.#wake(entry)
  }

  #wake(entry: Entry): void {
    this.delayed--
    entry.availableAtMs = 0
    this.#stand(entry)
  }

  /** Into the delayed heap. */
  #sleep(entry: Entry): void {
    entry.state = entryStates.delayed
    this.delayed++
    this.#awake.delete(entry.position)
    this.#asleep.set(entry.position, entry)
    this.#delayed.push(entry)
    this.#watch(entry)
  }

  /** Ready, at its old position. */
  #stand(entry: Entry): void {
    entry.state = entryStates.ready
    this.waiting++
    this.#asleep.delete(entry.position)
    this.#awake.set(entry)
    this.returned.push(entry)
  }

  unpark(entry: Entry): void {
    entry.state = entryStates.ready
    this.returned.push(entry)
  }

  #takeOut(entry: Entry): void {
    if (this.#peekReturned() === entry) {
      this.returned.pop()
      return
    }
    if (entry.lined) {
      this.#line(entry.priority).takeFirst()
      return
    }
    this.#fifo(entry.priority).takeFirst()
    this.#awake.set(entry)
  }

  /** Back to its old position, at once or when it is available. */
  giveBack(entry: Entry, availableAtMs: number, nowMs: number): void {
    assert(entry.state === entryStates.held, 'only a held entry is given back')
    this.unsettled--
    entry.timeoutAtMs = Number.POSITIVE_INFINITY
    entry.availableAtMs = availableAtMs
    if (availableAtMs > nowMs) {
      this.#sleep(entry)
      return
    }
    this.#stand(entry)
    this.#watch(entry)
  }

  /** An entry leaves for good. */
  remove(entry: Entry): void {
    if (entry.state === entryStates.held) this.unsettled--
    else if (entry.state === entryStates.delayed) this.delayed--
    else this.waiting--
    entry.state = entryStates.gone
    if (entry.lined) {
      this.#line(entry.priority).remove(entry)
      return
    }
    this.#awake.delete(entry.position)
    this.#asleep.delete(entry.position)
  }

  /** A waiting row leaves for good, out of the middle. */
  removeRow(fifo: Fifo, block: IndexBlock, row: number): Entry {
    const entry = block.entryAt(row, fifo.priority)
    fifo.remove(block, row)
    this.waiting--
    entry.state = entryStates.gone
    return entry
  }

  /** Where a waiting row of that position is. */
  locate(position: number): { fifo: Fifo; block: IndexBlock } | undefined {
    for (const fifo of this.fifos) {
      const block = fifo.blockOf(position)
      if (block) {
        // Priorities interleave positions: the block's range may cover it without holding it.
        if (!block.columns || block.rowOf(position) >= 0) return { fifo, block }
      }
    }
    return undefined
  }

  /** Told when a held entry got its time-out. */
  watchTimeout(entry: Entry): void {
    if (entry.transient) this.#awake.set(entry)
    this.#watch(entry)
  }

  /** What is due by now; delayed entries become ready, the rest is for the caller to act on. */
  due(nowMs: number): Due {
    const due = {
      expired: [] as Entry[],
      timedOut: [] as Entry[],
      needed: [] as IndexBlock[],
    }
    this.dueAtMs = Number.POSITIVE_INFINITY
    this.#wakeDue(nowMs, due)
    for (const entry of this.#awake.values()) {
      if (entry.deadlineAtMs <= nowMs) due.expired.push(entry)
      else if (entry.state === entryStates.held && entry.timeoutAtMs <= nowMs)
        due.timedOut.push(entry)
      else this.#watch(entry)
    }
    for (const fifo of this.fifos) this.#expireRows(fifo, nowMs, due)
    this.#expireLined(nowMs, due)
    return due
  }

  #expireLined(nowMs: number, due: Due): void {
    for (;;) {
      const entry = this.#expiring.peek()
      if (!entry) return
      if (entry.lined && entry.deadlineAtMs > nowMs) {
        this.dueAtMs = Math.min(this.dueAtMs, entry.deadlineAtMs)
        return
      }
      this.#expiring.pop()
      if (entry.lined) due.expired.push(entry)
    }
  }

  /** What is delayed, next first; among it what is no longer. */
  get sleeping(): Heap<Entry> {
    if (this.#isDelayedDisordered) this.#delayed.replaceAll(this.#asleep.values())
    this.#isDelayedDisordered = false
    return this.#delayed
  }

  #wakeDue(nowMs: number, due: Due): void {
    const sleeping = this.sleeping
    for (;;) {
      const entry = sleeping.peek()
      if (!entry) return
      if (entry.state === entryStates.delayed && dueAt(entry) > nowMs) {
        this.#watch(entry)
        return
      }
      sleeping.pop()
      if (entry.state !== entryStates.delayed) continue
      if (entry.deadlineAtMs <= nowMs) due.expired.push(entry)
      else this.#wake(entry)
    }
  }

  #expireRows(fifo: Fifo, nowMs: number, due: Due): void {
    for (const block of fifo.blocks) {
      if (block.live === 0) continue
      if (block.deadlineMsMin <= nowMs) {
        if (!block.columns) {
          due.needed.push(block)
          continue
        }
        for (const row of block.expired(nowMs)) due.expired.push(block.entryAt(row, fifo.priority))
      }
      if (block.deadlineMsMin < this.dueAtMs) this.dueAtMs = block.deadlineMsMin
    }
  }

  #watch(entry: Entry): void {
    let at = entry.deadlineAtMs
    if (entry.state === entryStates.held) at = Math.min(at, entry.timeoutAtMs)
    else if (entry.state === entryStates.delayed) at = Math.min(at, entry.availableAtMs)
    if (at < this.dueAtMs) this.dueAtMs = at
  }

  #peekReturned(): Entry | undefined {
    for (;;) {
      const entry = this.returned.peek()
      if (!entry || entry.state === entryStates.ready) return entry
      this.returned.pop()
    }
  }

  #line(priority: number): Line {
    const { lines } = this
    const at = lines.findIndex((line) => line.priority <= priority)
    const there = lines[at]
    if (there?.priority === priority) return there
    const line = new Line(priority)
    lines.splice(at < 0 ? lines.length : at, 0, line)
    return line
  }

  #fifo(priority: number): Fifo {
    const { fifos } = this
    let at = 0
    while (at < fifos.length && (fifos[at] as Fifo).priority > priority) at++
    const there = fifos[at]
    if (there?.priority === priority) return there
    const fifo = new Fifo(priority)
    fifos.splice(at, 0, fifo)
    return fifo
  }
}
