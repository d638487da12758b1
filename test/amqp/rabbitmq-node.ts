/*
 * One process of rabbitmq-server with a directory, ports and a name of its own. It finds others by an
 * epmd that the test has started, and knows them by the cookie in `home`; so no RabbitMQ that the
 * machine runs is ever touched.
 */

import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, connect as openSocket, type Server } from 'node:net'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { promisify } from 'node:util'

/** Debian's programs; what stands in /usr/sbin would change the user and the directory. */
const programs = '/usr/lib/rabbitmq/bin'
const epmdProgram = '/usr/bin/epmd'
/** Of the same Debian package as Erlang itself. */
const callProgram = '/usr/bin/erl_call'
const startMsMax = 50_000

/** Why a test that needs RabbitMQ is skipped, for its `skip` option; false when it is installed. */
export function lackingRabbitmq(): string | false {
  return !existsSync(join(programs, 'rabbitmq-server')) && 'needs rabbitmq-server (apt-get install)'
}

export interface NodePlace {
  /** `name@localhost`. */
  readonly name: string
  /** All of its files. */
  readonly directory: string
  /** The cookie lies there: nodes of one cluster have the same one. */
  readonly home: string
  readonly port: number
  readonly distributionPort: number
  readonly epmdPort: number
}

export interface NodeConfiguration {
  /** Lines of rabbitmq.conf. */
  readonly config?: readonly string[]
  /** Users, vhosts, permissions, policies …, in the form of `rabbitmqctl export_definitions`. */
  readonly definitions?: object
  /** Plugins to enable; none by default. */
  readonly plugins?: readonly string[]
}

export class RabbitmqNode {
  readonly place: NodePlace
  readonly #environment: NodeJS.ProcessEnv
  #process: ChildProcess | undefined

  constructor(place: NodePlace, configuration: NodeConfiguration) {
    this.place = place
    this.#environment = environmentOf(place)
    writeConfiguration(place.directory, configuration)
  }

  get pid(): number {
    return this.#process?.pid ?? 0
  }

  /** Resolves when it greets clients. */
  async start(): Promise<void> {
    const process = spawn(join(programs, 'rabbitmq-server'), {
      cwd: this.place.directory,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = process
    await greets(process, this.place.port)
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    if (this.#process !== undefined) await ended(this.#process, signal)
  }

  /** At once, without waiting: for the end of this process. */
  kill(): void {
    if (this.#process !== undefined) killed(this.#process)
  }

  /** `rabbitmqctl` with these arguments; resolves with what it printed. Takes a second or two. */
  async ctl(...args: readonly string[]): Promise<string> {
    const program = join(programs, 'rabbitmqctl')
    const { stdout } = await promisify(execFile)(program, args, { env: this.#environment })
    return stdout
  }

  /** A function without arguments inside the node; resolves with what it returned, as Erlang writes it. */
  async call(module: string, name: string): Promise<string> {
    const { home, distributionPort } = this.place
    const cookie = readFileSync(join(home, '.erlang.cookie'), 'utf8')
    const where = ['-address', `127.0.0.1:${distributionPort}`, '-c', cookie]
    const args = [...where, '-timeout', '60', '-a', `${module} ${name}`]
    const { stdout } = await promisify(execFile)(callProgram, args)
    return stdout
  }
}

export interface Epmd {
  stop(): Promise<void>
  kill(): void
}

export function startEpmd(port: number): Epmd {
  const epmd = spawn(epmdProgram, ['-port', `${port}`, '-address', '127.0.0.1'], {
    stdio: 'ignore',
  })
  return { stop: () => ended(epmd, 'SIGKILL'), kill: () => killed(epmd) }
}

function environmentOf(place: NodePlace): NodeJS.ProcessEnv {
  const { name, directory, home, port, distributionPort, epmdPort } = place
  return {
    PATH: process.env.PATH,
    LANG: 'C.UTF-8',
    HOME: home,
    RABBITMQ_NODENAME: name,
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

function writeConfiguration(directory: string, configuration: NodeConfiguration): void {
  const write = (name: string, text: string): string => {
    const path = join(directory, name)
    writeFileSync(path, text)
    return path
  }
  mkdirSync(join(directory, 'log'), { recursive: true })
  const { config = [], definitions, plugins = [] } = configuration
  const lines = [...config]
  if (definitions !== undefined) {
    const path = write('definitions.json', JSON.stringify(definitions))
    lines.push(`load_definitions = ${path}`)
  }
  write('rabbitmq.conf', lines.map((line) => `${line}\n`).join(''))
  write('rabbitmq-env.conf', '')
  write('enabled_plugins', `[${plugins.join(',')}].\n`)
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

async function ended(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  if (!runs(child)) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

/** Free a moment ago; all of them are held before the first is let go, so that they differ. */
export async function freePorts(count: number): Promise<readonly number[]> {
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
