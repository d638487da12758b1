/*
 * A client with a socket, made of the codec and nothing else: it sends what a test says, well-behaved or
 * not, and keeps the methods that come until the test takes them.
 */

import { once } from 'node:events'
import net from 'node:net'
import tls from 'node:tls'
import { FrameParser } from '../../../src/amqp/protocol/frame-parser.ts'
import { FrameWriter } from '../../../src/amqp/protocol/frame-writer.ts'
import { decodeMethod, type Method, type MethodNamed } from '../../../src/amqp/protocol/methods.ts'
import { frameType } from '../../../src/amqp/protocol/wire.ts'
import type { HeaderTable } from '../../../src/embedded/routing/header-value.ts'

export interface Target {
  readonly port?: number
  readonly host?: string
  /** A Unix socket. */
  readonly path?: string
  readonly tls?: tls.ConnectionOptions
}

export interface LoginFields {
  readonly user?: string
  readonly password?: string
  readonly vhost?: string
  readonly mechanism?: string
  readonly capabilities?: readonly string[]
}

export interface Heard {
  readonly channel: number
  readonly method: Method
}

const everything = ['authentication_failure_close', 'consumer_cancel_notify', 'connection.blocked']
const persistentText = Uint8Array.of(0x10, 0, 2)
const transientText = Uint8Array.of(0, 0)

export class SocketClient implements Disposable {
  readonly socket: net.Socket
  readonly writer = new FrameWriter()
  /** Resolves when the socket is closed. */
  readonly closed: Promise<void>
  isClosed = false
  /** Body bytes that came. */
  bodyBytes = 0
  onMethod: ((heard: Heard) => void) | undefined
  answersClose = true
  readonly #parser = new FrameParser(2 ** 24)
  readonly #heard: Heard[] = []
  #wake: () => void = () => undefined

  constructor(socket: net.Socket) {
    this.socket = socket
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
    this.closed = new Promise<void>((resolve) => {
      socket.once('close', () => {
        this.isClosed = true
        this.#wake()
        resolve()
      })
    })
  }

  /** Rejects when nobody listens, or the certificates do not fit. */
  static async connect(target: Target): Promise<SocketClient> {
    const { port = 0, host = '127.0.0.1', path } = target
    const socket = target.tls
      ? tls.connect({ ...target.tls, host, port })
      : path === undefined
        ? net.connect({ host, port, noDelay: true })
        : net.connect({ path })
    await once(socket, target.tls ? 'secureConnect' : 'connect')
    return new SocketClient(socket)
  }

  /** Connects and logs in; fails with what the server said when it refuses. */
  static async open(target: Target, fields: LoginFields = {}): Promise<SocketClient> {
    const client = await SocketClient.connect(target)
    const answer = await client.login(fields)
    if (answer?.name === 'connection.open-ok') return client
    throw new Error(answer === undefined ? 'the socket was closed' : refusalText(answer))
  }

  send(channel: number, method: Method): this {
    this.writer.method(channel, method)
    return this
  }

  /** Hands everything to the system. */
  flush(): this {
    if (this.writer.length > 0) this.socket.write(this.writer.take())
    return this
  }

  /** The whole handshake. Returns open-ok, or what was said instead; undefined for a closed socket. */
  async login(fields: LoginFields = {}): Promise<Method | undefined> {
    const { vhost = '/' } = fields
    this.writer.protocolHeader()
    this.flush()
    const start = await this.next()
    if (start?.method.name !== 'connection.start') return start?.method
    this.startOk(fields)
    const tune = (await this.next())?.method
    if (tune?.name !== 'connection.tune') return tune
    const { channelMax, frameMax } = tune
    this.send(0, { name: 'connection.tune-ok', channelMax, frameMax, heartbeat: 0 })
    this.send(0, { name: 'connection.open', virtualHost: vhost }).flush()
    return (await this.next())?.method
  }

  startOk(fields: LoginFields = {}): void {
    const { user = 'guest', password = 'guest', mechanism = 'PLAIN' } = fields
    const { capabilities = everything } = fields
    const able: HeaderTable = new Map(capabilities.map((name) => [name, true]))
    this.send(0, {
      name: 'connection.start-ok',
      clientProperties: new Map([['capabilities', able]]),
      mechanism,
      response: Buffer.from(mechanism === 'EXTERNAL' ? '' : `\0${user}\0${password}`),
      locale: 'en_US',
    }).flush()
  }

  /** The next method; undefined when the socket is closed and nothing is left. */
  async next(): Promise<Heard | undefined> {
    while (this.#heard.length === 0 && !this.isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#heard.shift()
  }

  /** The next method, whose name must be this one. */
  async expect<N extends Method['name']>(name: N): Promise<MethodNamed<N>> {
    const heard = await this.next()
    if (heard?.method.name === name) return heard.method as MethodNamed<N>
    throw new Error(`${name} was expected; came ${heard ? refusalText(heard.method) : 'the end'}`)
  }

  /** Opens a channel with a queue that there is now. */
  async queue(channel: number, queue: string, durable = false): Promise<this> {
    this.send(channel, { name: 'channel.open' })
    this.declare(channel, queue, durable).flush()
    await this.expect('channel.open-ok')
    await this.expect('queue.declare-ok')
    return this
  }

  declare(channel: number, queue: string, durable = false): this {
    const bits = { passive: false, durable, exclusive: false, autoDelete: false, nowait: false }
    return this.send(channel, { name: 'queue.declare', queue, ...bits, args: new Map() })
  }

  consume(channel: number, queue: string, noAck = true): this {
    const bits = { noLocal: false, noAck, exclusive: false, nowait: false }
    const consumerTag = 'c'
    return this.send(channel, {
      name: 'basic.consume',
      queue,
      consumerTag,
      ...bits,
      args: new Map(),
    })
  }

  publish(channel: number, routingKey: string, body: Uint8Array, persistent = false): this {
    const bits = { mandatory: false, immediate: false }
    this.send(channel, { name: 'basic.publish', exchange: '', routingKey, ...bits })
    this.writer.content(channel, persistent ? persistentText : transientText, body, 131_072)
    return this
  }

  /** Asks for confirms on the channel. */
  async confirms(channel: number): Promise<this> {
    this.send(channel, { name: 'confirm.select', nowait: false }).flush()
    await this.expect('confirm.select-ok')
    return this
  }

  async end(): Promise<void> {
    const goodbye = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 }
    this.send(0, { name: 'connection.close', ...goodbye }).flush()
    await this.closed
  }

  [Symbol.dispose](): void {
    this.socket.destroy()
  }

  #read(chunk: Buffer): void {
    if (chunk.toString('latin1', 0, 4) === 'AMQP') return
    this.#parser.push(chunk)
    while (this.#parser.next()) {
      const { type, channel, bytes, from, end } = this.#parser
      if (type === frameType.body) this.bodyBytes += end - from
      if (type !== frameType.method) continue
      const heard = { channel, method: decodeMethod(bytes, from, end) }
      if (this.answersClose && heard.method.name === 'connection.close')
        this.send(0, { name: 'connection.close-ok' }).flush()
      if (this.onMethod !== undefined) this.onMethod(heard)
      else this.#heard.push(heard)
    }
    this.#wake()
  }
}

/** `connection.close 403 ACCESS_REFUSED - …`, or the name of another method. */
export function refusalText(method: Method): string {
  if (method.name !== 'connection.close' && method.name !== 'channel.close') return method.name
  return `${method.name} ${method.replyCode} ${method.replyText}`
}
