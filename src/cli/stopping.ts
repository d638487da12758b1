/*
 * Ctrl-C, and what else asks the command to stop.
 *
 *   first    `signal` is aborted: the command finishes or gives back what it holds
 *   second   the process ends at once; what was held is delivered again at the next start
 *
 * SIGTERM and SIGHUP are the same; but a server takes SIGHUP for something else, unless its terminal was
 * closed. A reader of the results who goes away also asks to stop.
 */

import fs from 'node:fs'
import process from 'node:process'
import { exitCodes } from './exit-codes.ts'
import type { Terminal } from './terminal.ts'

export type StopReason = 'signal' | 'reader gone'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Stopping implements Disposable {
  readonly #abort = new AbortController()
  readonly #atOnce: (() => void)[] = []
  readonly #listener = (signal: NodeJS.Signals): void => {
    const { onHangUp } = this
    if (signal === 'SIGHUP' && onHangUp !== undefined && !this.#lostTerminal()) onHangUp()
    else this.#asked()
  }
  readonly #hadTerminal = hasTerminal()
  #reason: StopReason | undefined
  /** Told at the first request, so that the command can say what it does now. */
  onFirst: () => void = () => undefined

  constructor(terminal: Terminal) {
    for (const name of signals) process.on(name, this.#listener)
    terminal.closed.addEventListener('abort', () => this.#stop('reader gone'), { once: true })
  }

  /** What SIGHUP does, when it is not to stop. */
  onHangUp: (() => void) | undefined = undefined

  /** Who closes the window means to stop what runs in it. */
  #lostTerminal(): boolean {
    return this.#hadTerminal && !hasTerminal()
  }

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  get reason(): StopReason | undefined {
    return this.#reason
  }

  /** Runs when the process is to end without finishing anything. */
  atOnce(act: () => void): void {
    this.#atOnce.push(act)
  }

  #asked(): void {
    if (this.#reason !== undefined) {
      for (const act of this.#atOnce) act()
      process.exit(exitCodes.interrupted.code)
    }
    this.#stop('signal')
  }

  #stop(reason: StopReason): void {
    if (this.#reason !== undefined) return
    this.#reason = reason
    if (reason === 'signal') this.onFirst()
    this.#abort.abort(new DOMException('stopped', 'AbortError'))
  }

  [Symbol.dispose](): void {
    for (const name of signals) process.off(name, this.#listener)
  }
}

/** Whether a terminal controls this process; it does no more when it was closed. */
function hasTerminal(): boolean {
  try {
    fs.closeSync(fs.openSync('/dev/tty', 'r'))
    return true
  } catch {
    return false
  }
}
