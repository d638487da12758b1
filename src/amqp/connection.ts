/*
 * A connection: bytes in, bytes out. It has no socket and no timer but the clock.
 *
 *   bytes ─▶ protocol header ─▶ frames ─┬─ channel 0 ─▶ handshake, close, secrets
 *                                       └─ channel n ─▶ channel ─▶ virtual host
 *
 *   handshake ─▶ running ─┬─ client's close ─▶ closing ── close-ok ──▶ over
 *                         └─ error ── our close ─▶ closed ── close-ok, or no patience ──▶ over
 *
 * Rules: frames are worked on one after the other; while a call has no result, nothing further is.
 * Exclusive queues are gone before close-ok is sent. After our own close only a close and a close-ok
 * are looked at. Everything written in a turn of the event loop goes out together.
 */

import type { Buffer } from 'node:buffer'
import type { Clock } from '../clock.ts'
import type { Later } from '../later.ts'
import { limits } from '../limits.ts'
import type { Session, VirtualHost } from '../virtual-host/port.ts'
import type { Login, OpenedVirtualHost, PeerFacts } from './admission.ts'
import type { Channel, ChannelOwner } from './channel.ts'
import { Channels } from './channels.ts'
import type { ClientCapabilities } from './client-capabilities.ts'
import type { ConnectionFacts, ConnectionState } from './connection-facts.ts'
import type { ConnectionParts, ConnectionWatch } from './connection-parts.ts'
import { Ending } from './ending.ts'
import { Handshake, type HandshakeSide } from './handshake.ts'
import { Heartbeat } from './heartbeat.ts'
import { Intake, type IntakeSide } from './intake.ts'
import { Output } from './output.ts'
import { PortabilityWarnings } from './portability.ts'
import { type AmqpError, channelError, unexpectedFrame } from './protocol/amqp-error.ts'
import type { FrameParser } from './protocol/frame-parser.ts'
import { classMethodAt } from './protocol/hot-methods.ts'
import { decodeMethod, type Method, methodId } from './protocol/methods.ts'
import { frameOverheadBytes, frameType } from './protocol/wire.ts'
import { ProtocolHeader } from './protocol-header.ts'
import { PublisherBlock } from './publisher-block.ts'
import { type Reading, stop } from './reading.ts'
import { refusalOf, withMethod } from './refusal.ts'
import type { ConnectionSettings } from './settings.ts'
import type { Tuning } from './tune.ts'

const closeId = methodId('connection.close')
const openId = methodId('channel.open')

export class Connection implements ChannelOwner, HandshakeSide, IntakeSide {
  readonly name: string
  readonly settings: ConnectionSettings
  readonly peer: PeerFacts
  readonly output: Output
  readonly bodyBytesMax: number
  readonly #clock: Clock
  readonly #watch: ConnectionWatch
  readonly #connectedAtMs: number
  readonly #warnings: PortabilityWarnings
  readonly #intake: Intake
  readonly #reading: Reading
  readonly #block: PublisherBlock
  readonly #handshake: Handshake
  readonly #header = new ProtocolHeader()
  readonly #ending: Ending
  #tuning: Tuning = { channelMax: 0, frameMax: 0, heartbeat: 0 }
  #heartbeat: Heartbeat | undefined
  #opened: OpenedVirtualHost | undefined
  #channels: Channels | undefined
  /** The channel of the last frame that was not the connection's own. */
  #channel: Channel | undefined
  #isOwnFrame = true
  /** The method being worked on, when it is not a channel's; 0 for none. */
  #methodId = 0
  #receivedBytes = 0

  constructor({ clock, settings, peer, outlet, watch = {} }: ConnectionParts) {
    this.name = `${peer.address}:${peer.port} -> ${peer.localAddress}:${peer.localPort}`
    this.settings = settings
    this.peer = peer
    this.bodyBytesMax = settings.bodyBytesMax
    const output = new Output(clock, outlet, (thrown) => this.#broke(thrown))
    const intake = new Intake(outlet, limits.handshakeFrameBytesMax - frameOverheadBytes, this)
    this.output = output
    this.#clock = clock
    this.#watch = watch
    this.#connectedAtMs = clock.wallMs()
    this.#warnings = new PortabilityWarnings((feature, text) => watch.warned?.(feature, text))
    this.#intake = intake
    this.#reading = intake.reading
    this.#block = new PublisherBlock(intake.reading, (reason) => this.#tellBlocked(reason))
    this.#handshake = new Handshake(this)
    const free = (): Later<void> => this.#free()
    this.#ending = new Ending({ clock, outlet, output, intake, watch, free })
    this.#ending.expectHandshake(limits.handshakeMsMax)
  }

  // --- what the socket tells ---

  /** Bytes have come. */
  receive(chunk: Buffer): void {
    if (this.state === 'over') return
    this.#receivedBytes += chunk.length
    this.#heartbeat?.received()
    const rest = this.#header.isComplete ? chunk : this.#greet(chunk)
    if (rest.length === 0) return
    this.#intake.receive(rest)
    const hoards = this.#intake.bufferedBytes > limits.handshakeBytesMax
    if (hoards && this.#handshake.login === undefined)
      this.#ending.drop('too much before the login')
  }

  /** The system has taken so many bytes; all of them when not given. */
  outputDrained(bytes: number = Number.POSITIVE_INFINITY): void {
    this.output.drained(bytes)
    if (this.state === 'over') return
    if (!this.output.hasRoom) return
    if (this.output.wasStarving()) this.#guarded(() => this.#channels?.resume())
    this.#reading.clear(stop.output)
  }

  /** The socket is closed, whoever closed it. */
  socketClosed(why = 'the socket was closed'): void {
    this.#intake.whenIdle(() => this.#ending.over(why))
  }

  // --- what the server tells ---

  /** Ends the connection: `error` goes to the client as connection.close. */
  close(error: AmqpError): void {
    this.#intake.whenIdle(() => {
      if (this.state === 'running') this.#ending.closeWith(error)
      else if (this.state === 'handshake') this.#ending.drop(error.replyText)
    })
  }

  /** The broker is low on something: publishers are not read from until `unblocked`. */
  readonly blocked = (reason: string): void => this.#block.set(reason)

  unblocked(): void {
    this.#block.lift()
    this.#guarded(() => this.#channels?.resume())
  }

  readonly channel = (number: number): Channel | undefined => this.#channels?.find(number)

  get state(): ConnectionState {
    return this.#ending.state
  }

  get facts(): ConnectionFacts {
    const { givenName, clientProperties, login } = this.#handshake
    return {
      name: this.name,
      givenName,
      peer: this.peer,
      state: this.state,
      user: login?.user ?? '',
      virtualHost: this.#opened?.host.name,
      clientProperties,
      ...this.#tuning,
      channels: this.#channels?.facts ?? [],
      isBlocked: this.#reading.is(stop.blocked),
      receivedBytes: this.#receivedBytes,
      sentBytes: this.output.sentBytes,
      waitingBytes: this.#intake.bufferedBytes + this.output.waitingBytes,
      connectedAtMs: this.#connectedAtMs,
      warnings: this.#warnings.texts,
    }
  }

  // --- what the handshake asks ---

  send(method: Method): void {
    this.output.method(0, method)
  }

  tuned(tuning: Tuning): void {
    const { frameMax, heartbeat } = tuning
    this.#tuning = tuning
    // Without a limit a frame may hold a whole body, and something around it.
    this.#intake.payloadBytesMax =
      frameMax === 0 ? this.bodyBytesMax + limits.metaBytesMax : frameMax - frameOverheadBytes
    this.#heartbeat = new Heartbeat(this.#clock, heartbeat, {
      send: () => this.#beat(),
      dead: () => this.#ending.drop(`no sign of life for ${2 * heartbeat} s`),
      isDeaf: () => this.#reading.isStopped,
      writtenBytes: () => this.output.writtenBytes,
    })
    this.#heartbeat.start()
  }

  warn(feature: string, text: string): void {
    this.#warnings.note(feature, text)
  }

  enter(virtualHost: string, login: Login): Later<OpenedVirtualHost> {
    return this.settings.openVirtualHost(virtualHost, login, {
      name: this.name,
      givenName: this.#handshake.givenName,
      peer: this.peer,
      clientProperties: this.#handshake.clientProperties,
      warnings: this.#warnings,
      close: (why) => this.close(why),
    })
  }

  opened(opened: OpenedVirtualHost): void {
    this.#opened = opened
    this.#channels = new Channels(this, {
      channelMax: this.#tuning.channelMax,
      takeChannel: () => opened.takeChannel?.(),
      giveChannel: () => opened.giveChannel?.(),
    })
    this.#ending.running()
    this.#watch.opened?.()
  }

  // --- what the channels ask ---

  get session(): Session {
    return (this.#opened as OpenedVirtualHost).session
  }

  get host(): VirtualHost {
    return (this.#opened as OpenedVirtualHost).host
  }

  get frameMax(): number {
    return this.#tuning.frameMax
  }

  get capabilities(): ClientCapabilities {
    return this.#handshake.capabilities
  }

  get blockedFor(): string | undefined {
    return this.#block.reason
  }

  readonly publishing = (): void => this.#block.publishing()

  published(): void {
    const { host } = this
    if (!host.mustWait || this.#reading.is(stop.room)) return
    this.#reading.stop(stop.room)
    const goOn = (): void => this.#reading.clear(stop.room)
    host.whenRoom().then(goOn, goOn)
  }

  channelFailed(channel: Channel, error: AmqpError): void {
    const close = (): void => this.#guarded(() => this.#closeChannel(channel, error))
    this.#clock.soon(() => this.#intake.whenIdle(close))
  }

  gone(channel: Channel): void {
    this.#channels?.forget(channel)
    if (this.#channel === channel) this.#channel = undefined
  }

  // --- what its frames ask ---

  frame(parser: FrameParser): Later<void> {
    const { type, channel: number, bytes, from, end } = parser
    this.#isOwnFrame = number === 0
    if (number === 0) return this.#own(type, bytes, from, end)
    if (this.#ending.hasBegun) return
    if (this.state === 'handshake') throw this.#unexpected(`channel ${number} is not open yet`)
    const channel = this.#turnTo(number, parser)
    switch (type) {
      case frameType.method:
        return channel?.method(bytes, from, end)
      case frameType.header:
        return channel?.header(bytes, from, end)
      default:
        return channel?.body(bytes, from, end)
    }
  }

  readonly endOfRead = (): void => this.#channel?.endOfRead()

  readonly isFull = (): boolean => this.output.isFull

  garbled(thrown: unknown): void {
    this.#methodId = 0
    this.#isOwnFrame = true
    this.failed(thrown)
  }

  readonly unread = (chunk: Buffer): void => this.#ending.heardGarbled(chunk)

  failed(thrown: unknown): void {
    const error = refusalOf(thrown)
    if (error !== thrown && error.replyCode === 541) this.#watch.broke?.(thrown)
    if (this.#ending.hasBegun) return
    const channel = this.#isOwnFrame ? undefined : this.#channel
    // A refused login is told without the method, as RabbitMQ does.
    const isLogin = this.#handshake.login === undefined
    withMethod(error, isLogin ? 0 : (channel?.methodId ?? this.#methodId))
    if (this.state === 'handshake' && !this.#handshake.tells(error))
      this.#ending.refuseSilently(error)
    else if (error.scope === 'channel' && channel !== undefined)
      this.#guarded(() => this.#closeChannel(channel, error))
    else this.#ending.closeWith(error)
  }

  /** The channel that a frame is for; undefined when the frame is to be let go by. */
  #turnTo(number: number, { type, bytes, from, end }: FrameParser): Channel | undefined {
    if (type === frameType.heartbeat) throw this.#unexpected(`heartbeat on channel ${number}`)
    if (this.#channel?.number === number) return this.#channel
    this.#channel?.endOfRead()
    this.#channel = this.#channels?.find(number)
    if (this.#channel !== undefined) return this.#channel
    if (type !== frameType.method)
      throw this.#unexpected('expected method frame, got non method frame instead')
    const id = classMethodAt(bytes, from, end)
    // A limit of channels is told without the method, as RabbitMQ does.
    this.#methodId = id === openId ? 0 : id
    this.#channels?.take(number, id)
    return undefined
  }

  /** The protocol header comes first. Returns what follows it. */
  #greet(chunk: Buffer): Buffer {
    const taken = this.#ending.hasBegun ? chunk.length : this.#header.take(chunk)
    if (taken === -1) {
      this.output.writer.protocolHeader()
      this.#ending.finish()
      return chunk.subarray(chunk.length)
    }
    if (this.#header.isComplete) this.#handshake.start()
    return chunk.subarray(taken)
  }

  /** A frame of channel 0. */
  #own(type: number, bytes: Buffer, from: number, end: number): Later<void> {
    if (type === frameType.heartbeat) return
    if (type !== frameType.method) {
      if (this.#ending.hasBegun) return
      throw this.#unexpected('content on channel 0')
    }
    const id = classMethodAt(bytes, from, end)
    this.#methodId = id
    if (this.#ending.hasBegun) this.#ending.heard(id)
    else if (id === closeId) return this.#ending.closedByClient()
    else return this.#handle(decodeMethod(bytes, from, end))
  }

  #handle(method: Method): Later<void> {
    if (this.state === 'handshake') return this.#handshake.handle(method)
    if (method.name !== 'connection.update-secret')
      throw channelError('unexpected method in connection state running')
    return this.#handshake.updateSecret(method.newSecret)
  }

  #closeChannel(channel: Channel, error: AmqpError): void {
    if (!channel.isOpen) return
    this.#watch.refused?.(error)
    channel.close(error)
  }

  /** For what is not done on behalf of a frame. */
  #guarded(run: () => void): void {
    try {
      run()
    } catch (thrown) {
      this.#broke(thrown)
    }
  }

  /** Nobody knows what state this connection is in now. */
  #broke(thrown: unknown): void {
    this.#watch.broke?.(thrown)
    this.#ending.drop('the broker failed')
  }

  #free(): Later<void> {
    this.#heartbeat?.stop()
    this.#channel = undefined
    this.#channels?.end()
    if (this.#opened !== undefined) return this.host.sessionClosed(this.session)
  }

  /** No method is to blame for the frame. */
  #unexpected(text: string): AmqpError {
    this.#methodId = 0
    this.#isOwnFrame = true
    return unexpectedFrame(text)
  }

  #tellBlocked(reason: string | undefined): void {
    if (this.state !== 'running' || !this.capabilities.connectionBlocked) return
    if (reason === undefined) this.send({ name: 'connection.unblocked' })
    else this.send({ name: 'connection.blocked', reason })
  }

  #beat(): void {
    this.output.writer.heartbeat()
    this.output.wake()
  }
}
