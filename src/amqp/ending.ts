/*
 * The ways in which a connection ends (AMQP 0-9-1 §2.2.4), and how far it has come.
 *
 *   handshake ──▶ running ─┬─ client's close ─▶ closing ─ freed ─ close-ok ─▶ over
 *       │                  └─ error, our close ─▶ closed ─ close-ok, or no patience ─▶ over
 *       └─ not let in: silence, dropped ─▶ over              the socket closes: any ─▶ over
 *
 * Rule: what it held is freed once: before its close-ok, with our close, or when the socket is gone.
 */

import { Buffer } from 'node:buffer'
import type { Clock, Timer } from '../clock.ts'
import { after, type Later } from '../later.ts'
import type { ConnectionState } from './connection-facts.ts'
import type { ConnectionWatch } from './connection-parts.ts'
import type { Intake } from './intake.ts'
import type { Outlet } from './outlet.ts'
import type { Output } from './output.ts'
import type { AmqpError } from './protocol/amqp-error.ts'
import { methodId } from './protocol/methods.ts'
import { frameEnd, frameType } from './protocol/wire.ts'
import { stop } from './reading.ts'

/** Time in which a client that was refused before it was known hears nothing. */
const silenceMs = 3_000
/** Patience for a close-ok, and then for the socket to close. */
const closeOkMs = 10_000

const closeId = methodId('connection.close')
const closeOkId = methodId('connection.close-ok')
const closeOkFrame = Buffer.of(frameType.method, 0, 0, 0, 0, 0, 4, 0, 10, 0, 51, frameEnd)

export interface EndingSide {
  readonly clock: Clock
  readonly outlet: Outlet
  readonly output: Output
  readonly intake: Intake
  readonly watch: ConnectionWatch
  /** Its channels and exclusive queues go. */
  free(): Later<void>
}

export class Ending {
  readonly #side: EndingSide
  #state: ConnectionState = 'handshake'
  #timer: Timer | undefined
  #isFreed = false
  #freed: Promise<void> | undefined

  constructor(side: EndingSide) {
    this.#side = side
  }

  get state(): ConnectionState {
    return this.#state
  }

  /** Whether it was closed already, by either side. */
  get hasBegun(): boolean {
    return this.#state !== 'handshake' && this.#state !== 'running'
  }

  /** The virtual host is to be opened in time. */
  expectHandshake(withinMs: number): void {
    this.#wait(withinMs, () => this.drop('no virtual host was opened in time'))
  }

  running(): void {
    this.#timer?.cancel()
    this.#state = 'running'
  }

  /** Says why, and waits for the client's close-ok. */
  closeWith(error: AmqpError): void {
    const { watch, output, intake } = this.#side
    watch.refused?.(error)
    const patienceMs = this.#state === 'handshake' ? silenceMs : closeOkMs
    this.#state = 'closed'
    void this.#free()
    const { replyCode, replyText, classId, methodId } = error
    output.method(0, { name: 'connection.close', replyCode, replyText, classId, methodId })
    this.#wait(patienceMs, () => this.finish())
    // Its close-ok is to be heard.
    intake.reading.clear(stop.leaving)
  }

  /** A client that was not let in is left without a word for a while. */
  refuseSilently(error: AmqpError): void {
    this.#side.watch.refused?.(error)
    this.#side.intake.deafen()
    this.#state = 'closed'
    this.#wait(silenceMs, () => this.drop(error.replyText))
  }

  closedByClient(): Later<void> {
    this.#state = 'closing'
    return after(this.#free(), () => {
      this.#side.output.method(0, { name: 'connection.close-ok' })
      this.finish()
    })
  }

  /** A method of channel 0, after a close. */
  heard(id: number): void {
    if (this.#state !== 'closed') return
    if (id === closeOkId) this.finish()
    // It crossed ours, which is still to be answered.
    else if (id === closeId) this.#side.output.method(0, { name: 'connection.close-ok' })
  }

  /** Bytes that cannot be told into frames any more. A client that answers our close says no more. */
  heardGarbled(chunk: Buffer): void {
    if (this.#state === 'closed' && chunk.subarray(-closeOkFrame.length).equals(closeOkFrame))
      this.finish()
  }

  /** What was written is sent; then the socket closes, by its own means or by ours. */
  finish(): void {
    const { intake, output, outlet } = this.#side
    if (this.#state === 'handshake') this.#state = 'closed'
    intake.deafen()
    output.flush()
    outlet.close('end')
    this.#wait(closeOkMs, () => this.drop('the client did not close its socket'))
  }

  /** Ends it now. */
  drop(why: string): void {
    const { intake, outlet } = this.#side
    intake.deafen()
    outlet.close('destroy')
    intake.whenIdle(() => this.over(why))
  }

  /** The socket is gone. */
  over(why: string): void {
    if (this.#state === 'over') return
    this.#state = 'over'
    const { intake, output, watch } = this.#side
    this.#timer?.cancel()
    intake.deafen()
    output.end()
    void after(this.#free(), () => watch.over?.(why))
  }

  #wait(delayMs: number, run: () => void): void {
    this.#timer?.cancel()
    this.#timer = this.#side.clock.after(delayMs, run)
  }

  /** The same result each time. A failure is for the log: the connection ends all the same. */
  #free(): Later<void> {
    if (this.#isFreed) return this.#freed
    this.#isFreed = true
    const broke = (thrown: unknown): void => this.#side.watch.broke?.(thrown)
    try {
      const freed = this.#side.free()
      if (freed instanceof Promise) this.#freed = freed.catch(broke)
    } catch (thrown) {
      broke(thrown)
    }
    return this.#freed
  }
}
