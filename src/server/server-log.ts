/*
 * Where the server tells what happens: facts for programs, a text for people. A pino or console-like
 * logger fits; `logTo` writes lines.
 *
 * Rule: bytes are never written out, only counted; a `Secret` is shown as one, and an address without its
 * password. Passwords reach the server as bytes or secrets, so none can reach a log by a careless line.
 */

import { inspect } from 'node:util'
import { withoutPassword } from '../secret.ts'

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

/** A log whose level can be changed while it is used. */
export interface LeveledLog extends ServerLog {
  setLevel(level: LogLevel): void
}

/** Log lines, each with its time, as text or JSON. */
export function logTo(write: (line: string) => void, settings: LogSettings = {}): LeveledLog {
  const lineOf = settings.json ? jsonLine : textLine
  return leveled(settings.level ?? 'info', (level, facts, text) =>
    write(`${lineOf(level, facts, text)}\n`),
  )
}

/** Passes on what is of the level or above it. */
export function leveled(
  first: LogLevel,
  put: (level: LogLevel, facts: object, text: string) => void,
): LeveledLog {
  let least = logLevels.indexOf(first)
  const at =
    (level: LogLevel, rank = logLevels.indexOf(level)): ServerLog['info'] =>
    (facts, text) => {
      if (rank >= least) put(level, facts, text)
    }
  return {
    ...{ debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    setLevel(level) {
      least = logLevels.indexOf(level)
    },
  }
}

function jsonLine(level: LogLevel, facts: object, text: string): string {
  const time = new Date().toISOString()
  return JSON.stringify({ time, level, text: harmless(text), ...plainFacts(facts) })
}

/** Facts that may be written out. */
export const plainFacts = (facts: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, plainFact(value)]))

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

/** Before it is cut: half of a password is one, too. */
const cut = (text: string): string => {
  const shown = withoutPassword(text)
  return shown.length > charactersMax ? `${shown.slice(0, charactersMax - 1)}…` : shown
}

/** A text that may be written out. */
export const harmless = cut

/** Names that clients make up stand in texts: none of them writes a line of its own. */
const onOneLine = (text: string): string =>
  cut(text).replaceAll(/\p{C}/gu, (character) =>
    JSON.stringify(character).slice(1, -1).replace(character, '?'),
  )

/** On one line, whatever a client put into it. */
const factText = (value: unknown): string =>
  typeof value === 'string' && /^[\w.:/@-]+$/.test(value) ? value : (JSON.stringify(value) ?? '')
