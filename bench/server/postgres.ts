/*
 * PostgreSQL as Debian has it, in a fresh directory: a socket in it, no port, no service, and a user
 * without rights when the bench runs as root, which PostgreSQL refuses. It syncs as it does by default.
 */

import { execFileSync } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { findProgram, type ServerProcess, startServer } from './server-process.ts'

export interface PostgresServer extends ServerProcess {
  /** Address of its one database. */
  readonly url: string
  readonly version: string
  /** Empties the ledger in it. */
  clear(): Promise<void>
}

export const postgresAptLine = 'apt-get install postgresql'

/**
 * Undefined when PostgreSQL is not installed. Its directory is made in `workDirectory`, and not deeper:
 * the other user must be able to come to it.
 */
export async function startPostgres(workDirectory: string): Promise<PostgresServer | undefined> {
  const programs = programFolder()
  if (programs === undefined) return undefined
  const user = unprivileged()
  const directory = mkdtempSync(join(workDirectory, 'homing-bench-pg-'))
  // Short: a socket's path has at most 107 characters.
  const sockets = mkdtempSync(join(tmpdir(), 'homing-pg-'))
  const all = [directory, sockets]
  for (const each of all) give(each, user)
  const forget = (): void => {
    for (const each of all) rmSync(each, { recursive: true, force: true })
  }
  process.once('exit', forget)
  const data = join(directory, 'data')
  const init = ['-D', data, '-U', 'homing', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N']
  execFileSync(join(programs, 'initdb'), init, { ...user, cwd: '/', stdio: 'ignore' })
  const url = `postgres://homing@/postgres?host=${encodeURIComponent(sockets)}`
  let version = 'unknown'
  const server = await startServer({
    command: join(programs, 'postgres'),
    args: ['-D', data, '-k', sockets, '-c', 'listen_addresses='],
    ...user,
    logFile: join(directory, 'postgres.log'),
    probe: async () => {
      const rows = await query(url, 'SHOW server_version')
      version = String(rows[0]?.server_version).split(' ')[0] ?? version
    },
    startMsMax: 30_000,
  })
  const stop = async (): Promise<void> => {
    await server.stop()
    forget()
  }
  const clear = async (): Promise<void> => {
    await query(url, 'DROP SCHEMA IF EXISTS homing CASCADE')
  }
  return { child: server.child, stop, url, version, clear }
}

/** Debian keeps the programs of each version apart. */
function programFolder(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root) : []
  const newestFirst = versions.toSorted((a, b) => Number(b) - Number(a))
  const found = findProgram(...newestFirst.map((one) => join(root, one, 'bin/initdb')))
  return found === undefined ? undefined : join(found, '..')
}

interface User {
  readonly uid?: number
  readonly gid?: number
}

function unprivileged(): User {
  if (userInfo().uid !== 0) return {}
  const id = (what: string) => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

function give(directory: string, { uid, gid }: User): void {
  if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid)
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}
