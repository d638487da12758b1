/*
 * Calls on their way, over links that come and go.
 *
 *   asked ──▶ open (on the link) ──▶ answered
 *     │          │ lost
 *     └──▶ waiting ◀┘  ──▶ open, on the next link, in the order in which they were first asked
 *                └── patience is over ──▶ `unreachable`
 *
 * Rule: a call is answered once. What a lost link says of it is not heard any more.
 * What may not be asked twice says so by `onLost`, and is told of the loss instead.
 */

import type { Clock, Timer } from '../clock.ts'
import { HomingError } from '../errors.ts'
import type { Link } from './link.ts'

export interface Call {
  /** `again`: it was asked on an earlier link and may have arrived. */
  ask(link: Link, again: boolean): Promise<unknown>
  done(value: never): void
  failed(error: unknown): void
  /** In place of being asked again. */
  readonly onLost?: (reason: HomingError) => void
  /** What is said of it in an error: `message "x"`. */
  readonly what: string
  /** Milliseconds, over all its waits together. */
  readonly patienceMs: number
}

export interface OpenCallsParts {
  readonly clock: Clock
  /** `no connection to …, the last error was …`. */
  readonly why: () => string
}

/** Who takes the link down with it this often is not asked again. */
const lossesMax = 10
/** Waits are looked through at most this often. */
const lookMs = 100

/** Where a call stands. */
interface Asked {
  readonly call: Call
  readonly number: number
  link: Link | undefined
  losses: number
  waitingSinceMs: number
  waitedMs: number
}

export class OpenCalls {
  readonly #parts: OpenCallsParts
  /** In the order in which they were asked on this link. */
  readonly #open = new Set<Asked>()
  #waiting: Asked[] = []
  #link: Link | undefined
  #numbers = 0
  #timer: Timer | undefined
  #wakeAtMs = Number.POSITIVE_INFINITY
  /** Why nothing can be asked and waiting would not help. */
  #refusal: HomingError | undefined
  #idle: (() => void)[] = []
  #ended = false
  readonly #hold = new ProcessHold()

  constructor(parts: OpenCallsParts) {
    this.#parts = parts
  }

  add(call: Call): void {
    if (this.#ended) {
      call.failed(new HomingError('closed', `the engine is closed; ${call.what} was not sent`))
      return
    }
    if (this.#refusal !== undefined) {
      call.failed(this.#unanswered({ call, losses: 0 }, this.#refusal))
      return
    }
    const number = this.#numbers++
    const asked = { call, number, link: undefined, losses: 0, waitingSinceMs: 0, waitedMs: 0 }
    if (this.#open.size + this.#waiting.length === 0) this.#hold.hold()
    if (this.#link !== undefined) this.#ask(asked, this.#link)
    else this.#wait(asked)
  }

  #ask(asked: Asked, link: Link): void {
    asked.link = link
    this.#open.add(asked)
    begun(asked.call, link, asked.losses > 0).then(
      (value) => this.#answered(asked, link) && asked.call.done(value as never),
      (error: unknown) => {
        // The loss itself decides what becomes of it.
        if (isLoss(error) && this.#open.has(asked) && asked.link === link) return
        if (this.#answered(asked, link)) asked.call.failed(error)
      },
    )
  }

  #answered(asked: Asked, link: Link): boolean {
    if (asked.link !== link || !this.#open.delete(asked)) return false
    this.#tellIdle()
    return true
  }

  #wait(asked: Asked): void {
    asked.link = undefined
    asked.waitingSinceMs = this.#parts.clock.monotonicMs()
    this.#waiting.push(asked)
    this.#wakeIn(asked.call.patienceMs - asked.waitedMs)
  }

  /** The link is over: what was open on it waits, before what waits already. */
  lost(reason: HomingError): void {
    this.#link = undefined
    const open = [...this.#open]
    this.#open.clear()
    const nowMs = this.#parts.clock.monotonicMs()
    const again: Asked[] = []
    for (const asked of open) {
      asked.link = undefined
      asked.losses++
      if (asked.call.onLost !== undefined) asked.call.onLost(reason)
      else if (asked.losses >= lossesMax) asked.call.failed(this.#taken(asked, reason))
      else {
        asked.waitingSinceMs = nowMs
        again.push(asked)
        this.#wakeIn(asked.call.patienceMs - asked.waitedMs)
      }
    }
    this.#waiting = again.concat(this.#waiting).sort((a, b) => a.number - b.number)
    this.#tellIdle()
  }

  /** A link is there: everything that waits is asked on it, in order. */
  resume(link: Link): void {
    this.#link = link
    this.#refusal = undefined
    this.#stopTimer()
    const waiting = this.#waiting
    this.#waiting = []
    const nowMs = this.#parts.clock.monotonicMs()
    for (const asked of waiting) {
      asked.waitedMs += nowMs - asked.waitingSinceMs
      this.#ask(asked, link)
    }
  }

  /**
   * No link can be had: who waits is told at once, and so is everybody who comes, until there is one or
   * `undefined` says that waiting may help again.
   */
  refuse(why: HomingError | undefined): void {
    this.#refusal = why
    if (why === undefined) return
    this.failAll((asked) => this.#unanswered(asked, why))
  }

  /** Ends every call. */
  failAll(error: (asked: { readonly call: Call; readonly losses: number }) => HomingError): void {
    this.#stopTimer()
    const all = [...this.#open, ...this.#waiting]
    this.#open.clear()
    this.#waiting = []
    for (const asked of all) {
      // One that is open has been sent, whatever became of it.
      asked.losses += asked.link === undefined ? 0 : 1
      asked.call.failed(error(asked))
    }
    this.#tellIdle()
  }

  /** Resolves when nothing is open or waiting. */
  idle(): Promise<void> {
    return new Promise((resolve) => {
      this.#idle.push(resolve)
      this.#tellIdle()
    })
  }

  end(): void {
    this.#ended = true
    this.#stopTimer()
    this.#hold.end()
  }

  #tellIdle(): void {
    if (this.#open.size + this.#waiting.length > 0) return
    this.#hold.release()
    if (this.#idle.length === 0) return
    const told = this.#idle
    this.#idle = []
    for (const tell of told) tell()
  }

  #wakeIn(ms: number): void {
    const wakeAtMs = this.#parts.clock.monotonicMs() + Math.max(ms, lookMs)
    if (wakeAtMs >= this.#wakeAtMs) return
    this.#timer?.cancel()
    this.#wakeAtMs = wakeAtMs
    this.#timer = this.#parts.clock.after(Math.max(ms, lookMs), () => this.#look())
  }

  #stopTimer(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#wakeAtMs = Number.POSITIVE_INFINITY
  }

  /** Ends those whose patience is over. */
  #look(): void {
    this.#stopTimer()
    const nowMs = this.#parts.clock.monotonicMs()
    const over: Asked[] = []
    let nextMs = Number.POSITIVE_INFINITY
    this.#waiting = this.#waiting.filter((asked) => {
      const leftMs = asked.call.patienceMs - asked.waitedMs - (nowMs - asked.waitingSinceMs)
      if (leftMs > 0) nextMs = Math.min(nextMs, leftMs)
      else over.push(asked)
      return leftMs > 0
    })
    this.#wakeIn(nextMs)
    for (const asked of over) asked.call.failed(this.#unanswered(asked))
    this.#tellIdle()
  }

  #unanswered(
    { call, losses }: { readonly call: Call; readonly losses: number },
    cause?: HomingError,
  ): HomingError {
    const sent = losses > 0
    const state = sent
      ? 'was sent, and whether it arrived is unknown: repeat it only when it may be done twice, or under the same id'
      : 'was not sent: try again later'
    return new HomingError('unreachable', `${this.#parts.why()}; ${call.what} ${state}`, {
      cause,
      data: { sent },
    })
  }

  #taken({ call, losses }: Asked, reason: HomingError): HomingError {
    return new HomingError(
      'connection-lost',
      `${call.what} was sent ${losses} times, and each time the connection was lost before the answer (${reason.message}); whether it arrived is unknown`,
      { cause: reason, data: { sent: true } },
    )
  }
}

/** What fails at once fails like what fails later. */
function begun(call: Call, link: Link, again: boolean): Promise<unknown> {
  try {
    return call.ask(link, again)
  } catch (error) {
    return Promise.reject(error)
  }
}

export const isLoss = (error: unknown): boolean =>
  error instanceof HomingError && error.code === 'connection-lost'

/** An idle timer that keeps the process from ending while somebody waits for an answer. */
class ProcessHold {
  #timer: NodeJS.Timeout | undefined
  #ended = false

  hold(): void {
    if (this.#ended) return
    if (this.#timer === undefined) this.#timer = setInterval(() => {}, 2 ** 30)
    else this.#timer.ref()
  }

  release(): void {
    this.#timer?.unref()
  }

  end(): void {
    this.#ended = true
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
