/*
 * One connection of the load program: a socket, a handshake, and a scanner of frames that allocates
 * nothing while messages flow.
 *
 *   socket ─▶ one buffer of 256 KiB ─▶ whole frames ─▶ onMethod(id, bytes, at)
 *                └── the torn frame at its end is moved to the front, the next read lands behind it
 *
 * Content is counted, not kept: `bodyBytes` is what came in body frames.
 */

import { Buffer } from 'node:buffer'
import { connect, type Socket } from 'node:net'
import {
  frameEnd,
  frameOverhead,
  longString,
  method,
  methodIds,
  shortString,
  table,
  u16,
  u32,
} from './octets.ts'

/** `at` is where the arguments of the method begin. */
export type OnMethod = (id: number, bytes: Buffer, at: number, channel: number) => void

interface Awaited {
  readonly id: number
  readonly resolve: (args: Buffer) => void
  readonly reject: (error: Error) => void
}

/** The largest frame that may come, and how much is read at once beside it. */
export interface WireSize {
  readonly frameBytesMax: number
  readonly readBytes: number
}

const large: WireSize = { frameBytesMax: 128 * 1024, readBytes: 256 * 1024 }

export class Wire {
  /** Bytes of body frames so far. */
  bodyBytes = 0
  /** What every body must be; one in 1,024 is compared. */
  expectedBody: Buffer | undefined
  /** Called after each read, when all its frames were handled. */
  onRead: (bytesRead: number) => void = () => undefined
  onMethod: OnMethod = () => undefined
  readonly #socket: Socket
  readonly #bytes: Buffer
  readonly #frameBytesMax: number
  #held = 0
  #bodies = 0
  #awaited: Awaited[] = []
  #failed: Error | undefined
  #ending = false

  private constructor(port: number, { frameBytesMax, readBytes }: WireSize) {
    this.#frameBytesMax = frameBytesMax
    this.#bytes = Buffer.allocUnsafeSlow(frameBytesMax + readBytes)
    this.#socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: () => this.#bytes.subarray(this.#held, this.#held + readBytes),
        callback: (count) => this.#take(count),
      },
    })
    this.#socket.on('error', (error) => this.#fail(error))
    this.#socket.on('close', () => this.#fail(new Error('the broker closed the connection')))
  }

  /** Resolves when the connection is open and channels 1 to `channels` are. */
  static async open(port: number, channels = 1, size: WireSize = large): Promise<Wire> {
    const wire = new Wire(port, size)
    wire.write(Buffer.from('AMQP\0\0\x09\x01', 'latin1'))
    await wire.#answer(methodIds.start)
    const tune = wire.#answer(methodIds.tune)
    wire.write(startOk)
    const channelMax = (await tune).readUInt16BE(0)
    const frameMax = Math.min(size.frameBytesMax, (await tune).readUInt32BE(2) || Infinity)
    wire.write(method(0, methodIds.tuneOk, u16(channelMax), u32(frameMax), u16(0)))
    const open = method(0, methodIds.open, shortString('/'), shortString(''), Buffer.of(0))
    await wire.call(open, methodIds.openOk)
    for (let channel = 1; channel <= channels; channel++)
      await wire.call(
        method(channel, methodIds.channelOpen, shortString('')),
        methodIds.channelOpenOk,
      )
    return wire
  }

  /** Sends a method, resolves with the arguments of the answer. */
  call(frame: Buffer, answer: number): Promise<Buffer> {
    const answered = this.#answer(answer)
    this.write(frame)
    return answered
  }

  /** False when the socket is full: wait for what {@link onDrain} tells. */
  write(bytes: Buffer): boolean {
    return this.#socket.write(bytes)
  }

  onDrain(told: () => void): void {
    this.#socket.on('drain', told)
  }

  async close(): Promise<void> {
    this.#ending = true
    const bye = method(0, methodIds.close, u16(200), shortString('bye'), u16(0), u16(0))
    await this.call(bye, methodIds.closeOk)
    this.#socket.destroy()
  }

  #answer(id: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#failed === undefined) this.#awaited.push({ id, resolve, reject })
      else reject(this.#failed)
    })
  }

  #take(count: number): boolean {
    const bytes = this.#bytes
    const end = this.#held + count
    let at = 0
    while (end - at >= frameOverhead) {
      const size =
        (((bytes[at + 3] as number) << 24) |
          ((bytes[at + 4] as number) << 16) |
          ((bytes[at + 5] as number) << 8) |
          (bytes[at + 6] as number)) >>>
        0
      if (size > this.#frameBytesMax) return this.#fail(new Error(`a frame of ${size} bytes came`))
      const next = at + size + frameOverhead
      if (next > end) break
      if (bytes[next - 1] !== frameEnd) return this.#fail(new Error('a frame had no end octet'))
      const type = bytes[at]
      if (type === 1) this.#method(at)
      else if (type === 3) this.#body(at + 7, size)
      at = next
    }
    bytes.copyWithin(0, at, end)
    this.#held = end - at
    this.onRead(count)
    return true
  }

  #method(at: number): void {
    const bytes = this.#bytes
    const id =
      ((bytes[at + 7] as number) << 24) |
      ((bytes[at + 8] as number) << 16) |
      ((bytes[at + 9] as number) << 8) |
      (bytes[at + 10] as number)
    if (id !== methodIds.deliver && id !== methodIds.ack && this.#isAnswer(id, at)) return
    this.onMethod(id, bytes, at + 11, ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number))
  }

  #isAnswer(id: number, at: number): boolean {
    const bytes = this.#bytes
    if (id === methodIds.close || id === methodIds.channelClose) {
      const text = bytes.toString('latin1', at + 14, at + 14 + (bytes[at + 13] as number))
      this.#fail(new Error(`the broker closed with ${bytes.readUInt16BE(at + 11)} ${text}`))
      return true
    }
    const index = this.#awaited.findIndex((one) => one.id === id)
    if (index === -1) return false
    const [answered] = this.#awaited.splice(index, 1)
    answered?.resolve(Buffer.from(bytes.subarray(at + 11, at + 7 + bytes.readUInt32BE(at + 3))))
    return true
  }

  #body(at: number, size: number): void {
    this.bodyBytes += size
    if ((this.#bodies++ & 1023) !== 0 || this.expectedBody === undefined) return
    if (this.expectedBody.equals(this.#bytes.subarray(at, at + size))) return
    this.#fail(new Error('a body came back other than it was sent'))
  }

  /** The load cannot go on; the process says so and ends, unless somebody waits for an answer. */
  #fail(error: Error): false {
    if (this.#failed !== undefined || (this.#ending && this.#awaited.length === 0)) return false
    this.#failed = error
    const awaited = this.#awaited
    this.#awaited = []
    if (awaited.length === 0 && !this.#ending) throw error
    for (const one of awaited) one.reject(error)
    this.#socket.destroy()
    return false
  }
}

const capabilities = {
  publisher_confirms: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  authentication_failure_close: true,
}

const startOk = method(
  0,
  methodIds.startOk,
  table({ product: 'homing bench', capabilities }),
  shortString('PLAIN'),
  longString('\0guest\0guest'),
  shortString('en_US'),
)
