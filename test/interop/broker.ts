/*
 * The broker that real clients are tested with: Homing, in a process of its own, as a user starts it.
 *
 *   client ══▶ cutting proxy ══▶ homing serve
 *
 * With INTEROP_BROKER=rabbitmq it is RabbitMQ instead: what a client program asks for must hold there
 * first, so that a check that fails here tells of Homing, not of the check.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { lackingRabbitmq, startRabbitmq } from '../amqp/rabbitmq.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import { takePortBlock } from './port-block.ts'

const root = join(import.meta.dirname, '../..')
const startMsMax = 30_000

export interface InteropBroker {
  /** Where clients connect: the proxy. */
  readonly url: string
  /** Resets all connections. */
  cut(): void
  /** Stops the broker and starts it on what it left; connections are refused meanwhile. */
  restart(): Promise<void>
  stop(): Promise<void>
}

interface BrokerProcess {
  restart(): Promise<void>
  stop(): Promise<void>
}

const rabbitmqWanted = process.env.INTEROP_BROKER === 'rabbitmq'

/** Why there is no broker to test with, for a test's `skip`; false when there is one. */
export function lackingBroker(): string | false {
  return rabbitmqWanted && lackingRabbitmq()
}

/** The same for what RabbitMQ does not do. */
export function lackingHoming(): string | false {
  return rabbitmqWanted && 'asks for what only Homing does'
}

/** Files in PEM. With them clients come over TLS. */
export interface Certificate {
  readonly certificateFile: string
  readonly keyFile: string
}

export interface BrokerOptions {
  readonly certificate?: Certificate
  /** Settings of Homing beside the address: HOMING_…, as an environment has them. */
  readonly settings?: NodeJS.ProcessEnv
}

export async function startBroker(options: BrokerOptions = {}): Promise<InteropBroker> {
  const { certificate } = options
  const ports = await takePortBlock()
  const { brokerPort } = ports
  const broker = await (rabbitmqWanted
    ? rabbitmq(brokerPort, certificate)
    : homing(brokerPort, options))
  const proxy = await startCuttingProxy(ports.proxyPort, ports.brokerPort)
  return {
    url: `${certificate ? 'amqps' : 'amqp'}://guest:guest@127.0.0.1:${ports.proxyPort}`,
    cut: () => proxy.cut(),
    async restart() {
      proxy.close()
      await broker.restart()
      await proxy.open()
    },
    async stop() {
      await proxy.stop()
      await broker.stop()
      await ports[Symbol.asyncDispose]()
    },
  }
}

async function rabbitmq(port: number, certificate?: Certificate): Promise<BrokerProcess> {
  const config = certificate && [
    `listeners.ssl.default = 127.0.0.1:${port}`,
    `ssl_options.cacertfile = ${certificate.certificateFile}`,
    `ssl_options.certfile = ${certificate.certificateFile}`,
    `ssl_options.keyfile = ${certificate.keyFile}`,
  ]
  const node = await startRabbitmq(config ? { config } : { port })
  return {
    async restart() {
      await node.ctl('stop_app')
      await node.ctl('start_app')
    },
    stop: () => node.stop(),
  }
}

async function homing(
  port: number,
  { certificate, settings }: BrokerOptions,
): Promise<BrokerProcess> {
  const data = mkdtempSync(join(tmpdir(), 'homing-interop-'))
  const address = certificate
    ? ['--no-amqp', '--amqps-port', `${port}`]
        .concat('--tls-cert', certificate.certificateFile)
        .concat('--tls-key', certificate.keyFile)
    : ['--amqp-port', `${port}`]
  const start = (): Promise<ChildProcess> => serve(['--data', data, ...address], { port, settings })
  let serving = await start()
  const kill = (): void => void serving.kill('SIGKILL')
  process.once('exit', kill)
  const end = async (): Promise<void> => {
    const exit = once(serving, 'exit')
    if (serving.exitCode !== null || serving.signalCode !== null) return
    serving.kill('SIGTERM')
    await exit
  }
  return {
    async restart() {
      await end()
      serving = await start()
    },
    async stop() {
      await end()
      process.off('exit', kill)
      rmSync(data, { recursive: true, force: true })
    },
  }
}

/** Resolves when it takes connections; fails with what it said when it ends before. */
async function serve(
  options: readonly string[],
  { port, settings }: { readonly port: number; readonly settings: NodeJS.ProcessEnv | undefined },
): Promise<ChildProcess> {
  const program = join(root, 'src/cli/bin.ts')
  const child = spawn(process.execPath, [program, 'serve', '--no-http', ...options], {
    env: { ...process.env, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-20_000)
    })
  const deadline = Date.now() + startMsMax
  while (!(await takesConnections(port))) {
    if (child.exitCode !== null) throw new Error(`homing serve ended at its start:\n${said}`)
    if (Date.now() > deadline) throw new Error(`homing serve did not get ready:\n${said}`)
    await after(50)
  }
  return child
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}
