/*
 * working-process.ts as a child of a test: started, listened to, ended.
 */

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { EmbeddedOptions } from '../../src/embedded/engine-options.ts'
import { openEmbedded } from '../../src/embedded/open.ts'

const script = join(import.meta.dirname, 'working-process.ts')

export interface WorkingOptions {
  readonly count?: number
  readonly engine?: EmbeddedOptions
  /** What ids begin with. */
  readonly prefix?: string
  /** What the process is started through, such as `strace …`. */
  readonly through?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export class RunningProcess {
  readonly lines: string[] = []
  readonly child: ChildProcess
  errors = ''
  readonly #ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  #heard: () => void = () => undefined

  constructor(directory: string, options: WorkingOptions = {}) {
    const { through = [], count = 0, engine = {}, prefix = 'm' } = options
    const own = [process.execPath, script, directory, `${count}`, JSON.stringify(engine), prefix]
    const [command, ...args] = [...through, ...own] as [string, ...string[]]
    const env = { ...process.env, ...options.env }
    this.child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.child.stdin?.on('error', () => undefined)
    this.child.stderr?.on('data', (text) => {
      this.errors += text
    })
    const lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream })
    lines.on('line', (line) => {
      this.lines.push(line)
      this.#heard()
    })
    const heardAll = once(lines, 'close')
    this.#ended = once(this.child, 'exit').then(async ([code, signal]) => {
      await heardAll
      this.#heard()
      return { code, signal }
    })
  }

  /** What it was told of each id, by word: `confirmed`, `final` … */
  ids(word: string): string[] {
    return this.lines
      .filter((line) => line.startsWith(`${word} `))
      .map((line) => line.split(' ')[1] as string)
  }

  /** Waits until so many lines of that word were said; fails when it ends before. */
  async until(word: string, count = 1): Promise<void> {
    const said = (): number => this.lines.filter((line) => line.split(' ')[0] === word).length
    while (said() < count) {
      const more = new Promise<string>((resolve) => {
        this.#heard = () => resolve('more')
      })
      const what = await Promise.race([more, this.#ended.then(() => 'ended')])
      if (what === 'ended' && said() < count) {
        assert.fail(`it ended before "${word}" was said ${count} times: ${this.errors}`)
      }
    }
  }

  /** Waits for its end; `close` asks for it. */
  end(): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
    return this.#ended
  }

  async close(): Promise<void> {
    this.child.stdin?.end()
    const { code } = await this.end()
    assert.equal(code, 0, this.errors)
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.end()
  }
}

/** What of the promises made to a process the directory does not keep. */
export async function brokenPromises(
  directory: string,
  promised: { readonly confirmed: readonly string[]; readonly final: readonly string[] },
): Promise<string[]> {
  const engine = await openEmbedded(directory, { onProblem: () => undefined })
  const broken: string[] = []
  try {
    for (const id of promised.confirmed) {
      const { state } = await engine.answer(id)
      if (state !== 'pending' && state !== 'final') broken.push(`confirmed ${id} is ${state}`)
    }
    for (const id of promised.final) {
      const { state } = await engine.answer(id)
      if (state !== 'final') broken.push(`final ${id} is ${state}`)
    }
  } finally {
    await engine.close()
  }
  return broken
}
