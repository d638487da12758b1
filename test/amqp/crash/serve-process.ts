/*
 * `homing serve` as a process of its own, on a free port.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

const program = join(import.meta.dirname, '../../../src/cli/bin.ts')

export class ServeProcess {
  readonly #child: ChildProcess
  readonly #gone: Promise<unknown>
  readonly #port: Promise<number | undefined>
  #said = ''

  constructor(data: string, env: Readonly<Record<string, string>> = {}) {
    const args = [
      'serve',
      '--data',
      data,
      '--amqp-port',
      '0',
      '--no-http',
      '--json',
      '--log-level',
      'error',
    ]
    this.#child = spawn(process.execPath, [program, ...args], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#gone = once(this.#child, 'close')
    this.#port = this.#listening()
  }

  /** Where it listens; undefined when it ended before. */
  get port(): Promise<number | undefined> {
    return this.#port
  }

  /** What it said, for a test that fails. */
  get said(): string {
    return this.#said
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#gone
  }

  #listening(): Promise<number | undefined> {
    return new Promise((resolve) => {
      const hear = (bytes: Buffer): void => {
        this.#said += bytes.toString('utf8')
        const port = /"port":(\d+)/.exec(this.#said)?.[1]
        if (port !== undefined) resolve(Number(port))
      }
      this.#child.stdout?.on('data', hear)
      this.#child.stderr?.on('data', hear)
      void this.#gone.then(() => resolve(undefined))
    })
  }
}
