/*
 * Answers that go on: server-sent events (WHATWG HTML, 9.2).
 *
 *   handler ─▶ open(caller, signal) ─▶ events ─▶ the client
 *                 closed by: the client, the server's end, what its user lost, the end of its browser's
 *                 session, a reader that does not read
 *
 * Rule: what waits for a slow reader is bounded; then the stream ends, and the client comes again.
 */

import { HomingError } from '../errors.ts'
import { limits } from '../limits.ts'
import type { Waiter } from './caller.ts'

export interface StreamEvent {
  /** Kind of event; the client listens by it. */
  readonly event: string
  /** Written as JSON. */
  readonly data?: unknown
  /** In place of `data`: JSON that is written already. */
  readonly json?: string
  /** Sent back as `Last-Event-ID` when the client comes again. */
  readonly id?: string
}

export interface EventStream {
  readonly body: ReadableStream<Uint8Array>
  /** Aborted when the stream is over, whoever ended it. */
  readonly over: AbortSignal
  /** False when the client does not read what was sent before; nothing was sent then. */
  send(event: StreamEvent): boolean
  /** Events must fit: false ends the stream, so that the client begins anew. */
  mustSend(event: StreamEvent): void
  close(): void
}

const waitingBytesMax = 1_048_576
const aliveMs = 15_000
const text = new TextEncoder()

export const eventStreamHeaders: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store',
  'x-accel-buffering': 'no',
}

export class Streams {
  readonly #open = new Map<Stream, string>()

  get count(): number {
    return this.#open.size
  }

  /** Fails with `memory-full`. */
  open({ user, browserSession }: Waiter, signal: AbortSignal): EventStream {
    this.#checkRoom(user)
    const stream = new Stream(() => this.#open.delete(stream))
    this.#open.set(stream, user)
    if (signal.aborted) stream.close()
    else signal.addEventListener('abort', () => stream.close(), { once: true })
    const release = browserSession?.hold(() => stream.close())
    if (stream.over.aborted) release?.()
    else if (release !== undefined) stream.over.addEventListener('abort', release, { once: true })
    return stream
  }

  #checkRoom(user: string): void {
    const { httpStreamsMax, httpStreamsPerUserMax } = limits
    const own = [...this.#open.values()].filter((of) => of === user).length
    if (own < httpStreamsPerUserMax && this.#open.size < httpStreamsMax) return
    const max = own < httpStreamsPerUserMax ? httpStreamsMax : httpStreamsPerUserMax
    throw new HomingError(
      'memory-full',
      `${max} streams of events are open, which is the limit; close some first`,
    )
  }

  /** Ends the streams of a user who lost something: coming again tells what is left. */
  closeAllOf(user: string): void {
    for (const [stream, of] of [...this.#open]) if (of === user) stream.close()
  }

  close(): void {
    for (const stream of [...this.#open.keys()]) stream.close()
  }
}

class Stream implements EventStream {
  readonly body: ReadableStream<Uint8Array>
  readonly #over = new AbortController()
  readonly #gone: () => void
  readonly #alive: NodeJS.Timeout
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined

  constructor(gone: () => void) {
    this.#gone = gone
    this.body = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        cancel: () => this.#end(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: waitingBytesMax }),
    )
    // Tells proxies and clients that there is somebody.
    this.#alive = setInterval(() => this.#write(':\n\n'), aliveMs)
    this.#alive.unref()
  }

  get over(): AbortSignal {
    return this.#over.signal
  }

  send({ event, data, json = JSON.stringify(data), id }: StreamEvent): boolean {
    const named = id === undefined ? '' : `id: ${oneLine(id)}\n`
    return this.#write(`${named}event: ${oneLine(event)}\ndata: ${json}\n\n`)
  }

  mustSend(event: StreamEvent): void {
    if (!this.send(event)) this.close()
  }

  close(): void {
    if (this.#over.signal.aborted) return
    const controller = this.#controller
    this.#end()
    controller?.close()
  }

  #write(line: string): boolean {
    const controller = this.#controller
    if (controller === undefined || (controller.desiredSize ?? 0) <= 0) return false
    controller.enqueue(text.encode(line))
    return true
  }

  #end(): void {
    if (this.#over.signal.aborted) return
    this.#controller = undefined
    clearInterval(this.#alive)
    this.#over.abort()
    this.#gone()
  }
}

const oneLine = (value: string): string => value.replace(/[\r\n]/g, ' ')
