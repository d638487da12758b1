/*
 * The log of a server that was started as a program: lines for people on stderr, JSON by pino, either of
 * them into a file.
 *
 * pino is loaded when it is asked for: who reads lines need not wait for it at the start. A file is
 * opened again when told to, after logrotate has moved it.
 */

import fs from 'node:fs'
import { HomingError } from '../errors.ts'
import {
  harmless,
  type LeveledLog,
  type LogLevel,
  leveled,
  logTo,
  plainFacts,
} from './server-log.ts'

export interface OpenLogSettings {
  readonly level: LogLevel
  readonly format: 'text' | 'json'
  /** In place of `write`. */
  readonly file?: string | undefined
  readonly write: (line: string) => void
}

export interface OpenedLog extends LeveledLog {
  /** Goes on in a new file of the same name, when the old one was moved. Fails with `not-permitted`. */
  reopen(): void
  close(): void
}

/** Fails with `not-permitted` when the file cannot be written. */
export async function openLog(settings: OpenLogSettings): Promise<OpenedLog> {
  const { level, format, file } = settings
  const target = file === undefined ? undefined : new LogFile(file)
  const write = target === undefined ? settings.write : (line: string) => target.write(line)
  const log = format === 'json' ? await jsonLog(level, write) : logTo(write, { level })
  return { ...log, reopen: () => target?.reopen(), close: () => target?.close() }
}

async function jsonLog(first: LogLevel, write: (line: string) => void): Promise<LeveledLog> {
  const { pino } = await import('pino')
  const logger = pino(
    {
      level: 'debug',
      base: null,
      messageKey: 'text',
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  )
  return leveled(first, (level, facts, text) => logger[level](plainFacts(facts), harmless(text)))
}

/** Written to at once: what is told before a crash is what is needed after it. */
class LogFile {
  readonly #path: string
  /** Undefined when it is closed: the number may be another file's by then. */
  #fd: number | undefined

  constructor(path: string) {
    this.#path = path
    this.#fd = opened(path)
  }

  write(line: string): void {
    if (this.#fd === undefined) return
    try {
      fs.writeSync(this.#fd, line)
    } catch {
      // A full disk stops no server because of its log; it tells of itself elsewhere.
    }
  }

  reopen(): void {
    const next = opened(this.#path)
    this.close()
    this.#fd = next
  }

  close(): void {
    if (this.#fd !== undefined) fs.closeSync(this.#fd)
    this.#fd = undefined
  }
}

function opened(path: string): number {
  try {
    return fs.openSync(path, 'a', 0o640)
  } catch (cause) {
    throw new HomingError(
      'not-permitted',
      `the log cannot be written to ${path}: ${(cause as Error).message}; make its folder, or choose another log.file`,
      { cause },
    )
  }
}
