/*
 * `homing serve` with its HTTP side only, as a process of its own on 127.0.0.1 with a fresh directory.
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Bench } from '../bench.ts'
import { builtCommand } from '../built.ts'
import { freePort, startServer } from '../server/server-process.ts'

export interface HttpServer {
  readonly url: string
  readonly pid: number
  /** Of the first administrator. */
  readonly password: string
  stop(): Promise<void>
}

export async function startHttpServer(bench: Bench, scenario: string): Promise<HttpServer> {
  const directory = bench.freshDirectory('homing-http')
  const data = join(directory, 'data')
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const server = await startServer({
    command: process.execPath,
    args: [
      '--disable-warning=ExperimentalWarning',
      ...bench.homingExecArgv(scenario),
      ...[builtCommand(), 'serve', '--data', data, '--amqp-port', '0', '--http-port', String(port)],
    ],
    logFile: join(directory, 'homing.log'),
    probe: async () => {
      const { ok } = await fetch(`${url}/readyz`)
      if (!ok) throw new Error('not ready')
    },
    startMsMax: 20_000,
  })
  const [, password = ''] = readFileSync(join(data, 'admin-password'), 'utf8').trim().split(':')
  return { url, pid: server.child.pid ?? 0, password, stop: server.stop }
}
