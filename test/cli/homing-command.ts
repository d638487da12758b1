/*
 * The real command, in a process of its own and a folder of its own.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { root } from '../tidy/source-file.ts'

export interface CommandResult {
  /** Exit code, or null when a signal ended it. */
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Readonly<Record<string, string>>
}

const msMax = 60_000

/** A folder in which the command runs; its data directory is ./data. */
export class HomingFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), 'homing-cli-'))

  get data(): string {
    return join(this.path, 'data')
  }

  /** Runs to its end. */
  async run(words: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
    const child = this.start(words, options.env)
    // A command that ends without reading closes the pipe early.
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.stdin ?? '')
    return finished(child)
  }

  /** Runs, and must end well; returns its results. */
  async ok(words: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, out, err } = await this.run(words, options)
    if (code !== 0) throw new Error(`homing ${words.join(' ')} ended with ${code}: ${err}${out}`)
    return out
  }

  /** The same, its results as JSON, one a line. */
  async json<Row = Record<string, unknown>>(words: readonly string[]): Promise<readonly Row[]> {
    return jsonLines<Row>(await this.ok([...words, '--json']))
  }

  start(words: readonly string[], env: Readonly<Record<string, string>> = {}): HomingProcess {
    // What the test runner tells its own processes is not for those of a user.
    const { NODE_V8_COVERAGE, NODE_TEST_CONTEXT, FORCE_COLOR, npm_lifecycle_event, ...own } =
      process.env
    return spawn(process.execPath, [join(root, 'src/cli/bin.ts'), ...words], {
      cwd: this.path,
      env: { ...own, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: msMax,
      killSignal: 'SIGKILL',
    })
  }

  /** Resolves when the process has the data directory open. Asking by a command could be in its way. */
  async openedBy({ pid }: HomingProcess): Promise<void> {
    while (this.#owner() !== String(pid)) await new Promise((resolve) => setTimeout(resolve, 10))
  }

  #owner(): string {
    const owner = join(this.data, 'owner')
    return existsSync(owner) ? (readFileSync(owner, 'utf8').split('\n')[0] ?? '') : ''
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export type HomingProcess = ChildProcessByStdio<Writable, Readable, Readable>

export async function finished(child: HomingProcess): Promise<CommandResult> {
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, out, err }
}

/** Resolves when the stream has shown a text that matches; with all that was shown until then. */
export function shows(stream: Readable, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = ''
    stream.on('data', (piece: Buffer) => {
      seen += piece.toString('utf8')
      if (wanted.test(seen)) resolve(seen)
    })
    stream.on('end', () => reject(new Error(`ended without ${wanted}: ${seen}`)))
  })
}

/** What begins every control sequence of a terminal. */
export const controlStart = '\u001b'

export const jsonLines = <Row = Record<string, unknown>>(text: string): readonly Row[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
