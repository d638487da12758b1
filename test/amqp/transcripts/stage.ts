/*
 * Where one scenario plays: a broker's port, a virtual host of its own, connections by name.
 *
 * After the scenario each open channel is fenced, so that an answer nobody waited for is in the
 * transcript, too; then the connections are closed, and the queues and exchanges that were declared
 * are deleted, so that the next scenario in this virtual host finds it empty.
 */

import { setTimeout as after } from 'node:timers/promises'
import type { Fields } from './method.ts'
import { Peer, type Received } from './peer.ts'
import { PeerChannel } from './peer-channel.ts'
import { Transcript } from './transcript.ts'
import type { ValueTable } from './typed-value.ts'

export interface ConnectOptions {
  readonly name?: string
  readonly user?: string
  readonly password?: string
  readonly vhost?: string
  readonly capabilities?: ValueTable
  readonly channelMax?: number
  readonly frameMax?: number
  readonly heartbeat?: number
  /** Whether the handshake stands in the transcript. */
  readonly shown?: boolean
}

export const protocolHeader: Buffer = Buffer.from('AMQP\0\0\x09\x01', 'latin1')

export const allCapabilities: ValueTable = {
  publisher_confirms: true,
  exchange_exchange_bindings: true,
  'basic.nack': true,
  consumer_cancel_notify: true,
  'connection.blocked': true,
  authentication_failure_close: true,
}

export class Stage {
  readonly port: number
  readonly vhost: string
  readonly transcript: Transcript
  readonly #prefix: string
  readonly #peers: Peer[] = []
  readonly #channels: PeerChannel[] = []

  constructor(port: number, vhost: string, before?: Transcript) {
    this.port = port
    this.vhost = vhost
    // What plays on after a restart has connections of its own.
    this.#prefix = before === undefined ? 'c' : 'd'
    this.transcript = before ?? new Transcript(vhost)
  }

  /** A TCP connection on which nothing has been said. */
  async socket(name = `${this.#prefix}${this.#peers.length + 1}`): Promise<Peer> {
    const peer = await Peer.open(name, this.port, this.transcript)
    this.#peers.push(peer)
    return peer
  }

  /** An open connection. */
  async connect(options: ConnectOptions = {}): Promise<Peer> {
    const peer = await this.socket(options.name)
    peer.recording = options.shown === true
    const opened = await this.handshake(peer, options)
    peer.recording = true
    if (opened === undefined) peer.note(0, 'the connection was not opened')
    return peer
  }

  async handshake(peer: Peer, options: ConnectOptions = {}): Promise<Received | undefined> {
    const { channelMax, frameMax, heartbeat = 0 } = options
    const tune = await this.login(peer, options)
    if (tune === undefined) return undefined
    peer.send(0, 'connection.tune-ok', {
      channelMax: channelMax ?? Number(tune.fields.channelMax),
      frameMax: frameMax ?? Number(tune.fields.frameMax),
      heartbeat,
    })
    peer.send(0, 'connection.open', { virtualHost: options.vhost ?? this.vhost })
    return await peer.take(0, ['connection.open-ok'])
  }

  /** As far as connection.tune. */
  async login(peer: Peer, options: ConnectOptions = {}): Promise<Received | undefined> {
    const { user = 'guest', password = 'guest', capabilities = allCapabilities } = options
    peer.write(protocolHeader)
    await peer.take(0, ['connection.start'])
    peer.send(0, 'connection.start-ok', {
      clientProperties: { product: 'transcripts', capabilities },
      mechanism: 'PLAIN',
      response: `\0${user}\0${password}`,
      locale: 'en_US',
    })
    return await peer.take(0, ['connection.tune'])
  }

  /** An open channel, on a connection of its own unless one is given. */
  async channel(peer?: Peer, number = 1): Promise<PeerChannel> {
    const channel = this.channelOf(peer ?? (await this.connect()), number)
    channel.peer.unrecorded.add('channel.open-ok')
    await channel.call('channel.open')
    channel.peer.unrecorded.delete('channel.open-ok')
    return channel
  }

  /** Only its number: nothing is sent. */
  channelOf(peer: Peer, number: number): PeerChannel {
    const channel = new PeerChannel(peer, number)
    this.#channels.push(channel)
    return channel
  }

  /** A channel in confirm mode. */
  async confirming(peer?: Peer, number = 1): Promise<PeerChannel> {
    const channel = await this.channel(peer, number)
    channel.peer.unrecorded.add('confirm.select-ok')
    await channel.call('confirm.select')
    channel.peer.unrecorded.delete('confirm.select-ok')
    return channel
  }

  /** A fact that the scenario has worked out, compared like a frame. */
  tell(text: string): void {
    this.transcript.add({ stream: 'told', kind: 'received', text })
  }

  /** Only where the passing of time is what is looked at. */
  async pass(ms: number): Promise<void> {
    await after(ms)
  }

  /** Asks until it is so, since some things happen in their own time; the questions leave no lines. */
  async eventually(channel: PeerChannel, queue: string, isSo: (counts: Fields) => boolean) {
    const { unrecorded } = channel.peer
    unrecorded.add('queue.declare').add('queue.declare-ok')
    const isDone = await becomesSo(async () => {
      const counts = await channel.passive(queue)
      return counts === undefined || isSo(counts.fields)
    })
    unrecorded.delete('queue.declare')
    unrecorded.delete('queue.declare-ok')
    if (!isDone) this.tell(`what was waited for on ${queue} did not happen`)
  }

  /**
   * Waits until a channel of this login is refused, asking on connections of its own, which leave no
   * lines: RabbitMQ counts the connections and channels of a user a little after it has opened them.
   */
  async full(login: ConnectOptions): Promise<void> {
    const isFull = await becomesSo(async () => {
      const asking = new Stage(this.port, this.vhost)
      const peer = await asking.connect(login)
      if (!peer.refused) await asking.channel(peer)
      const isRefused = peer.isOver(1)
      await asking.finish()
      return isRefused
    })
    if (!isFull) this.tell(`${login.user} is never refused`)
  }

  async finish(): Promise<void> {
    for (const channel of this.#channels) {
      await channel.confirmed()
      if (!channel.peer.isOver(channel.number)) await channel.fence()
    }
    // After an error the broker closes the socket in its own time.
    for (const peer of this.#peers) if (peer.refused) await peer.end()
    await Promise.all(this.#peers.map(leave))
  }
}

async function becomesSo(ask: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < 200; tries++) {
    if (await ask()) return true
    await after(25)
  }
  return false
}

async function leave(peer: Peer): Promise<void> {
  peer.recording = false
  peer.pause(false)
  if (!peer.ended && !peer.closing) {
    peer.send(0, 'connection.close', { replyCode: 200 })
    await peer.take(0, ['connection.close-ok'], 1000)
  }
  peer.drop()
}
