/*
 * From what a command did to what its message comes to.
 *
 *   exit code 0         the result is its stdout
 *   exit code 65        refused for good (EX_DATAERR): not tried again, outcome `rejected`
 *   anything else       the attempt failed: tried again, until the message has no attempts left
 */

import { type Buffer, isUtf8 } from 'node:buffer'
import type { BodyKind } from './cli-contract.ts'
import type { CommandRan } from './command-run.ts'
import { JsonText, jsonIn } from './json-text.ts'

export const exitCodeRefused = 65

/** An attempt of a command that failed, as it comes home to the sender. */
export class CommandFailed extends Error {
  /** The exit code, or the name of the signal that ended it. */
  readonly code: number | string

  constructor({ exitCode, signal, stderrEnd }: CommandRan) {
    const how =
      exitCode === undefined ? `was ended by ${signal}` : `ended with exit code ${exitCode}`
    super(`the command ${how}${stderrEnd === '' ? '' : `: ${stderrEnd}`}`)
    this.name = 'CommandFailed'
    this.code = exitCode ?? signal ?? 'unknown'
    // Where this program noticed says nothing about the command.
    Object.defineProperty(this, 'stack', { value: undefined })
  }
}

/** The result that a command wrote. Throws when it is not what `kind` says. */
export function resultFrom(stdout: Buffer, kind: BodyKind): unknown {
  if (kind === 'binary') return stdout
  if (!isUtf8(stdout)) {
    throw new TypeError(
      'the command wrote bytes that are not UTF-8; keep them with --result binary',
    )
  }
  const written = stdout.toString('utf8')
  if (kind === 'text') return written
  const value = written.replace(/\r?\n$/, '')
  return value === '' ? undefined : (jsonIn(value) ?? value)
}

/** The bytes a command reads: what was sent, as it was sent. */
export function stdinFrom(input: unknown): Uint8Array {
  if (input === undefined) return new Uint8Array(0)
  if (input instanceof JsonText) return new TextEncoder().encode(input.text)
  if (input instanceof Uint8Array) return input
  return new TextEncoder().encode(String(input))
}
