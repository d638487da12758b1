/*
 * Runs a program as a user would, in a process of its own and a folder of its own.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

export interface Ran {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null
  /** What it printed as its result. */
  readonly out: string
  /** What it printed on both streams. */
  readonly output: string
}

export async function runProgram(
  command: string,
  args: readonly string[],
  options: {
    readonly cwd: string
    readonly msMax: number
    /** Beside this process's own. */
    readonly env?: Readonly<Record<string, string>>
  },
): Promise<Ran> {
  // What the test runner tells its own processes is not for those of a user.
  const { NODE_V8_COVERAGE, NODE_TEST_CONTEXT, ...env } = process.env
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: { ...env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: options.msMax,
    killSignal: 'SIGKILL',
  })
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, out, output: out + err }
}
