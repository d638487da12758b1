/*
 * What `homing work` prints: each attempt that failed, and each outcome once it is on disk.
 */

import type { AnyContract, Delivery, Outcome } from '../index.ts'
import { jsonLine } from './json-text.ts'
import { durationText, failureLine, valueLine } from './outcome-text.ts'
import type { Terminal } from './terminal.ts'
import { onOneLine } from './text-width.ts'
import { waitedJson } from './wait.ts'
import { CommandFailed } from './work-result.ts'

const valueCharactersMax = 100

export class WorkReport {
  readonly #terminal: Terminal
  readonly #followed = new Map<string, Promise<void>>()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Prints the outcome when it is there; once, however often the message is tried. */
  follow(id: string, outcome: () => Promise<Outcome<AnyContract>>): void {
    if (this.#followed.has(id)) return
    const told = outcome().then(
      (come) => this.#print(come),
      // Given back when the worker stopped: it has no outcome yet.
      () => undefined,
    )
    this.#followed.set(
      id,
      told.finally(() => this.#followed.delete(id)),
    )
  }

  async failed(delivery: Delivery<AnyContract>, error: Error): Promise<void> {
    const { id, attempt } = delivery
    const { message } = error
    const code = error instanceof CommandFailed ? error.code : undefined
    if (this.#terminal.json) {
      await this.#terminal.line(jsonLine({ id, attempt, failed: true, code, message }))
      return
    }
    const mark = this.#terminal.style('yellow', '↻')
    await this.#terminal.line(`${mark} ${onOneLine(id)}  attempt ${attempt}: ${onOneLine(message)}`)
  }

  async #print(outcome: Outcome<AnyContract>): Promise<void> {
    const terminal = this.#terminal
    if (terminal.json) return terminal.line(waitedJson(outcome))
    const took = durationText(outcome.finishedAtMs - outcome.acceptedAtMs)
    const id = onOneLine(outcome.id)
    if (outcome.ok) {
      const value = onOneLine(valueLine(outcome.value).slice(0, valueCharactersMax))
      return terminal.line(`${terminal.style('green', '✔')} ${id}  ${took}  ${value}`)
    }
    const { code, data } = outcome.error
    const why = onOneLine(failureLine(code, data))
    return terminal.line(`${terminal.style('red', '✘')} ${id}  ${took}  ${code}: ${why}`)
  }

  /** Waits until everything that has its outcome by now is printed. */
  async end(isFinal: (id: string) => Promise<boolean>): Promise<void> {
    for (const [id, told] of [...this.#followed]) if (await isFinal(id)) await told
  }
}
