/*
 * What a connection writes: gathered during a turn of the event loop, handed over at its end, and
 * before that when it is much.
 *
 *   frames ─▶ writer ──(end of turn, or much)──▶ outlet ─▶ socket ──▶ drained
 *            └───────────── waiting bytes ─────────────┘
 *
 * Whoever has something to add at the end of the turn, such as confirms, says so with `before`. Two
 * bounds keep a reader that does not read from filling the memory: past the lower one no message is
 * delivered, past the upper one nothing is read from that client either.
 */

import type { Clock } from '../clock.ts'
import type { Outlet } from './outlet.ts'
import { FrameWriter } from './protocol/frame-writer.ts'
import type { Method } from './protocol/methods.ts'

const kib = 1024
/** Bytes not yet taken by the system at which deliveries stop. */
const deliverBytesMax = 256 * kib
/** The same, at which reading stops: answers to what was read already need room too. */
const answerBytesMax = 1024 * kib
/** Deliveries of one turn that are handed over before its end: a reader that keeps up keeps its room. */
const muchBytes = 64 * kib

/** Writes its last frames of a turn. */
export interface EndOfTurn {
  endOfTurn(): void
}

export class Output {
  /** Whoever writes to it calls `wake` afterwards. */
  readonly writer = new FrameWriter()
  readonly #clock: Clock
  readonly #outlet: Outlet
  readonly #broke: (thrown: unknown) => void
  #undrainedBytes = 0
  #sentBytes = 0
  #awake = false
  #isStarving = false
  #ended = false
  #takesNoMore = false
  #ending: EndOfTurn[] = []

  /** `broke` is told when somebody fails to write the last of a turn. */
  constructor(clock: Clock, outlet: Outlet, broke: (thrown: unknown) => void) {
    this.#clock = clock
    this.#outlet = outlet
    this.#broke = broke
  }

  /** Whether the reader keeps up. */
  get hasRoom(): boolean {
    return this.waitingBytes < deliverBytesMax
  }

  /** False while a delivery is to wait for a slow reader. */
  takesDelivery(): boolean {
    if (this.writer.length >= muchBytes) this.#handOver()
    if (this.hasRoom && !this.#takesNoMore) return true
    this.#isStarving = true
    return false
  }

  /** From now on every delivery waits, for good; everything else goes out as before. */
  takeNoMoreDeliveries(): void {
    this.#takesNoMore = true
  }

  /** A sign of life. */
  heartbeat(): void {
    this.writer.heartbeat()
    this.wake()
  }

  /** Whether a delivery was told to wait since this was asked last. */
  wasStarving(): boolean {
    const was = this.#isStarving
    this.#isStarving = false
    return was
  }

  /** True while nothing more should be asked for. */
  get isFull(): boolean {
    return this.waitingBytes >= answerBytesMax
  }

  get waitingBytes(): number {
    return this.#undrainedBytes + this.writer.length
  }

  get sentBytes(): number {
    return this.#sentBytes
  }

  /** Sent, and written in this turn. */
  get writtenBytes(): number {
    return this.#sentBytes + this.writer.length
  }

  method(channel: number, method: Method): void {
    this.writer.method(channel, method)
    this.wake()
  }

  /** Something was written, or will be at the end of the turn. */
  wake(): void {
    if (this.#awake || this.#ended) return
    this.#awake = true
    this.#clock.soon(this.#flush)
  }

  /** Asks `writer` once at the end of this turn. */
  before(writer: EndOfTurn): void {
    this.#ending.push(writer)
    this.wake()
  }

  /** Hands over what was written, now. */
  flush(): void {
    if (this.#ending.length > 0) this.#endTurn()
    this.#handOver()
  }

  /** So many bytes have been taken by the system. */
  drained(bytes: number): void {
    this.#undrainedBytes = Math.max(0, this.#undrainedBytes - bytes)
  }

  /** Nothing is handed over any more. */
  end(): void {
    this.#ended = true
    this.#ending = []
  }

  #handOver(): void {
    if (this.writer.length === 0 || this.#ended) return
    const bytes = this.writer.take()
    this.#undrainedBytes += bytes.length
    this.#sentBytes += bytes.length
    this.#outlet.write(bytes)
    if (!this.#outlet.isDrained) return
    this.#undrainedBytes = 0
    this.writer.rewind()
  }

  #endTurn(): void {
    const ending = this.#ending
    this.#ending = []
    try {
      for (const writer of ending) writer.endOfTurn()
    } catch (thrown) {
      this.#broke(thrown)
    }
  }

  readonly #flush = (): void => {
    this.#awake = false
    this.flush()
  }
}
