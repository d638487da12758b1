/*
 * A client program: a short script in any language, with a real client in it.
 *
 *   AMQP_URL ──▶ program ──▶ {"check":"confirms","confirmed":100}    a line for each check that held
 *                        ──▶ {"ask":"cut"}       ◀── done            what it cannot do itself
 *                        ──▶ {"ask":"restart"}   ◀── done
 *
 * A check that does not hold ends the program: exit code not 0, the reason on standard error.
 */

import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { InteropBroker } from './broker.ts'

export interface ProgramLine {
  readonly check?: string
  readonly ask?: string
  readonly [detail: string]: unknown
}

export interface ProgramCommand {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

export class ClientProgram {
  readonly #broker: InteropBroker
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  readonly #lines: AsyncIterator<string>
  #said = ''

  constructor(broker: InteropBroker, program: ProgramCommand) {
    this.#broker = broker
    // What the test runner tells its own processes is not for those of a client.
    const { NODE_TEST_CONTEXT, NODE_V8_COVERAGE, ...env } = process.env
    this.#child = spawn(program.command, program.args, {
      env: { ...env, ...program.env, AMQP_URL: broker.url },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    // A program that ended takes no answer; that it ended is told by `exit`.
    this.#child.stdin.on('error', () => {})
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#said = (this.#said + chunk).slice(-20_000)
    })
    const lines = createInterface({ input: this.#child.stdout })
    this.#lines = lines[Symbol.asyncIterator]()
  }

  /** The next check that held. Does what the program asks for meanwhile; undefined at its end. */
  async next(): Promise<ProgramLine | undefined> {
    for (;;) {
      const { done, value } = await this.#lines.next()
      if (done === true) return undefined
      const line = this.#line(value)
      if (line.ask === undefined) return line
      await this.#do(line.ask)
      this.#child.stdin.write('done\n')
    }
  }

  /** Its exit code, or what it died of, after what it said. */
  async end(): Promise<string> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      await once(this.#child, 'exit')
    const end = this.#child.signalCode ?? `exit ${this.#child.exitCode}`
    return this.#said === '' ? end : `${this.#said}\n${end}`
  }

  get succeeded(): boolean {
    return this.#child.exitCode === 0
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #line(text: string): ProgramLine {
    try {
      return JSON.parse(text) as ProgramLine
    } catch {
      throw new Error(`the program printed a line that is no JSON: ${text}`)
    }
  }

  async #do(what: string): Promise<void> {
    if (what === 'cut') this.#broker.cut()
    else if (what === 'restart') await this.#broker.restart()
    else throw new Error(`the program asks for "${what}"`)
  }
}
