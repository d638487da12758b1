/*
 * The raw client: one TCP connection that sends any bytes and keeps what comes.
 *
 *   socket ─▶ frames ─▶ transcript, line by line
 *                └────▶ inbox of the channel, method with its content, until a scenario takes it
 *
 * It answers channel.close and connection.close as a client must, unless `answersClose` is false. It
 * never throws for what the broker does: a wait that ends empty stands in the transcript.
 */

import { once } from 'node:events'
import { connect as openSocket, type Socket } from 'node:net'
import { setTimeout as after } from 'node:timers/promises'
import { type ContentHeader, contentHeaderOf, propertiesText } from './content-header.ts'
import {
  type Frame,
  FrameCutter,
  frameBody,
  frameBytes,
  frameHeader,
  frameHeartbeat,
  frameMethod,
  methodFrame,
} from './frame.ts'
import { type Fields, fieldsText, type Method, methodOf } from './method.ts'
import { carriesContent } from './method-layouts.ts'
import type { Transcript } from './transcript.ts'
import { quoted, type ValueTable } from './typed-value.ts'

export const waitMsMax = 8000

export interface Received extends Method {
  readonly channel: number
  header?: ContentHeader
  body: Buffer
}

export class Peer {
  readonly name: string
  readonly #socket: Socket
  readonly #transcript: Transcript
  readonly #cutter = new FrameCutter()
  readonly #inboxes = new Map<number, Received[]>()
  /** Methods whose content is not whole, by channel. */
  readonly #unfinished = new Map<number, Received>()
  readonly #wakers = new Set<() => void>()
  /** What came is written down only while this is true. */
  recording = true
  answersClose = true
  /** The broker has closed the socket. */
  ended = false
  /** A connection.close was seen, or close-ok. */
  closing = false
  /** A connection.close was seen: the broker ends the socket once it is answered. */
  refused = false
  readonly closedChannels = new Set<number>()
  /** Turns a confirm into lines; set by the channel that asked for confirms. */
  readonly confirms = new Map<number, (method: Method) => readonly string[]>()
  /** Methods that are kept from the transcript, because their number is left to chance. */
  readonly unrecorded = new Set<string>()
  bytesReceived = 0

  private constructor(name: string, socket: Socket, transcript: Transcript) {
    this.name = name
    this.#socket = socket
    this.#transcript = transcript
    socket.setNoDelay(true)
    socket.on('data', (chunk: Buffer) => this.#received(chunk))
    socket.on('close', () => this.#end())
    socket.on('end', () => this.#end())
    // A reset is an end like another.
    socket.on('error', () => {})
  }

  static async open(name: string, port: number, transcript: Transcript): Promise<Peer> {
    const socket = openSocket({ host: '127.0.0.1', port, allowHalfOpen: true })
    await once(socket, 'connect')
    return new Peer(name, socket, transcript)
  }

  write(bytes: Uint8Array, told?: string): void {
    if (told !== undefined) this.note(0, told, 'sent')
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  send(channel: number, name: string, fields: Fields = {}): void {
    const told = `${name} ${fieldsText(fields)}`.trimEnd()
    if (!this.unrecorded.has(name)) this.note(channel, told, 'sent')
    const { queues, exchanges } = this.#transcript.declared
    if (name === 'channel.open') this.closedChannels.delete(channel)
    if (name === 'queue.declare') queues.add(String(fields.queue ?? ''))
    if (name === 'exchange.declare') exchanges.add(String(fields.exchange ?? ''))
    this.write(methodFrame(channel, name, fields))
  }

  heartbeat(channel = 0): void {
    this.note(channel, 'heartbeat', 'sent')
    this.write(frameBytes(frameHeartbeat, channel))
  }

  note(channel: number, text: string, kind: 'sent' | 'received' | 'confirm' = 'received'): void {
    if (this.recording) this.#transcript.add({ stream: `${this.name} #${channel}`, kind, text })
  }

  /** The next one on that channel that has one of these names; undefined when it cannot come any more. */
  take(
    channel: number,
    names: readonly string[],
    msMax = waitMsMax,
  ): Promise<Received | undefined> {
    const inbox = this.#inbox(channel)
    return this.until(() => {
      const at = inbox.findIndex(({ name }) => names.includes(name))
      if (at !== -1) return { found: inbox.splice(at, 1)[0] }
      return this.isOver(channel) ? { found: undefined } : undefined
    }, msMax).then((result) => {
      if (result === undefined) this.note(channel, `nothing came: waited for ${names.join(', ')}`)
      return result?.found
    })
  }

  isOver(channel: number): boolean {
    return this.ended || this.closing || this.closedChannels.has(channel)
  }

  /** Resolves once the broker has closed the socket. */
  async end(msMax = waitMsMax): Promise<void> {
    if ((await this.until(() => this.ended || undefined, msMax)) === undefined)
      this.note(0, 'the socket stays open')
  }

  /** What `check` gives as soon as it gives something; undefined when it takes too long. */
  async until<T>(check: () => T | undefined, msMax = waitMsMax): Promise<T | undefined> {
    const aborted = new AbortController()
    const late = after(msMax, 'late' as const, { signal: aborted.signal }).catch(() => undefined)
    try {
      for (;;) {
        const value = check()
        if (value !== undefined) return value
        const { promise, resolve } = Promise.withResolvers<undefined>()
        const wake = (): void => resolve(undefined)
        this.#wakers.add(wake)
        const first = await Promise.race([promise, late])
        this.#wakers.delete(wake)
        if (first === 'late') return check()
      }
    } finally {
      aborted.abort()
    }
  }

  /** Reads no more from the socket, so that the broker cannot write; or goes on. */
  pause(paused: boolean): void {
    if (paused) this.#socket.pause()
    else this.#socket.resume()
  }

  /** Cuts the connection without a word. */
  drop(): void {
    this.#socket.destroy()
  }

  /** Says that nothing more will be sent. */
  endWriting(): void {
    this.#socket.end()
  }

  #end(): void {
    if (this.ended) return
    this.ended = true
    // After our own close, when it does so is its affair.
    if (!this.closing || this.refused) this.note(0, 'the broker closed the socket')
    this.#socket.end()
    this.#wake()
  }

  #wake(): void {
    for (const wake of [...this.#wakers]) wake()
  }

  #inbox(channel: number): Received[] {
    const inbox = this.#inboxes.get(channel) ?? []
    this.#inboxes.set(channel, inbox)
    return inbox
  }

  #received(chunk: Buffer): void {
    this.bytesReceived += chunk.length
    try {
      for (const frame of this.#cutter.push(chunk)) this.#frame(frame)
    } catch (error) {
      this.note(0, `unreadable: ${(error as Error).message}`)
    }
    this.#wake()
  }

  #frame({ type, channel, payload }: Frame): void {
    if (type === frameMethod) this.#method(channel, methodOf(payload))
    else if (type === frameHeader) this.#header(channel, contentHeaderOf(payload))
    else if (type === frameBody) this.#body(channel, payload)
    else if (type === frameHeartbeat)
      this.#inbox(channel).push({ name: 'heartbeat', fields: {}, channel, body: payload })
    else if (type === 0x41)
      this.note(0, `protocol header AMQP ${[...payload.subarray(4)].join(' ')}`)
    else this.note(channel, `frame of type ${type}`)
  }

  #method(channel: number, method: Method): void {
    const received: Received = { ...method, channel, body: Buffer.alloc(0) }
    const confirm = this.confirms.get(channel)
    if (confirm !== undefined && ['basic.ack', 'basic.nack'].includes(method.name))
      for (const line of confirm(method)) this.note(channel, line, 'confirm')
    else if (!this.unrecorded.has(method.name))
      this.note(channel, `${method.name} ${fieldsText(honest(method))}`.trimEnd())
    if (method.name === 'queue.declare-ok')
      this.#transcript.declared.queues.add(String(method.fields.queue))
    if (carriesContent(method.name)) this.#unfinished.set(channel, received)
    else this.#inbox(channel).push(received)
    this.#answer(channel, method)
  }

  #answer(channel: number, { name }: Method): void {
    if (name === 'channel.close' || name === 'channel.close-ok') this.closedChannels.add(channel)
    if (name === 'connection.close') this.refused = true
    if (name === 'connection.close' || name === 'connection.close-ok') this.closing = true
    if (!this.answersClose) return
    if (name === 'channel.close') this.write(methodFrame(channel, 'channel.close-ok'))
    if (name === 'connection.close') this.write(methodFrame(0, 'connection.close-ok'))
  }

  #header(channel: number, header: ContentHeader): void {
    const unfinished = this.#unfinished.get(channel)
    if (unfinished === undefined) throw new Error(`a content header without a method on ${channel}`)
    unfinished.header = header
    if (!this.unrecorded.has(unfinished.name))
      this.note(channel, `header body=${header.bodyBytes}${propertiesText(header.properties)}`)
    this.#finish(channel, unfinished)
  }

  #body(channel: number, payload: Buffer): void {
    const unfinished = this.#unfinished.get(channel)
    if (unfinished?.header === undefined) throw new Error(`a body without a header on ${channel}`)
    unfinished.body = Buffer.concat([unfinished.body, payload])
    const long = payload.length > 100 ? ` … ${payload.length} octets` : ''
    if (!this.unrecorded.has(unfinished.name))
      this.note(channel, `body ${quoted(payload.toString('latin1', 0, 100))}${long}`)
    this.#finish(channel, unfinished)
  }

  #finish(channel: number, received: Received): void {
    if (received.body.length < (received.header?.bodyBytes ?? 0)) return
    this.#unfinished.delete(channel)
    this.#inbox(channel).push(received)
  }
}

/** Without what a broker says of itself, which is meant to differ. */
function honest({ name, fields }: Method): Fields {
  if (name !== 'connection.start') return fields
  const { capabilities = null } = fields.serverProperties as ValueTable
  const mechanisms = String(fields.mechanisms).split(' ').toSorted().join(' ')
  return { ...fields, mechanisms, serverProperties: { capabilities } }
}
