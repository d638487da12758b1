/*
 * A private PostgreSQL: a fresh directory, a socket in it, no port (one on 127.0.0.1 with TLS, when a
 * certificate is given), no service, an unprivileged user.
 *
 *   await using server = await startPostgres()
 *   openSharedLedger(await server.database())
 *
 * It syncs as it would in earnest. It is killed at the end: nothing on its disk is needed again.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { freePorts } from '../amqp/rabbitmq-node.ts'
import type { Pem } from '../amqp/server/certificates.ts'

const readyMsMax = 30_000

/** Debian keeps the programs of each version apart. */
function programs(): string | undefined {
  const root = '/usr/lib/postgresql'
  const versions = existsSync(root) ? readdirSync(root) : []
  const newest = versions.toSorted((a, b) => Number(b) - Number(a))[0]
  const folder = join(root, newest ?? '', 'bin')
  return existsSync(join(folder, 'initdb')) ? folder : undefined
}

/** Why a test that needs PostgreSQL is skipped, for its `skip` option; false when it is installed. */
export const lackingPostgres = (): string | false =>
  programs() === undefined && 'needs postgresql (apt-get install)'

export interface Postgres extends AsyncDisposable {
  readonly port: number
  /** Address of a new, empty database. */
  database(settings?: string): Promise<string>
  /** Address of a database as another user. */
  as(address: string, user: string, password?: string): string
  /** One query as its owner. */
  query(address: string, text: string): Promise<Record<string, unknown>[]>
  /** Ends all other connections to that database. */
  cut(address: string): Promise<number>
  /** `kill -9` of the server and of all that it started. */
  kill(): Promise<void>
  /** In order: it ends connections, writes a checkpoint. */
  stop(): Promise<void>
  /** On the same files, after a kill or a stop. */
  start(): Promise<void>
  /** All of its processes stand still, or go on. */
  freeze(): void
  thaw(): void
}

export interface PostgresOptions {
  /** It listens on 127.0.0.1 with this certificate, and takes nobody there without TLS and a password. */
  readonly tls?: Pem
}

export async function startPostgres({ tls }: PostgresOptions = {}): Promise<Postgres> {
  const folder = programs()
  if (folder === undefined) throw new Error(String(lackingPostgres()))
  const user = unprivileged()
  const directory = mkdtempSync(join(tmpdir(), 'homing-pg-'))
  chmodSync(directory, 0o700)
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid)
  const data = join(directory, 'data')
  const init = ['-D', data, '-U', 'homing', '-A', 'trust', '-E', 'UTF8', '--no-locale', '-N']
  execFileSync(join(folder, 'initdb'), init, { ...user, cwd: directory, stdio: 'ignore' })
  const port = tls === undefined ? 5432 : ((await freePorts(1))[0] ?? 0)
  const secured = tls === undefined ? [] : securedBy(tls, data, user)
  const place = { program: join(folder, 'postgres'), directory, port }
  const server = new PostgresServer(place, secured, user)
  await server.start()
  return server
}

interface User {
  readonly uid?: number
  readonly gid?: number
}

/** PostgreSQL refuses to run as root. */
function unprivileged(): User {
  if (userInfo().uid !== 0) return {}
  const id = (what: string) => Number(execFileSync('id', [what, 'postgres'], { encoding: 'utf8' }))
  return { uid: id('-u'), gid: id('-g') }
}

/** Writes certificate, key and rules of access; returns the settings. */
function securedBy({ cert, key }: Pem, data: string, { uid, gid }: User): string[] {
  const write = (name: string, text: string | Uint8Array): void => {
    const path = join(data, name)
    writeFileSync(path, text, { mode: 0o600 })
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid)
  }
  write('server.crt', cert)
  write('server.key', key)
  write('pg_hba.conf', 'local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\n')
  return ['-c', 'ssl=on', '-c', 'listen_addresses=127.0.0.1']
}

interface ServerPlace {
  readonly program: string
  readonly directory: string
  /** The socket's name has it in it, too. */
  readonly port: number
}

class PostgresServer implements Postgres {
  readonly #program: string
  readonly #directory: string
  readonly port: number
  readonly #settings: readonly string[]
  readonly #user: User
  #process: ChildProcess | undefined
  #databases = 0

  constructor({ program, directory, port }: ServerPlace, settings: string[], user: User) {
    this.#program = program
    this.#directory = directory
    this.port = port
    this.#settings = settings
    this.#user = user
    process.once('exit', this.#killNow)
  }

  async start(): Promise<void> {
    const args = [
      ...['-D', join(this.#directory, 'data'), '-k', this.#directory],
      ...['-p', String(this.port), '-c', 'listen_addresses=', '-c', 'max_connections=60'],
      ...this.#settings,
    ]
    // A group of its own, so that all of its processes can be killed at once.
    const started = spawn(this.#program, args, {
      ...this.#user,
      cwd: this.#directory,
      detached: true,
      stdio: 'ignore',
    })
    this.#process = started
    const before = performance.now()
    for (;;) {
      try {
        await this.query(this.#address('postgres'), 'SELECT 1')
        return
      } catch (error) {
        if (started.exitCode !== null || performance.now() - before > readyMsMax) throw error
        await sleep(50)
      }
    }
  }

  async database(settings = ''): Promise<string> {
    const name = `ledger_${++this.#databases}`
    await this.query(this.#address('postgres'), `CREATE DATABASE ${name}`)
    return this.#address(name) + settings
  }

  as(address: string, user: string, password = ''): string {
    return address.replace(/\/\/[^/]*\//, `//${user}:${encodeURIComponent(password)}@/`)
  }

  async query(address: string, text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: address, connectionTimeoutMillis: 5_000 })
    client.on('error', () => undefined)
    await client.connect()
    try {
      const { rows } = await client.query<Record<string, unknown>>(text)
      return rows
    } finally {
      await client.end()
    }
  }

  async cut(address: string): Promise<number> {
    const [row] = await this.query(
      address,
      `SELECT count(pg_terminate_backend(pid))::int AS cut FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    return Number(row?.cut)
  }

  async kill(): Promise<void> {
    const ended = this.#ended()
    this.#signal('SIGKILL')
    await ended
  }

  async stop(): Promise<void> {
    const ended = this.#ended()
    // Fast shutdown: connections are ended, not waited for.
    this.#process?.kill('SIGINT')
    await ended
  }

  freeze(): void {
    this.#signal('SIGSTOP')
  }

  thaw(): void {
    this.#signal('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    process.off('exit', this.#killNow)
    rmSync(this.#directory, { recursive: true, force: true })
  }

  readonly #killNow = () => this.#signal('SIGKILL')

  #address(database: string): string {
    const host = encodeURIComponent(this.#directory)
    return `postgres://homing@/${database}?host=${host}&port=${this.port}`
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#process?.pid
    if (pid === undefined || this.#process?.exitCode !== null) return
    // Its children are sessions' processes; some have a group of their own.
    for (const each of [...descendants(pid), pid]) {
      try {
        process.kill(each, signal)
      } catch {
        // Ended by itself meanwhile.
      }
    }
  }

  async #ended(): Promise<void> {
    const running = this.#process
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    await once(running, 'exit')
  }
}

function descendants(pid: number): number[] {
  try {
    const text = execFileSync('ps', ['-o', 'pid=', '--ppid', String(pid)], { encoding: 'utf8' })
    return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [Number(line)]))
  } catch {
    return []
  }
}
