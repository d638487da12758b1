/*
 * joiner-process.ts as a child of a test.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Told } from './joiner-process.ts'

export interface Said {
  readonly opened?: true
  readonly refused?: string
  readonly message?: string
  readonly value?: string
  readonly closed?: true
}

export class Joiner implements AsyncDisposable {
  readonly child: ChildProcess
  readonly #ready: Promise<unknown>

  constructor(env: Readonly<Record<string, string>> = {}) {
    const program = join(import.meta.dirname, 'joiner-process.ts')
    this.child = fork(program, { env: { ...process.env, ...env }, stdio: ['ignore', 1, 2, 'ipc'] })
    this.#ready = once(this.child, 'message')
  }

  /** A process that has the directory open. */
  static async opened(directory: string): Promise<Joiner> {
    const joiner = new Joiner()
    await joiner.tell({ open: directory })
    return joiner
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  async tell(told: Told): Promise<Said> {
    await this.#ready
    const said = once(this.child, 'message')
    this.child.send(told)
    return (await said)[0] as Said
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    const ended = once(this.child, 'exit')
    this.child.kill('SIGKILL')
    await ended
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }
}
