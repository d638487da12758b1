/*
 * Connections without sockets over a real broker in memory, in simulated time.
 *
 *   client.send(method) ─▶ bytes ─▶ connection ─▶ virtual host ─▶ engine
 *   client.hears()      ◀─ lines ◀─ bytes ◀────────┘
 *
 * A line is what a frame says: `1 basic.deliver t 1 false "body"` is channel, method, fields that
 * matter, content. Nothing is a stand-in; only the socket is missing.
 */

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Login } from '../../../src/amqp/admission.ts'
import { Connection } from '../../../src/amqp/connection.ts'
import type { ConnectionWatch } from '../../../src/amqp/connection-parts.ts'
import type { Outlet } from '../../../src/amqp/outlet.ts'
import { FrameParser } from '../../../src/amqp/protocol/frame-parser.ts'
import { FrameWriter } from '../../../src/amqp/protocol/frame-writer.ts'
import { decodeMethod, type Method } from '../../../src/amqp/protocol/methods.ts'
import { frameType } from '../../../src/amqp/protocol/wire.ts'
import { type ConnectionSettings, connectionDefaults } from '../../../src/amqp/settings.ts'
import { type Broker, openBroker } from '../../../src/embedded/broker.ts'
import { engineOptions } from '../../../src/embedded/engine-options.ts'
import { memoryDisk } from '../../../src/embedded/journal/memory-disk.ts'
import { openMemoryLedger } from '../../../src/embedded/ledger/memory-ledger.ts'
import type { HeaderTable, HeaderValue } from '../../../src/embedded/routing/header-value.ts'
import { SimulatedClock } from '../../../src/testing/simulated-clock.ts'
import { noDefinitions } from '../../../src/virtual-host/definitions.ts'
import type { Session } from '../../../src/virtual-host/port.ts'
import { VirtualHosts } from '../../../src/virtual-host/virtual-hosts.ts'

export const table = (fields: Readonly<Record<string, HeaderValue>> = {}): HeaderTable =>
  new Map(Object.entries(fields))

/** Client properties of a client that can do everything. */
export const able: HeaderTable = table({
  product: 'trial',
  capabilities: table({
    authentication_failure_close: true,
    consumer_cancel_notify: true,
    'connection.blocked': true,
  }),
})

export class Trial {
  readonly clock: SimulatedClock
  readonly broker: Broker
  readonly settings: ConnectionSettings
  /** What people should know of. */
  readonly problems: string[] = []
  readonly #hosts: VirtualHosts
  #connections = 0

  private constructor(clock: SimulatedClock, broker: Broker, more: Partial<ConnectionSettings>) {
    this.clock = clock
    this.broker = broker
    this.#hosts = new VirtualHosts({
      door: broker.door,
      definitions: noDefinitions,
      clock,
      randomBytes,
      replySecret: randomBytes(32),
      onProblem: (text) => this.problems.push(text),
    })
    this.settings = {
      ...connectionDefaults,
      serverProperties: table({ product: 'Homing' }),
      authenticate: (credentials) => {
        if (credentials.mechanism === 'EXTERNAL') return undefined
        const isRight = Buffer.from(credentials.password).toString() === 'guest'
        return isRight ? { user: credentials.user } : undefined
      },
      openVirtualHost: (name, login, opening) => ({
        host: this.#hosts.host(name),
        session: this.#session(login, opening.name, (feature, text) =>
          opening.warnings.note(feature, text),
        ),
      }),
      ...more,
    }
  }

  static async open(settings: Partial<ConnectionSettings> = {}): Promise<Trial> {
    const clock = new SimulatedClock()
    const options = engineOptions({ onProblem: (text) => assert.fail(text) })
    const ledger = openMemoryLedger({ retention: options.retention })
    const broker = await clock.until(openBroker({ disk: memoryDisk(), clock, ledger }, options))
    return new Trial(clock, broker, settings)
  }

  /** A client that has said nothing yet. */
  client(watch: ConnectionWatch = {}): TrialClient {
    return new TrialClient(this, ++this.#connections, watch)
  }

  /** A client with an open virtual host and open channels; nothing of that is in its lines. */
  async connected(channels = 1, clientProperties = able): Promise<TrialClient> {
    const client = this.client()
    client.login({ clientProperties })
    await client.hears()
    client.tune()
    client.send(0, { name: 'connection.open', virtualHost: '/' })
    for (let n = 1; n <= channels; n++) client.send(n, { name: 'channel.open' })
    const heard = await client.hears()
    assert.equal(
      heard.at(-1),
      `${channels} channel.open-ok`.replace(/^0 .*/, '0 connection.open-ok'),
    )
    return client
  }

  #session(
    login: Login,
    connectionName: string,
    warnPortability: (feature: string, text: string) => void,
  ): Session {
    return {
      user: login.user,
      tags: new Set(),
      connectionName,
      may: () => true,
      mayTopic: () => true,
      warnPortability,
      compat: this.settings.compat,
    }
  }
}

interface LoginFields {
  readonly mechanism?: string
  readonly response?: string
  readonly clientProperties?: HeaderTable
}

/** One end of a connection: writes frames, keeps what it hears. */
export class TrialClient implements Outlet {
  readonly connection: Connection
  readonly writer = new FrameWriter()
  readonly #trial: Trial
  readonly #parser = new FrameParser(2 ** 24)
  #lines: string[] = []
  #content = { missing: 0, text: '' }
  /** Told the properties of each content. */
  onContent: (properties: Uint8Array) => void = () => {}
  /** How often bytes were handed over. */
  writes = 0
  /** While true, the system takes no bytes from the connection. */
  isStuck = false
  #stuckBytes = 0
  isPaused = false
  closed: 'no' | 'end' | 'destroy' = 'no'

  constructor(trial: Trial, port: number, watch: ConnectionWatch) {
    this.#trial = trial
    this.connection = new Connection({
      clock: trial.clock,
      settings: trial.settings,
      peer: {
        address: '127.0.0.1',
        port,
        localAddress: '127.0.0.1',
        localPort: 5672,
        tls: false,
        certificateUser: undefined,
      },
      outlet: this,
      watch: { broke: (thrown) => this.#lines.push(`broke: ${thrown}`), ...watch },
    })
  }

  // --- the outlet ---

  write(bytes: Uint8Array): void {
    this.writes++
    this.#read(Buffer.from(bytes))
    if (this.isStuck) this.#stuckBytes += bytes.length
    else this.#trial.clock.soon(() => this.connection.outputDrained(bytes.length))
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  close(how: 'end' | 'destroy'): void {
    if (this.closed === 'no' || how === 'destroy') this.closed = how
    this.#lines.push(`socket: ${how}`)
  }

  /** The system takes bytes again. */
  unstick(): void {
    this.isStuck = false
    this.connection.outputDrained(this.#stuckBytes)
    this.#stuckBytes = 0
  }

  // --- the client ---

  /** Sends what was written, and nothing more. */
  flush(): this {
    if (this.writer.length > 0) this.connection.receive(this.writer.take())
    return this
  }

  raw(bytes: Uint8Array): this {
    this.flush()
    this.connection.receive(Buffer.from(bytes))
    return this
  }

  /** A frame of any type with any payload. */
  frame(type: number, channel: number, payload: Uint8Array): this {
    const head = Buffer.alloc(7)
    head[0] = type
    head.writeUInt16BE(channel, 1)
    head.writeUInt32BE(payload.length, 3)
    return this.raw(Buffer.concat([head, payload, Buffer.of(206)]))
  }

  send(channel: number, method: Method): this {
    this.writer.method(channel, method)
    return this
  }

  login(fields: LoginFields = {}): this {
    const { mechanism = 'PLAIN', response = '\0guest\0guest', clientProperties = able } = fields
    this.writer.protocolHeader()
    return this.send(0, {
      name: 'connection.start-ok',
      clientProperties,
      mechanism,
      response: Buffer.from(response),
      locale: 'en_US',
    })
  }

  tune(more: { channelMax?: number; frameMax?: number; heartbeat?: number } = {}): this {
    const tuning = { channelMax: 2047, frameMax: 131_072, heartbeat: 0 }
    return this.send(0, { name: 'connection.tune-ok', ...tuning, ...more })
  }

  publish(channel: number, routingKey: string, body: string, more: PublishFields = {}): this {
    const { exchange = '', mandatory = false, persistent = false } = more
    this.send(channel, {
      name: 'basic.publish',
      exchange,
      routingKey,
      mandatory,
      immediate: false,
    })
    const properties = persistent ? Uint8Array.of(0x10, 0, 2) : Uint8Array.of(0, 0)
    this.writer.content(channel, properties, Buffer.from(body), 131_072)
    return this
  }

  declare(channel: number, queue: string, more: Partial<Declared> = {}): this {
    const bits = { passive: false, durable: false, exclusive: false, autoDelete: false }
    return this.send(channel, {
      name: 'queue.declare',
      queue,
      ...bits,
      nowait: false,
      args: table(),
      ...more,
    })
  }

  consume(channel: number, queue: string, consumerTag: string, noAck = false): this {
    return this.send(channel, {
      name: 'basic.consume',
      queue,
      consumerTag,
      noLocal: false,
      noAck,
      exclusive: false,
      nowait: false,
      args: table(),
    })
  }

  get(channel: number, queue: string, noAck = false): this {
    return this.send(channel, { name: 'basic.get', queue, noAck })
  }

  qos(channel: number, prefetchCount: number, global = false): this {
    return this.send(channel, { name: 'basic.qos', prefetchSize: 0, prefetchCount, global })
  }

  ack(channel: number, deliveryTag: number, multiple = false): this {
    return this.send(channel, { name: 'basic.ack', deliveryTag, multiple })
  }

  nack(channel: number, deliveryTag: number, requeue = true, multiple = false): this {
    return this.send(channel, { name: 'basic.nack', deliveryTag, multiple, requeue })
  }

  closeChannel(channel: number): this {
    return this.send(channel, { name: 'channel.close', ...goodbye })
  }

  closeConnection(): this {
    return this.send(0, { name: 'connection.close', ...goodbye })
  }

  /** Sends what was written, lets everything come to rest, and tells what was heard. */
  async hears(afterMs = 0): Promise<string[]> {
    this.flush()
    await this.#trial.clock.advance(afterMs)
    const lines = this.#lines
    this.#lines = []
    return lines
  }

  #read(bytes: Buffer): void {
    if (bytes.toString('latin1', 0, 4) === 'AMQP') {
      this.#lines.push(`header ${bytes.toString('hex', 4)}`)
      return
    }
    this.#parser.push(bytes)
    while (this.#parser.next()) this.#frame()
  }

  #frame(): void {
    const { type, channel, bytes, from, end } = this.#parser
    if (type === frameType.method) this.#lines.push(lineOf(channel, decodeMethod(bytes, from, end)))
    else if (type === frameType.heartbeat) this.#lines.push('heartbeat')
    else if (type === frameType.header) {
      this.#content = { missing: Number(bytes.readBigUInt64BE(from + 4)), text: '' }
      this.onContent(bytes.subarray(from + 12, end))
      this.#contentLine()
    } else {
      this.#content.text += bytes.toString('latin1', from, end)
      this.#content.missing -= end - from
      this.#contentLine()
    }
  }

  #contentLine(): void {
    if (this.#content.missing > 0) return
    this.#lines[this.#lines.length - 1] += ` "${this.#content.text}"`
  }
}

interface PublishFields {
  readonly exchange?: string
  readonly mandatory?: boolean
  readonly persistent?: boolean
}

interface Declared {
  readonly passive: boolean
  readonly durable: boolean
  readonly exclusive: boolean
  readonly autoDelete: boolean
  readonly nowait: boolean
  readonly args: HeaderTable
}

const goodbye = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 }

/** What matters of a method: exchange and routing key are left out, as they seldom do. */
function lineOf(channel: number, method: Method): string {
  const { name, ...fields } = method
  const shown = Object.entries(fields).filter(
    ([field]) => !['exchange', 'routingKey', 'serverProperties', 'locales'].includes(field),
  )
  return [channel, name, ...shown.map(([, value]) => String(value))].join(' ').trimEnd()
}
