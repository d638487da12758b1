/*
 * A peer's server as our own child: started on a free loopback port with its data in a fresh
 * directory, stopped by its process id. A server that was running before is never touched.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, closeSync, constants, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stopAtExit } from './stop-at-exit.ts'

export interface ServerProcess {
  readonly child: ChildProcess
  /** Asks it to end; kills it when it has not after ten seconds. */
  stop(): Promise<void>
}

export interface ServerStart {
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Of another user, for a server that does not run as root. */
  readonly uid?: number
  readonly gid?: number
  readonly logFile: string
  /** Resolves when the server answers; tried again until it does. */
  readonly probe: () => Promise<void>
  readonly startMsMax: number
}

export async function startServer(start: ServerStart): Promise<ServerProcess> {
  const log = openSync(start.logFile, 'w')
  const child = spawn(start.command, start.args, {
    env: { ...process.env, ...start.env },
    ...(start.uid !== undefined && { uid: start.uid, cwd: '/' }),
    ...(start.gid !== undefined && { gid: start.gid }),
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const forget = stopAtExit(child)
  const exited = once(child, 'exit').then(() => forget())
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const killing = new AbortController()
    const late = sleep(10_000, undefined, { signal: killing.signal }).then(
      () => child.kill('SIGKILL'),
      () => undefined,
    )
    await exited
    killing.abort()
    await late
  }
  try {
    await untilReady(child, start)
  } catch (cause) {
    if (child.exitCode === null) await stop()
    const tail = readFileSync(start.logFile, 'utf8').slice(-2_000)
    throw new Error(`${start.command} did not start\n${tail}`, { cause })
  }
  return { child, stop }
}

async function untilReady(child: ChildProcess, start: ServerStart): Promise<void> {
  const giveUpAt = performance.now() + start.startMsMax
  for (;;) {
    try {
      return await start.probe()
    } catch (cause) {
      if (child.exitCode !== null || performance.now() > giveUpAt) throw cause
      await sleep(100)
    }
  }
}

/** A port of 127.0.0.1 that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port of 127.0.0.1')
  return address.port
}

/** Full path of the first of the programs that can be run here. */
export function findProgram(...names: readonly string[]): string | undefined {
  const directories = (process.env.PATH ?? '').split(delimiter)
  const paths = names.flatMap((name) =>
    name.startsWith('/') ? [name] : directories.map((directory) => join(directory, name)),
  )
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
