import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findProgram, freePort, type ServerProcess, startServer } from './server-process.ts'

export type AppendFsync = 'everysec' | 'always'

export interface RedisServer extends ServerProcess {
  readonly port: number
  readonly version: string
}

export const redisAptLine = 'apt-get install redis-server'

/** Undefined when redis-server is not installed. */
export async function startRedis(
  directory: string,
  appendfsync: AppendFsync,
): Promise<RedisServer | undefined> {
  const command = findProgram('redis-server')
  if (command === undefined) return undefined
  mkdirSync(directory, { recursive: true })
  const port = await freePort()
  const server = await startServer({
    command,
    args: redisArguments(directory, port, appendfsync),
    logFile: join(directory, 'redis.log'),
    probe: () => ping(port),
    startMsMax: 10_000,
  })
  const version = /v=(\S+)/.exec(execFileSync(command, ['--version']).toString())?.[1] ?? 'unknown'
  return { ...server, port, version }
}

const redisArguments = (directory: string, port: number, appendfsync: AppendFsync): string[] => [
  ...['--bind', '127.0.0.1', '--port', String(port), '--dir', directory],
  ...['--appendonly', 'yes', '--appendfsync', appendfsync],
  // In Redis's favour: no snapshot and no rewriting of the log while it is measured.
  ...['--save', '', '--auto-aof-rewrite-percentage', '0'],
]

async function ping(port: number): Promise<void> {
  const redis = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => null })
  redis.on('error', () => undefined)
  try {
    await redis.connect()
    await redis.ping()
  } finally {
    redis.disconnect()
  }
}
