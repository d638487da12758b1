/*
 * The sockets of the HTTP side.
 *
 *   listener ─▶ socket ─▶ too many? ─▶ [TLS] ─▶ node:http ─▶ application ─▶ answer
 *
 * Rules: the ports are open before node:http and the application are loaded, which takes longer than all
 * the rest of a start; who comes sooner waits for them.
 * Headers and requests that do not come in time are given up. Closing lets answers that are being
 * written end, for a moment.
 */

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type net from 'node:net'
import type tls from 'node:tls'
import { type Arrival, type ArrivalLimits, Arrivals } from '../amqp/arrivals.ts'
import { type Listener, listen, renewTls } from '../amqp/listen.ts'
import { endsOf, peerOf, plainAddress } from '../amqp/socket-peer.ts'
import { limits } from '../limits.ts'
import type { ServerLog } from '../server/server-log.ts'
import type { FromSocket } from './application.ts'
import type { HttpAddress, HttpListening } from './http-settings.ts'

/** Answers one request; loaded when the first one comes, or before. */
export type AnswerRequest = (
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  from: FromSocket,
) => void

export interface HttpServerParts {
  readonly load: () => Promise<AnswerRequest>
  readonly log: ServerLog
  /** Counted apart from the connections of AMQP. Default those of limits.ts. */
  readonly limits?: Partial<ArrivalLimits> | undefined
}

export class HttpServer {
  readonly #parts: HttpServerParts
  readonly #arrivals: Arrivals
  readonly #listeners: Listener[] = []
  readonly #sockets = new Set<net.Socket>()
  readonly #known = new WeakMap<net.Socket, FromSocket>()
  /** Those that do not speak TLS yet, by the ends of their connection. */
  readonly #securing = new Map<string, Arrival>()
  /** Answers that are still to be written, by socket. */
  readonly #answering = new Map<net.Socket, number>()
  #http: Promise<Server> | undefined
  #answer: Promise<AnswerRequest> | undefined
  #isClosing = false

  constructor(parts: HttpServerParts) {
    this.#parts = parts
    this.#arrivals = new Arrivals(parts.limits)
  }

  /** For those who come from now on. */
  setLimits(limits: Partial<ArrivalLimits> | undefined): void {
    this.#arrivals.setLimits(limits)
  }

  /** Fails with `address-in-use`, `address-refused`, `bad-certificate`. */
  async listen(address: HttpAddress): Promise<HttpListening> {
    const accept = (socket: net.Socket, isSecured: boolean): void => {
      if (isSecured) this.#secured(socket as tls.TLSSocket, listener)
      else this.#arrive(socket, listener)
    }
    const failed = (error: Error): void =>
      this.#parts.log.warn({ error }, 'HTTP: a socket was lost')
    const listener: Listener = await listen(address, accept, failed)
    this.#listeners.push(listener)
    const { url, host, port, tls: isTls } = listener.listening
    return { url: url.replace(/^amqp/, 'http'), host, port, tls: isTls }
  }

  /** All or none: the next handshakes use the new certificates. Fails with `bad-certificate`. */
  async renewTls(addresses: readonly HttpAddress[]): Promise<void> {
    await renewTls(this.#listeners, addresses)
  }

  /** Loads the application now. */
  load(): Promise<AnswerRequest> {
    void this.#server()
    this.#answer ??= this.#parts.load()
    return this.#answer
  }

  /** Takes no more requests, and ends the connections. */
  async close(): Promise<void> {
    const closed = this.#listeners.map(
      ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
    )
    const http = await this.#http
    http?.closeIdleConnections()
    const patience = setTimeout(() => this.#destroy(), limits.goodbyeMsMax)
    this.#isClosing = true
    for (const socket of this.#sockets) if (!this.#answering.has(socket)) socket.end()
    await Promise.all(closed)
    clearTimeout(patience)
    this.#destroy()
    http?.close()
  }

  #destroy(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #request(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const from = this.#known.get(incoming.socket)
    if (from === undefined) {
      incoming.socket.destroy()
      return
    }
    this.#untilAnswered(incoming.socket, outgoing)
    try {
      const answer = await this.load()
      answer(incoming, outgoing, from)
    } catch (error) {
      this.#answer = undefined
      this.#parts.log.error({ error }, 'HTTP: the application could not be loaded')
      outgoing.writeHead(500).end()
    }
  }

  /** A socket whose answer is on its way when the server closes ends with it. */
  #untilAnswered(socket: net.Socket, outgoing: ServerResponse): void {
    this.#answering.set(socket, (this.#answering.get(socket) ?? 0) + 1)
    outgoing.once('close', () => {
      const left = (this.#answering.get(socket) ?? 1) - 1
      if (left > 0) this.#answering.set(socket, left)
      else this.#answering.delete(socket)
      if (left === 0 && this.#isClosing) socket.end()
    })
  }

  #arrive(socket: net.Socket, listener: Listener): void {
    socket.on('error', () => undefined)
    if (socket.destroyed || socket.remoteAddress === undefined) {
      socket.destroy()
      return
    }
    const address = plainAddress(socket.remoteAddress)
    const turnedAway = (why: string): void =>
      this.#parts.log.warn({ peer: address }, `HTTP: turned away: ${why}`)
    const arrival = this.#arrivals.arrive(address, turnedAway)
    if (arrival === undefined) {
      socket.destroy()
      return
    }
    const name = endsOf(socket)
    this.#sockets.add(socket)
    if (listener.listening.tls) this.#securing.set(name, arrival)
    socket.once('close', () => {
      arrival.left()
      this.#sockets.delete(socket)
      if (this.#securing.get(name) === arrival) this.#securing.delete(name)
    })
    if (!listener.listening.tls) this.#serve(socket, { peer: peerOf(socket, listener), arrival })
  }

  #secured(socket: tls.TLSSocket, listener: Listener): void {
    socket.on('error', () => undefined)
    const arrival = this.#securing.get(endsOf(socket))
    if (arrival === undefined || socket.destroyed) socket.destroy()
    else this.#serve(socket, { peer: peerOf(socket, listener), arrival })
  }

  #server(): Promise<Server> {
    this.#http ??= import('node:http').then(({ createServer }) =>
      createServer(
        {
          headersTimeout: limits.httpHeadersMsMax,
          requestTimeout: limits.httpRequestMsMax,
          maxHeaderSize: limits.httpHeaderBytesMax,
          connectionsCheckingInterval: 1_000,
        },
        (incoming, outgoing) => void this.#request(incoming, outgoing),
      ),
    )
    return this.#http
  }

  #serve(socket: net.Socket, from: FromSocket): void {
    this.#known.set(socket, from)
    void this.#server().then((http) => {
      if (!socket.destroyed) http.emit('connection', socket)
    })
  }
}
