import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchOptions } from './options.ts'

/** What scenarios share: the options, fresh directories, and where to say how it goes. */
export class Bench {
  readonly options: BenchOptions
  readonly say: (line: string) => void
  readonly #directory: string
  #made = 0

  constructor(options: BenchOptions, say: (line: string) => void) {
    this.options = options
    this.say = say
    mkdirSync(options.workDirectory, { recursive: true })
    this.#directory = mkdtempSync(join(options.workDirectory, 'homing-bench-'))
    process.once('exit', () => this.removeAll())
  }

  /** An empty directory for the work; gone when the work is done. */
  async inFreshDirectory<T>(name: string, work: (directory: string) => Promise<T>): Promise<T> {
    const directory = this.freshDirectory(name)
    try {
      return await work(directory)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }

  freshDirectory(name: string): string {
    const directory = join(this.#directory, `${name}-${++this.#made}`)
    mkdirSync(directory)
    return directory
  }

  removeAll(): void {
    rmSync(this.#directory, { recursive: true, force: true })
  }

  /** Options of node for Homing's own programs. */
  homingExecArgv(scenario: string): readonly string[] {
    if (!this.options.profile) return []
    return ['--cpu-prof', `--cpu-prof-dir=${join(profileDirectory, scenario)}`]
  }
}

export const profileDirectory = join(import.meta.dirname, 'results', 'profiles')
