/*
 * Frames of one connection, worked on one after the other.
 *
 *   bytes ─▶ parser ─▶ frame ─▶ (a call that has no result yet: stop) ─▶ frame ─▶ … end of read
 *
 * What must not happen while a call is under way, such as the end of the connection, waits for its
 * result. A frame that is refused does not keep the next one from being worked on; bytes that are no
 * frame do, since nothing tells where the next one would begin.
 */

import type { Buffer } from 'node:buffer'
import type { Later } from '../later.ts'

import type { Outlet } from './outlet.ts'
import { FrameParser } from './protocol/frame-parser.ts'
import { Reading, stop } from './reading.ts'

export interface IntakeSide {
  /** Works on the frame the parser stands at. */
  frame(parser: FrameParser): Later<void>
  /** The frame, or the call it led to, was refused. */
  failed(thrown: unknown): void
  /** The bytes are no frame: nothing that comes behind them is understood. */
  garbled(thrown: unknown): void
  /** What came behind such bytes. */
  unread(chunk: Buffer): void
  /** All there was to read has been worked on. */
  endOfRead(): void
  /** No more may be asked for until the client has read what it has been sent. */
  isFull(): boolean
}

export class Intake {
  readonly reading: Reading
  readonly #side: IntakeSide
  readonly #parser: FrameParser
  #isRunning = false
  #isDeaf = false
  #isGarbled = false
  #afterwards: (() => void)[] = []

  constructor(outlet: Outlet, payloadBytesMax: number, side: IntakeSide) {
    this.#side = side
    this.#parser = new FrameParser(payloadBytesMax)
    this.reading = new Reading(outlet, () => this.#run())
  }

  /** Bytes that no frame was made of yet. */
  get bufferedBytes(): number {
    return this.#parser.bufferedBytes
  }

  set payloadBytesMax(bytes: number) {
    this.#parser.payloadBytesMax = bytes
  }

  receive(chunk: Buffer): void {
    if (this.#isGarbled) this.#side.unread(chunk)
    if (this.#isDeaf) return
    this.#parser.push(chunk)
    if (this.reading.isStopped) this.reading.overrun()
    else this.#run()
  }

  /** What comes from now on is let go by. */
  deafen(): void {
    this.#isDeaf = true
  }

  /** Runs it now, or when the call that is under way has its result. */
  whenIdle(run: () => void): void {
    if (this.reading.is(stop.later) || this.#isRunning) this.#afterwards.push(run)
    else run()
  }

  #run(): void {
    // A call that frees something may end up here while a frame is being worked on.
    if (this.#isRunning) return
    this.#runAfterwards()
    this.#isRunning = true
    for (let more = true; more; ) {
      try {
        this.#frames()
        more = false
      } catch (thrown) {
        this.#side.failed(thrown)
      }
    }
    this.#isRunning = false
    this.#runAfterwards()
  }

  #frames(): void {
    const side = this.#side
    const parser = this.#parser
    while (!this.reading.isStopped && this.#next(parser)) {
      const later = side.frame(parser)
      if (later instanceof Promise) this.#await(later)
      if (side.isFull()) this.reading.stop(stop.output)
    }
    side.endOfRead()
  }

  #next(parser: FrameParser): boolean {
    if (this.#isDeaf) return false
    try {
      return parser.next()
    } catch (thrown) {
      this.#isDeaf = true
      this.#isGarbled = true
      this.#side.garbled(thrown)
      return false
    }
  }

  #await(later: Promise<void>): void {
    this.reading.stop(stop.later)
    const done = (): void => {
      this.reading.clear(stop.later)
      this.#runAfterwards()
    }
    later.then(done, (thrown) => {
      this.#side.failed(thrown)
      done()
    })
  }

  #runAfterwards(): void {
    if (this.#afterwards.length === 0 || this.reading.is(stop.later)) return
    const afterwards = this.#afterwards
    this.#afterwards = []
    for (const run of afterwards) run()
  }
}
