/*
 * A server on a directory of its own, and what it logged.
 */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { RunningServer } from '../../../src/server/running-server.ts'
import { logTo } from '../../../src/server/server-log.ts'
import type { ServerSettings } from '../../../src/server/server-settings.ts'
import { startServer } from '../../../src/server/start-server.ts'

export interface TestServer extends AsyncDisposable {
  readonly directory: string
  readonly server: RunningServer
  /** Of the first listener. */
  readonly port: number
  readonly adminPassword: string
  readonly logLines: readonly string[]
}

export async function testServer(settings: ServerSettings = {}): Promise<TestServer> {
  const directory = mkdtempSync(join(tmpdir(), 'homing-server-'))
  const logLines: string[] = []
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  try {
    const { server, adminPasswordFile } = await startServer(directory, {
      listen: [{ host: '127.0.0.1', port: 0 }],
      log: logTo((line) => logLines.push(line), { level: 'debug' }),
      ...settings,
    })
    const [, adminPassword = ''] = readFileSync(adminPasswordFile ?? '', 'utf8')
      .trim()
      .split(':')
    return {
      directory,
      server,
      port: server.listening[0]?.port ?? 0,
      adminPassword,
      logLines,
      async [Symbol.asyncDispose]() {
        await server.close()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}
