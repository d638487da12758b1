/*
 * The sockets: whoever connects gets a Connection, and this file carries its bytes.
 *
 *   listener ─▶ socket ─▶ too many? ─▶ [TLS] ─▶ Connection ◀── bytes ──▶ socket
 *
 * Rules: before TLS and login there is nothing but the socket and a few counts. Whatever a socket does,
 * its connection is told once that it is over. Nothing is decided here that a protocol could decide.
 */

import type net from 'node:net'
import { type Clock, sleep } from '../clock.ts'
import { limits } from '../limits.ts'
import type { PeerFacts } from './admission.ts'
import { type Arrival, type ArrivalLimits, Arrivals } from './arrivals.ts'
import type { Owed } from './channels.ts'
import { Connection } from './connection.ts'
import type { ConnectionWatch } from './connection-parts.ts'
import { type Listener, listen, renewTls } from './listen.ts'
import type { CertificateName, ListenAddress, Listening } from './listen-address.ts'
import type { Outlet } from './outlet.ts'
import { connectionForced } from './protocol/amqp-error.ts'
import type { ConnectionSettings } from './settings.ts'
import { endsOf, peerOf, plainAddress } from './socket-peer.ts'

export interface AmqpServerParts {
  readonly clock: Clock
  /** Asked for each that has come as far as a connection. */
  readonly meet: (peer: PeerFacts) => Reception
  /** Somebody was turned away at the door. */
  readonly turnedAway: (address: string, why: string) => void
  readonly limits?: Partial<ArrivalLimits> | undefined
}

/** What a peer is met with. */
export interface Reception {
  readonly settings: ConnectionSettings
  readonly watch: ConnectionWatch
  /** The socket is closed; the connection may still have a call to end. */
  readonly disconnected: () => void
}

/** Time for the other end to close after we did. */
const lingerMs = 3_000
/** Between two looks whether all is settled: nobody has to tell of each settlement for that. */
const drainLookMs = 20

export class AmqpServer {
  readonly #parts: AmqpServerParts
  readonly #arrivals: Arrivals
  readonly #listeners: Listener[] = []
  /** Those that do not speak TLS yet, by {@link endsOf}. */
  readonly #securing = new Map<string, { readonly socket: net.Socket; readonly arrival: Arrival }>()
  readonly #connections = new Map<Connection, net.Socket>()
  readonly #sockets = new Set<net.Socket>()
  #blockedFor: string | undefined
  #emptied: () => void = () => undefined
  #isClosing = false
  #localCount = 0

  constructor(parts: AmqpServerParts) {
    this.#parts = parts
    this.#arrivals = new Arrivals(parts.limits)
  }

  /** Fails with `address-in-use`, `address-refused`, `bad-certificate`. */
  async listen(address: ListenAddress): Promise<Listening> {
    const accept = (socket: net.Socket, isSecured: boolean): void => {
      if (isSecured) this.#secured(socket, listener)
      else this.#arrive(socket, listener)
    }
    const failed = (error: Error): void => this.#parts.turnedAway('', error.message)
    const listener: Listener = await listen(address, accept, failed)
    this.#listeners.push(listener)
    return listener.listening
  }

  /** Serves one who came by the socket that nobody but the data directory's owner can open. */
  takeOwner(socket: net.Socket): void {
    this.#arrive(socket, ownerDoor)
  }

  get connections(): Iterable<Connection> {
    return this.#connections.keys()
  }

  get connectionCount(): number {
    return this.#connections.size
  }

  named(name: string): readonly Connection[] {
    return [...this.#connections.keys()].filter((connection) => connection.name === name)
  }

  /** Publishers are not read from until `unblocked`, those who come included. */
  blocked(reason: string): void {
    this.#blockedFor = reason
    for (const connection of this.#connections.keys()) connection.blocked(reason)
  }

  unblocked(): void {
    this.#blockedFor = undefined
    for (const connection of this.#connections.keys()) connection.unblocked()
  }

  /**
   * Nobody comes in any more and nothing is delivered. When all that clients hold is settled, or the time
   * is up, nothing more is read, and what was published is confirmed. Resolves with how many deliveries
   * are not settled.
   */
  async drain(withinMs: number): Promise<number> {
    this.#isClosing = true
    for (const { server } of this.#listeners) server.close()
    for (const connection of this.#connections.keys()) connection.leaving.deliverNoMore()
    const held = await this.#untilNone('held', withinMs)
    for (const connection of this.#connections.keys()) connection.leaving.readNoMore()
    await this.#untilNone('unconfirmed', limits.goodbyeMsMax)
    return held
  }

  async #untilNone(what: Owed, withinMs: number): Promise<number> {
    const { clock } = this.#parts
    const endMs = clock.monotonicMs() + withinMs
    for (;;) {
      let owed = 0
      for (const connection of this.#connections.keys()) owed += connection.leaving.owes(what)
      if (owed === 0 || clock.monotonicMs() >= endMs) return owed
      await sleep(clock, drainLookMs)
    }
  }

  setLimits(limits: Partial<ArrivalLimits> | undefined): void {
    this.#arrivals.setLimits(limits)
  }

  /**
   * Takes the certificates of these addresses, in the order in which they were listened on. Live
   * connections go on. Fails with `bad-certificate`; then all are as they were.
   */
  async renewTls(addresses: readonly ListenAddress[]): Promise<void> {
    await renewTls(this.#listeners, addresses)
  }

  /** Tells every client, waits a moment for them to leave, and closes. */
  async close(): Promise<void> {
    this.#isClosing = true
    const closed = this.#listeners.map(
      ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
    )
    const error = connectionForced("broker forced connection closure with reason 'shutdown'")
    for (const connection of [...this.#connections.keys()]) connection.close(error)
    for (const { socket } of [...this.#securing.values()]) socket.destroy()
    await this.#untilEmpty()
    await Promise.all(closed)
  }

  /** Closes every socket at once. */
  destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #untilEmpty(): Promise<void> {
    if (this.#sockets.size + this.#connections.size === 0) return
    const emptied = new Promise<void>((resolve) => {
      this.#emptied = resolve
    })
    const patience = setTimeout(() => this.destroy(), limits.goodbyeMsMax)
    // A call that never comes back must not keep the engine from being closed.
    const end = setTimeout(() => this.#emptied(), 2 * limits.goodbyeMsMax)
    await emptied
    clearTimeout(patience)
    clearTimeout(end)
  }

  #arrive(socket: net.Socket, listener: Door): void {
    // It may be gone again.
    socket.on('error', () => undefined)
    const isGone = socket.destroyed || (socket.remoteAddress === undefined && !isLocal(listener))
    if (this.#isClosing || isGone) {
      socket.destroy()
      return
    }
    const address = plainAddress(socket.remoteAddress)
    const arrival = this.#arrivals.arrive(address, (why) => this.#parts.turnedAway(address, why))
    if (arrival === undefined) {
      socket.destroy()
      return
    }
    this.#sockets.add(socket)
    socket.once('close', () => {
      arrival.left()
      this.#sockets.delete(socket)
      this.#checkEmpty()
    })
    if (listener.listening.tls) this.#secure(socket, arrival)
    else this.#connect(socket, listener, arrival)
  }

  #secure(socket: net.Socket, arrival: Arrival): void {
    const name = endsOf(socket)
    const waiting = { socket, arrival }
    this.#securing.set(name, waiting)
    socket.once('close', () => {
      if (this.#securing.get(name) === waiting) this.#securing.delete(name)
    })
  }

  #secured(socket: net.Socket, listener: Listener): void {
    const name = endsOf(socket)
    const waiting = this.#securing.get(name)
    this.#securing.delete(name)
    socket.on('error', () => undefined)
    if (waiting === undefined || this.#isClosing || socket.destroyed) socket.destroy()
    else this.#connect(socket, listener, waiting.arrival)
  }

  #connect(socket: net.Socket, listener: Door, arrival: Arrival): void {
    const peer = this.#peerOf(socket, listener)
    const { clock, meet } = this.#parts
    const { settings, watch: heard, disconnected } = meet(peer)
    socket.once('close', disconnected)
    const connection: Connection = new Connection({
      clock,
      settings,
      peer,
      outlet: outletOf(socket, (bytes) => connection.outputDrained(bytes)),
      watch: {
        ...heard,
        opened: () => {
          arrival.opened()
          heard.opened?.()
        },
        over: (why) => {
          this.#connections.delete(connection)
          heard.over?.(why)
          this.#checkEmpty()
        },
      },
    })
    this.#connections.set(connection, socket)
    if (this.#blockedFor !== undefined) connection.blocked(this.#blockedFor)
    carry(socket, connection)
  }

  #peerOf(socket: net.Socket, { listening, userFrom, isOwner }: Door): PeerFacts {
    return {
      ...peerOf(socket, { listening, userFrom }),
      // A Unix socket has no ports; the numbers tell its connections apart.
      port: socket.remotePort ?? ++this.#localCount,
      ...(isOwner && { isOwner }),
    }
  }

  #checkEmpty(): void {
    if (this.#sockets.size + this.#connections.size === 0) this.#emptied()
  }
}

/** Bytes of the socket to the connection, and that it is over. */
function carry(socket: net.Socket, connection: Connection): void {
  let why: string | undefined
  socket.on('data', (chunk: Buffer) => connection.receive(chunk))
  socket.on('error', (error) => {
    why ??= error.message
  })
  socket.once('close', () => connection.socketClosed(why))
}

function outletOf(socket: net.Socket, drained: (bytes: number) => void): Outlet {
  return {
    write(bytes) {
      const { length } = bytes
      let isTaken = false
      // Told in any case: whoever waits for room may go on.
      socket.write(bytes, () => drained(isTaken ? 0 : length))
      isTaken = this.isDrained === true
    },
    get isDrained() {
      return socket.writableLength === 0
    },
    pause() {
      socket.pause()
    },
    resume() {
      socket.resume()
    },
    close(how) {
      if (how === 'destroy') {
        socket.destroy()
        return
      }
      socket.end()
      // What still comes is read and dropped: a reset could overtake our last words.
      socket.resume()
      const patience = setTimeout(() => socket.destroy(), lingerMs)
      socket.once('close', () => clearTimeout(patience))
    },
  }
}

/** By what a socket came. */
interface Door {
  readonly listening: Pick<Listening, 'path' | 'tls'>
  readonly userFrom: CertificateName
  readonly isOwner?: true
}

const ownerDoor: Door = {
  listening: { path: '', tls: false },
  userFrom: 'common-name',
  isOwner: true,
}

const isLocal = (listener: Door): boolean => listener.listening.path !== undefined
