/*
 * A Homing broker on a data directory of its own, in this process; clients come to it through a proxy that
 * can cut them off.
 */

import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AmqpEngineOptions, openAmqpEngine } from '../../src/adapters/amqp/open-amqp-engine.ts'
import type { Engine } from '../../src/engine.ts'
import type { RunningServer } from '../../src/server/running-server.ts'
import { startServer } from '../../src/server/start-server.ts'
import type { EngineUnderTest } from '../../src/testing/index.ts'
import { type Certificates, makeCertificates } from '../amqp/server/certificates.ts'

export const rightPassword = 'right:Pass/word@1'
const user = 'ann'

/** What all brokers of one run have in common: certificates, and a directory with a user in it. */
export class BrokerMaker {
  readonly certificates: Certificates = makeCertificates()
  readonly #directory = mkdtempSync(join(tmpdir(), 'homing-broker-first-'))

  /** Hashing passwords takes its time: it is done once. */
  static async ready(): Promise<BrokerMaker> {
    const maker = new BrokerMaker()
    const listen = [{ host: '127.0.0.1', port: 0 }]
    const { server } = await startServer(maker.#directory, { listen })
    await server.accounts.addUser({ name: user, password: Buffer.from(rightPassword) })
    const all = { configure: '.*', write: '.*', read: '.*' }
    server.accounts.setPermission({ user, vhost: '/', ...all })
    await server.close()
    return maker
  }

  start(): Promise<ServedBroker> {
    const directory = mkdtempSync(join(tmpdir(), 'homing-broker-'))
    cpSync(this.#directory, directory, { recursive: true })
    return ServedBroker.start(directory, this.certificates)
  }

  stop(): void {
    this.certificates[Symbol.dispose]()
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

export class ServedBroker {
  readonly #directory: string
  readonly #certificates: Certificates
  /** What the clients could tell nobody else. */
  readonly problems: string[] = []
  readonly #sockets = new Set<net.Socket>()
  readonly #proxy = net.createServer((socket) => this.#pass(socket))
  #server: RunningServer | undefined
  #ports: readonly number[] = [0, 0]

  constructor(directory: string, certificates: Certificates) {
    this.#directory = directory
    this.#certificates = certificates
  }

  get server(): RunningServer {
    return this.#server as RunningServer
  }

  static async start(directory: string, certificates: Certificates): Promise<ServedBroker> {
    const broker = new ServedBroker(directory, certificates)
    await broker.up()
    broker.#proxy.listen(0, '127.0.0.1')
    await once(broker.#proxy, 'listening')
    return broker
  }

  async up(): Promise<void> {
    const [plain = 0, secured = 0] = this.#ports
    const { server: tls } = this.#certificates
    const { server } = await startServer(this.#directory, {
      listen: [
        { host: '127.0.0.1', port: plain },
        { host: '127.0.0.1', port: secured, tls },
      ],
    })
    this.#server = server
    this.#ports = server.listening.map(({ port }) => port)
  }

  down(): Promise<void> {
    return this.server.close()
  }

  /** Through the proxy. */
  get url(): string {
    const { port } = this.#proxy.address() as net.AddressInfo
    return urlOf('amqp', port)
  }

  get securedUrl(): string {
    return urlOf('amqps', this.#ports[1] as number)
  }

  directUrl(password = rightPassword): string {
    return urlOf('amqp', this.#ports[0] as number, password)
  }

  open(url: string, options: AmqpEngineOptions = {}): Promise<Engine> {
    const tell = (text: string): void => {
      this.problems.push(text)
    }
    return openAmqpEngine(url, options, { problem: tell, back: tell })
  }

  async underTest(url: string, options: AmqpEngineOptions = {}): Promise<EngineUnderTest> {
    let engine = await this.open(url, options)
    return {
      engine,
      reopen: async () => {
        await engine.close()
        engine = await this.open(url, options)
        return engine
      },
      another: () => this.open(this.directUrl()),
      cut: async () => this.cut(),
      restart: async (whileAway) => {
        await this.down()
        await whileAway()
        await this.up()
      },
      dispose: async () => {
        await engine.close()
        await this.stop()
      },
    }
  }

  /** Both ends see a reset. */
  cut(): void {
    for (const socket of this.#sockets) {
      // A reset of a socket that is shutting down keeps Node.js from ending.
      if (socket.writableEnded) socket.destroy()
      else socket.resetAndDestroy()
    }
  }

  async stop(): Promise<void> {
    this.#proxy.close()
    for (const socket of this.#sockets) socket.destroy()
    await this.down()
    rmSync(this.#directory, { recursive: true, force: true })
  }

  #pass(client: net.Socket): void {
    const broker = net.connect(this.#ports[0] as number, '127.0.0.1')
    for (const [socket, other] of [
      [client, broker],
      [broker, client],
    ] as const) {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  }
}

function urlOf(scheme: string, port: number, password = rightPassword): string {
  return `${scheme}://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}`
}
