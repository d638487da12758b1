/*
 * A private node of rabbitmq-server: the oracle that transcripts, interop tests and the bench
 * compare with.
 *
 *   await using rabbitmq = await startRabbitmq()
 *   connect('127.0.0.1', rabbitmq.port)          // guest, guest, vhost /
 *
 * It has a directory, an epmd, a cookie and ports of its own, so several nodes live side by side and
 * none touches a RabbitMQ that the machine runs. It is ready when it greets a client (4 s after the
 * start), and it is killed at the end, not shut down: nothing on its disk is needed again.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, connect as openSocket, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Debian's programs; what stands in /usr/sbin would change the user and the directory. */
const programs = '/usr/lib/rabbitmq/bin'
const epmdProgram = '/usr/bin/epmd'
const startMsMax = 50_000

export interface RabbitmqOptions {
  /** A free one by default. */
  readonly port?: number
  /** Lines of rabbitmq.conf, added to ours. */
  readonly config?: readonly string[]
  /** Users, vhosts, permissions, policies …, in the form of `rabbitmqctl export_definitions`. */
  readonly definitions?: object
  /** Plugins to enable; none by default. */
  readonly plugins?: readonly string[]
}

export interface Rabbitmq extends AsyncDisposable {
  readonly port: number
  /** Of the broker's process, for measuring it. */
  readonly pid: number
  /** `rabbitmqctl` with these arguments; resolves with what it printed. Takes a second or two. */
  ctl(...args: string[]): Promise<string>
  /** Shuts it down in order and starts it again on the same files and port; `pid` is another then. */
  restart(): Promise<void>
  /** The two halves of `restart`; a kill is no shutdown in order. */
  stopServer(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  startServer(): Promise<void>
  /** Ends it at once and removes its files. Also what `await using` does. */
  stop(): Promise<void>
}

/** Why a test that needs RabbitMQ is skipped, for its `skip` option; false when it is installed. */
export function lackingRabbitmq(): string | false {
  return !existsSync(join(programs, 'rabbitmq-server')) && 'needs rabbitmq-server (apt-get install)'
}

export async function startRabbitmq(options: RabbitmqOptions = {}): Promise<Rabbitmq> {
  const lacking = lackingRabbitmq()
  if (lacking !== false) throw new Error(lacking)
  const directory = mkdtempSync(join(tmpdir(), 'homing-rabbitmq-'))
  const [ownPort = 0, distributionPort = 0, epmdPort = 0] = await freePorts(3)
  const port = options.port ?? ownPort
  const environment = environmentOf({ directory, port, distributionPort, epmdPort })
  writeConfiguration(directory, options)
  const epmd = spawn(epmdProgram, ['-port', `${epmdPort}`, '-address', '127.0.0.1'], {
    stdio: 'ignore',
  })
  let server = startServer(environment, directory)
  const kill = (): void => [server, epmd].forEach(killed)
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    await Promise.all([ended(server), ended(epmd)])
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await greets(server, port)
  } catch (error) {
    await stop()
    throw error
  }
  const stopServer = (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> =>
    ended(server, signal)
  const startAgain = async (): Promise<void> => {
    server = startServer(environment, directory)
    await greets(server, port)
  }
  return {
    port,
    get pid() {
      return server.pid ?? 0
    },
    ctl: (...args) => ctl(environment, args),
    async restart() {
      await stopServer()
      await startAgain()
    },
    stopServer,
    startServer: startAgain,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

const startServer = (env: NodeJS.ProcessEnv, cwd: string): ChildProcess =>
  spawn(join(programs, 'rabbitmq-server'), { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })

interface NodePlace {
  readonly directory: string
  readonly port: number
  readonly distributionPort: number
  readonly epmdPort: number
}

function environmentOf(place: NodePlace): NodeJS.ProcessEnv {
  const { directory, port, distributionPort, epmdPort } = place
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    // The cookie lies there.
    HOME: directory,
    RABBITMQ_NODENAME: `homing-test-${port}@localhost`,
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: `${port}`,
    RABBITMQ_DIST_PORT: `${distributionPort}`,
    ERL_EPMD_PORT: `${epmdPort}`,
    ERL_EPMD_ADDRESS: '127.0.0.1',
    RABBITMQ_MNESIA_BASE: join(directory, 'mnesia'),
    RABBITMQ_LOG_BASE: join(directory, 'log'),
    RABBITMQ_CONFIG_FILE: join(directory, 'rabbitmq.conf'),
    RABBITMQ_CONF_ENV_FILE: join(directory, 'rabbitmq-env.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(directory, 'enabled_plugins'),
    // Together: the script becomes the broker instead of waiting for it, and there is no shell in it.
    RABBITMQ_ALLOW_INPUT: '1',
    RABBITMQ_SERVER_START_ARGS: '-noinput',
  }
}

function writeConfiguration(directory: string, options: RabbitmqOptions): void {
  const write = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }
  mkdirSync(join(directory, 'log'))
  const lines = [...(options.config ?? [])]
  if (options.definitions !== undefined) {
    const path = write('definitions.json', JSON.stringify(options.definitions))
    lines.push(`load_definitions = ${path}`)
  }
  write('rabbitmq.conf', lines.map((line) => `${line}\n`).join(''))
  write('rabbitmq-env.conf', '')
  write('enabled_plugins', `[${(options.plugins ?? []).join(',')}].\n`)
}

/** Resolves when a client that greets is greeted; fails with the broker's words when it ends before. */
async function greets(server: ChildProcess, port: number): Promise<void> {
  let said = ''
  for (const stream of [server.stdout, server.stderr])
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-20_000)
    })
  const deadline = Date.now() + startMsMax
  while (!(await isGreeted(port))) {
    if (!runs(server)) throw new Error(`rabbitmq-server ended at its start:\n${said}`)
    if (Date.now() > deadline) throw new Error(`rabbitmq-server did not get ready:\n${said}`)
    await after(50)
  }
}

async function isGreeted(port: number): Promise<boolean> {
  const socket = openSocket({ host: '127.0.0.1', port })
  try {
    socket.write('AMQP\0\0\x09\x01')
    const [first] = (await once(socket, 'data')) as [Buffer]
    return first[0] === 1
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

const runs = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null

function killed(child: ChildProcess): void {
  if (runs(child)) child.kill('SIGKILL')
}

async function ended(
  child: ChildProcess,
  signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL',
): Promise<void> {
  if (!runs(child)) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

async function ctl(env: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(join(programs, 'rabbitmqctl'), args, { env })
  return stdout
}

/** Free a moment ago; all of them are held before the first is let go, so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers: Server[] = []
  for (let n = 0; n < count; n++) {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    servers.push(server)
  }
  const ports = servers.map((server) => {
    const address = server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  })
  await Promise.all(servers.map((server) => promisify(server.close.bind(server))()))
  return ports
}
