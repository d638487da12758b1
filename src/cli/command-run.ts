/*
 * One run of a user's command for one message.
 *
 *   body ──▶ stdin ─┐             ┌─ stdout ──▶ result
 *                   └─ command ───┤
 *                                 └─ stderr ──▶ its end, when the exit code is not 0
 *
 * The command is started without a shell, in a process group of its own: Ctrl-C reaches this program
 * only, which lets the command finish, and when time is up the whole group is ended: first asked
 * (SIGTERM), some seconds later killed.
 */

import { Buffer } from 'node:buffer'
import { type ChildProcess, spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { Refusal } from './refusal.ts'

export interface CommandRan {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined
  readonly signal: string | undefined
  readonly stdout: Buffer
  /** The last part of stderr. */
  readonly stderrEnd: string
}

const stdoutBytesMax = 16 * 1024 * 1024
const stderrBytesKept = 8 * 1024
const killAfterMs = 5_000

export class CommandRuns {
  readonly #words: readonly string[]
  readonly #running = new Set<ChildProcess>()

  /** Fails with `notFound` when there is no such command: better once now than for every message. */
  constructor(words: readonly string[]) {
    const [name = ''] = words
    if (!isThere(name)) {
      throw new Refusal('notFound', `there is no command "${name}"; give its path, or check PATH`)
    }
    this.#words = words
  }

  get running(): number {
    return this.#running.size
  }

  /** Kills everything at once: nobody will read the results. */
  killAll(): void {
    for (const child of this.#running) kill(child, 'SIGKILL')
  }

  /** Rejects when the command cannot be started or writes too much. */
  run(
    stdin: Uint8Array,
    environment: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<CommandRan> {
    const [name = '', ...rest] = this.#words
    return new Promise((resolve, reject) => {
      const env = { ...process.env, ...environment }
      const child = spawn(name, rest, { env, stdio: 'pipe', detached: true })
      this.#running.add(child)
      const stdout = new Stdout(child, reject)
      const stderr = new Stderr(child)
      const unwatch = killWhenAborted(child, signal)
      child.on('error', reject)
      child.on('close', (exitCode, endedBy) => {
        this.#running.delete(child)
        unwatch()
        resolve({
          exitCode: exitCode ?? undefined,
          signal: endedBy ?? undefined,
          stdout: stdout.bytes(),
          stderrEnd: stderr.end(),
        })
      })
      // A command that does not read its input closes it early: that is its right.
      child.stdin.on('error', () => undefined)
      child.stdin.end(stdin)
    })
  }
}

class Stdout {
  readonly #pieces: Buffer[] = []
  #count = 0

  constructor(child: ChildProcess, tooMuch: (error: Error) => void) {
    child.stdout?.on('data', (piece: Buffer) => {
      this.#count += piece.length
      if (this.#count <= stdoutBytesMax) this.#pieces.push(piece)
      else {
        kill(child, 'SIGKILL')
        tooMuch(
          new Error(`the command wrote more than ${stdoutBytesMax} bytes, too much for a result`),
        )
      }
    })
  }

  bytes(): Buffer {
    return Buffer.concat(this.#pieces)
  }
}

class Stderr {
  #kept = Buffer.alloc(0)

  constructor(child: ChildProcess) {
    child.stderr?.on('data', (piece: Buffer) => {
      const all = Buffer.concat([this.#kept, piece])
      this.#kept = all.subarray(Math.max(0, all.length - stderrBytesKept))
    })
  }

  end(): string {
    return this.#kept.toString('utf8').trim()
  }
}

function killWhenAborted(child: ChildProcess, signal: AbortSignal): () => void {
  let timer: NodeJS.Timeout | undefined
  const aborted = (): void => {
    kill(child, 'SIGTERM')
    timer = setTimeout(() => kill(child, 'SIGKILL'), killAfterMs)
  }
  if (signal.aborted) aborted()
  else signal.addEventListener('abort', aborted, { once: true })
  return () => {
    signal.removeEventListener('abort', aborted)
    clearTimeout(timer)
  }
}

/** Signals the whole group, so that what the command started ends as well. */
function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It has ended meanwhile.
  }
}

function isThere(name: string): boolean {
  if (name.includes('/')) return isExecutable(name)
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some((folder) => isExecutable(join(folder || '.', name)))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
