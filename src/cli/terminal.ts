/*
 * Standard output and error of the command.
 *
 *   results ──▶ stdout    waits when the reader is slow; stops quietly when the reader is gone (EPIPE),
 *                         and as failed when they cannot be written (a full disk)
 *   the rest ─▶ stderr    notes, warnings, progress: never mixed into results
 *
 * Colours only for a terminal, as NO_COLOR and FORCE_COLOR ask. Control characters out of messages
 * never reach a terminal: a body could otherwise rewrite what stands above it.
 */

import process from 'node:process'
import type { WriteStream } from 'node:tty'
import { styleText } from 'node:util'

export type Style = Parameters<typeof styleText>[0]

const widthDefault = 80

export class Terminal {
  /** Results are JSON, one a line. */
  json = false
  /** Why results could not be written, other than that nobody reads them. */
  failure: NodeJS.ErrnoException | undefined
  readonly #closed = new AbortController()
  readonly #before: (() => void)[] = []

  constructor() {
    for (const stream of [process.stdout, process.stderr]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (stream !== process.stdout) return
        if (error.code !== 'EPIPE' && error.code !== 'EIO') this.failure ??= error
        this.#closed.abort()
      })
    }
  }

  /** Aborted when nobody reads the results any more. */
  get closed(): AbortSignal {
    return this.#closed.signal
  }

  /** Whether a person is looking at the results. */
  get isPerson(): boolean {
    return process.stdout.isTTY === true
  }

  /** Whether progress can be drawn. */
  get drawsProgress(): boolean {
    return process.stderr.isTTY === true && process.env.TERM !== 'dumb'
  }

  /** Columns that results may take; unbounded when they go to a file or pipe. */
  get width(): number {
    return this.isPerson ? columnsOf(process.stdout) : Number.POSITIVE_INFINITY
  }

  get progressWidth(): number {
    return columnsOf(process.stderr)
  }

  style(style: Style, text: string): string {
    return styleText(style, text, { stream: process.stdout })
  }

  /** A line of results. */
  line(text = ''): Promise<void> {
    return this.write(`${text}\n`)
  }

  /** Results as they are. */
  async write(text: string | Uint8Array): Promise<void> {
    if (this.#closed.signal.aborted) return
    for (const clear of this.#before) clear()
    if (process.stdout.write(text)) return
    const { signal } = this.#closed
    await new Promise<void>((resolve) => {
      const go = (): void => {
        process.stdout.off('drain', go)
        signal.removeEventListener('abort', go)
        resolve()
      }
      process.stdout.once('drain', go)
      signal.addEventListener('abort', go, { once: true })
    })
  }

  /** Something worth knowing that is no result, for people. */
  note(text: string): void {
    if (this.json) return
    this.stderr(`${styleText('dim', text, { stream: process.stderr })}\n`)
  }

  warn(text: string): void {
    const mark = styleText('yellow', 'homing:', { stream: process.stderr })
    this.stderr(this.json ? `${JSON.stringify({ warning: text })}\n` : `${mark} ${text}\n`)
  }

  error(text: string): void {
    this.stderr(`${styleText('red', 'homing:', { stream: process.stderr })} ${text}\n`)
  }

  stderr(text: string): void {
    for (const clear of this.#before) clear()
    process.stderr.write(text)
  }

  /** Called before anything is written, so that what is drawn can be wiped. Returns how to end it. */
  beforeWriting(clear: () => void): () => void {
    this.#before.push(clear)
    return () => {
      this.#before.splice(this.#before.indexOf(clear), 1)
    }
  }
}

const columnsOf = (stream: WriteStream): number => stream.columns || widthDefault
