/*
 * Starts the load programs of client/ and talks to them: the parent's half of client/run-client.ts.
 */

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { builtProgram } from './built.ts'
import { stopAtExit } from './server/stop-at-exit.ts'

export interface ProgramOptions {
  /** Further options of node itself. */
  readonly execArgv?: readonly string[]
}

/** Runs one program of client/ from settings to result. Rejects with its stderr when it fails. */
export async function runProgram<Result>(
  name: string,
  settings: object,
  options: ProgramOptions = {},
): Promise<Result> {
  const program = startProgram(name, options)
  const result = await program.ask<Result>(settings)
  await program.ended()
  return result
}

export interface Program {
  readonly child: ChildProcess
  /** Sends a message, resolves with the next one that comes back. */
  ask<Result>(message: object): Promise<Result>
  ended(): Promise<void>
  /** Resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>
}

export function startProgram(name: string, options: ProgramOptions = {}): Program {
  const child = fork(builtProgram(name), [], {
    execArgv: ['--disable-warning=ExperimentalWarning', ...(options.execArgv ?? [])],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const forget = stopAtExit(child)
  let complaint = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = (complaint + chunk.toString()).slice(-8_000)
  })
  const exited = once(child, 'exit').then(() => forget())
  return {
    child,
    ask: (message) =>
      new Promise((done, failed) => {
        const gone = (code: number | null, signal: string | null): void =>
          failed(new Error(`${name} ended with ${signal ?? `code ${code}`}\n${complaint}`))
        child.once('exit', gone)
        child.once('message', (answer) => {
          child.off('exit', gone)
          done(answer as never)
        })
        child.send(message)
      }),
    ended: () => exited,
    kill: async (signal) => {
      child.kill(signal)
      await exited
    },
  }
}
