/*
 * A client at the other end of a connection without a socket: bytes in memory, both ways at once.
 *
 *   publish, send ─▶ bytes (whole or cut anywhere) ─▶ connection
 *   heard         ◀─ methods with their contents   ◀─┘
 *
 * While the connection does not read, bytes wait as they would in a socket. Once the client has dropped,
 * or the machine is gone, nothing more is sent or heard.
 */

import type { Connection } from '../../../src/amqp/connection.ts'
import type { Outlet } from '../../../src/amqp/outlet.ts'
import { FrameParser } from '../../../src/amqp/protocol/frame-parser.ts'
import { FrameWriter } from '../../../src/amqp/protocol/frame-writer.ts'
import { decodeMethod, type Method } from '../../../src/amqp/protocol/methods.ts'
import { frameType } from '../../../src/amqp/protocol/wire.ts'
import type { Clock } from '../../../src/clock.ts'
import type { HeaderTable } from '../../../src/embedded/routing/header-value.ts'
import type { RandomSource } from '../../../src/testing/random.ts'
import type { Serving } from './broker-system.ts'

export interface Content {
  readonly properties: Buffer
  readonly body: Buffer
}

/** One channel of a client. */
export interface ChannelEnd {
  heard(method: Method, content: Content | undefined): void
  /** The channel is no more, whoever closed it. */
  over(): void
}

export interface WireParts {
  readonly serving: Serving
  readonly clock: Clock
  readonly random: RandomSource
  /** Something broke in the broker that no client can break. */
  readonly broke: (thrown: unknown) => void
}

const frameMax = 4_096
const carriesContent = new Set(['basic.deliver', 'basic.get-ok', 'basic.return'])
const capabilities: HeaderTable = new Map([
  ['capabilities', new Map([['consumer_cancel_notify', true]])],
])

export class WireClient implements Outlet {
  readonly connection: Connection
  readonly #clock: Clock
  readonly #random: RandomSource
  readonly #writer = new FrameWriter()
  readonly #parser = new FrameParser(2 ** 24)
  readonly #ends = new Map<number, ChannelEnd>()
  #unfinished: { method: Method; content: Content | undefined; missing: number } | undefined
  #waiting: Buffer[] = []
  #isPaused = false
  #channels = 0
  #isOpen = false
  #isOver = false

  constructor({ serving, clock, random, broke }: WireParts) {
    this.#clock = clock
    this.#random = random
    this.connection = serving.connect(this, broke)
    this.#writer.protocolHeader()
    const response = Buffer.from('\0guest\0guest')
    const login = { clientProperties: capabilities, mechanism: 'PLAIN', response, locale: 'en_US' }
    this.send(0, { name: 'connection.start-ok', ...login })
    this.send(0, { name: 'connection.tune-ok', channelMax: 2047, frameMax, heartbeat: 0 })
    this.send(0, { name: 'connection.open', virtualHost: '/' })
    this.flush()
  }

  get isOver(): boolean {
    return this.#isOver
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#isOver
  }

  /** Opens a channel; what follows may be sent at once. */
  open(end: ChannelEnd): number {
    const channel = ++this.#channels
    this.#ends.set(channel, end)
    this.send(channel, { name: 'channel.open' })
    return channel
  }

  send(channel: number, method: Method): void {
    this.#writer.method(channel, method)
  }

  content(channel: number, { properties, body }: Content): void {
    this.#writer.content(channel, properties, body, frameMax)
  }

  /** Sends what was written; now and then in pieces, as a network would. */
  flush(): void {
    if (this.#isOver || this.#writer.length === 0) return
    const bytes = this.#writer.take()
    const at = this.#random.chance(0.1) ? this.#random.below(bytes.length) : 0
    if (at > 0) this.#carry(bytes.subarray(0, at))
    this.#carry(bytes.subarray(at))
  }

  closeChannel(channel: number): void {
    this.send(channel, { name: 'channel.close', ...goodbye })
    this.flush()
    this.#end(channel)
  }

  /** Cuts the connection without a word. */
  drop(): void {
    if (this.#isOver) return
    this.#leave()
    this.connection.socketClosed()
  }

  /** The broker's machine is gone. */
  abandon(): void {
    if (!this.#isOver) this.#leave()
  }

  // --- what the connection asks of its socket ---

  write(bytes: Uint8Array): void {
    if (this.#isOver) return
    this.#parser.push(Buffer.from(bytes))
    while (!this.#isOver && this.#parser.next()) this.#frame()
    this.#clock.soon(() => this.connection.outputDrained(bytes.length))
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#clock.soon(() => {
      const waiting = this.#waiting
      this.#waiting = []
      for (const bytes of waiting) this.#carry(bytes)
    })
  }

  close(): void {
    if (this.#isOver) return
    this.#leave()
    this.#clock.soon(() => this.connection.socketClosed())
  }

  #carry(bytes: Buffer): void {
    if (this.#isOver) return
    if (this.#isPaused || this.#waiting.length > 0) this.#waiting.push(bytes)
    else this.connection.receive(bytes)
  }

  #leave(): void {
    this.#isOver = true
    for (const channel of [...this.#ends.keys()]) this.#end(channel)
  }

  #end(channel: number): void {
    const end = this.#ends.get(channel)
    this.#ends.delete(channel)
    end?.over()
  }

  #frame(): void {
    const { type, channel, bytes, from, end } = this.#parser
    if (type === frameType.method) {
      const method = decodeMethod(bytes, from, end)
      if (carriesContent.has(method.name))
        this.#unfinished = { method, content: undefined, missing: 0 }
      else this.#heard(channel, method, undefined)
    } else if (type === frameType.header) {
      const properties = Buffer.from(bytes.subarray(from + 12, end))
      const missing = Number(bytes.readBigUInt64BE(from + 4))
      this.#part(channel, { properties, body: Buffer.alloc(0) }, missing)
    } else if (type === frameType.body) {
      const { content, missing = 0 } = this.#unfinished ?? {}
      const body = Buffer.concat([content?.body ?? Buffer.alloc(0), bytes.subarray(from, end)])
      const properties = content?.properties ?? Buffer.alloc(0)
      this.#part(channel, { properties, body }, missing - (end - from))
    }
  }

  #part(channel: number, content: Content, missing: number): void {
    const unfinished = this.#unfinished
    if (unfinished === undefined) throw new Error('content without a method')
    unfinished.content = content
    unfinished.missing = missing
    if (missing > 0) return
    this.#unfinished = undefined
    this.#heard(channel, unfinished.method, content)
  }

  #heard(channel: number, method: Method, content: Content | undefined): void {
    if (method.name === 'connection.open-ok') this.#isOpen = true
    else if (method.name === 'connection.close') {
      for (const number of [...this.#ends.keys()]) this.#end(number)
      this.send(0, { name: 'connection.close-ok' })
      this.#clock.soon(() => this.flush())
    } else if (method.name === 'channel.close') {
      this.send(channel, { name: 'channel.close-ok' })
      this.#clock.soon(() => this.flush())
      this.#end(channel)
    } else this.#ends.get(channel)?.heard(method, content)
  }
}

const goodbye = { replyCode: 200, replyText: 'bye', classId: 0, methodId: 0 }
