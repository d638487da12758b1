/*
 * Where the server tells what happens: facts for programs, a text for people. A pino or console-like
 * logger fits; `logTo` writes lines.
 *
 * Rule: bytes are never written out, only counted. Passwords reach the server as bytes, so none can
 * reach a log by a careless line.
 */

import { inspect } from 'node:util'

export interface ServerLog {
  debug(facts: object, text: string): void
  info(facts: object, text: string): void
  warn(facts: object, text: string): void
  error(facts: object, text: string): void
}

const nothing = (): void => undefined

export const noLog: ServerLog = { debug: nothing, info: nothing, warn: nothing, error: nothing }

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LogSettings {
  /** Default `info`. */
  readonly level?: LogLevel
  /** One JSON object a line, rather than text. Default false. */
  readonly json?: boolean
}

const charactersMax = 500

/** Log lines, each with its time, as text or JSON. */
export function logTo(write: (line: string) => void, settings: LogSettings = {}): ServerLog {
  const least = logLevels.indexOf(settings.level ?? 'info')
  const at = (level: LogLevel): ServerLog['info'] => {
    if (logLevels.indexOf(level) < least) return nothing
    return (facts, text) =>
      write(`${settings.json ? jsonLine(level, facts, text) : textLine(level, facts, text)}\n`)
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

function jsonLine(level: LogLevel, facts: object, text: string): string {
  const plain = Object.entries(facts).map(([name, value]) => [name, plainFact(value)] as const)
  return JSON.stringify({
    time: new Date().toISOString(),
    level,
    text,
    ...Object.fromEntries(plain),
  })
}

function textLine(level: LogLevel, facts: object, text: string): string {
  const shown = Object.entries(facts)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => ` ${name}=${factText(plainFact(value))}`)
  return `${new Date().toISOString()} ${level.padEnd(5)} ${onOneLine(text)}${shown.join('')}`
}

function plainFact(value: unknown): unknown {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (value instanceof Error) return cut(value.message)
  if (typeof value === 'string') return cut(value)
  if (typeof value !== 'object' || value === null) return value
  return cut(
    inspect(value, { depth: 1, maxArrayLength: 10, breakLength: Number.POSITIVE_INFINITY }),
  )
}

const cut = (text: string): string =>
  text.length > charactersMax ? `${text.slice(0, charactersMax - 1)}…` : text

/** Names that clients make up stand in texts: none of them writes a line of its own. */
const onOneLine = (text: string): string =>
  cut(text).replaceAll(/\p{C}/gu, (character) =>
    JSON.stringify(character).slice(1, -1).replace(character, '?'),
  )

/** On one line, whatever a client put into it. */
const factText = (value: unknown): string =>
  typeof value === 'string' && /^[\w.:/@-]+$/.test(value) ? value : (JSON.stringify(value) ?? '')
