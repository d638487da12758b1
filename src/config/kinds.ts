/*
 * The kinds of values that settings have: what is taken, how it is told, how it is shown.
 *
 *   a value of the file ───────────────┐
 *   a text of environment or flag ─ fromText ─▶ read ─▶ the value that the server uses
 *
 * Sizes become bytes and durations milliseconds, here and nowhere else.
 */

import * as z from 'zod/mini'
import { type Duration, durationMs } from '../duration.ts'
import { Secret } from '../secret.ts'
import { sizeBytes, sizeText } from '../size.ts'

export interface Kind<Value> {
  /** After "give": `a port from 0 to 65,535`. */
  readonly says: string
  /** Undefined when it is not of this kind. */
  readonly read: (value: unknown) => Value | undefined
  /** What would stand in the file; not always of the right kind. */
  readonly fromText: (text: string) => unknown
  /** As it is written in the file. */
  readonly show: (value: Value) => string
  /** Relative to the folder of the file, or to the working folder. */
  readonly isPath?: true
  readonly isSecret?: true
}

const quoted = (value: unknown): string => JSON.stringify(String(value))
const asItIs = (text: string): unknown => text

export const text: Kind<string> = {
  says: 'a text',
  read: by(z.string().check(z.minLength(1), z.maxLength(4_096))),
  fromText: asItIs,
  show: quoted,
}

export const path: Kind<string> = { ...text, says: 'the path of a file or folder', isPath: true }

/** In the environment and in flags with commas between them. */
export const texts: Kind<readonly string[]> = {
  says: 'a list of texts',
  read: by(z.array(z.string().check(z.minLength(1), z.maxLength(255)))),
  fromText: (line) => line.split(',').map((word) => word.trim()),
  show: (words) => JSON.stringify(words),
}

export const secret: Kind<Secret> = {
  says: 'a text that is not empty, or { file = "…" }',
  read: made((value) =>
    typeof value === 'string' && value !== '' ? new Secret(value) : undefined,
  ),
  fromText: asItIs,
  show: String,
  isSecret: true,
}

export const toggle: Kind<boolean> = {
  says: 'true or false',
  read: by(z.boolean()),
  fromText: (word) => (word === 'true' ? true : word === 'false' ? false : word),
  show: String,
}

const digits = (word: string): unknown => (/^\d{1,15}$/.test(word) ? Number(word) : word)

export function count(min: number, max: number): Kind<number> {
  return {
    says: `a whole number from ${min} to ${max.toLocaleString('en-US')}`,
    read: by(z.int().check(z.minimum(min), z.maximum(max))),
    fromText: digits,
    show: String,
  }
}

export const port: Kind<number> = { ...count(0, 65_535), says: 'a port from 0 to 65,535' }

/** Bytes. */
export function size(min: number, max: number = Number.MAX_SAFE_INTEGER): Kind<number> {
  const range = max === Number.MAX_SAFE_INTEGER ? '' : `, ${sizeText(min)} to ${sizeText(max)}`
  return {
    says: `a size such as "64MiB" or "2GiB", or a number of bytes${range}`,
    read: made((value) => {
      const bytes = typeof value === 'string' ? sizeBytes(value) : value
      return isWithin(bytes, min, max) ? bytes : undefined
    }),
    fromText: digits,
    show: (bytes) =>
      bytes === 0 || sizeText(bytes) === String(bytes) ? String(bytes) : quoted(sizeText(bytes)),
  }
}

/** Milliseconds. */
export const duration: Kind<number> = {
  says: 'a duration such as "250ms", "30s", "5m", "2h" or "7d"',
  read: made((value) => (typeof value === 'string' ? msOf(value) : undefined)),
  fromText: asItIs,
  show: durationShown,
}

/** Whole seconds, as AMQP counts them. */
export function seconds(max: number): Kind<number> {
  return {
    says: `whole seconds from 0 to ${max.toLocaleString('en-US')}, such as 60 or "60s"`,
    read: made((value) => {
      const given = typeof value === 'string' ? (msOf(value) ?? Number.NaN) / 1_000 : value
      return isWithin(given, 0, max) ? given : undefined
    }),
    fromText: digits,
    show: (given) => quoted(`${given}s`),
  }
}

export function choice<const Word extends string>(words: readonly Word[]): Kind<Word> {
  return {
    says: words.map((word) => `"${word}"`).join(' or '),
    read: by(z.enum(words as readonly [Word, ...Word[]]) as z.ZodMiniType<Word>),
    fromText: asItIs,
    show: quoted,
  }
}

export type SyncSetting = 'always' | 'never' | { readonly everyMs: number }

export const sync: Kind<SyncSetting> = {
  says: '"always", "never", or the time between two syncs such as "50ms"',
  read: made<SyncSetting>((value) => {
    if (value === 'always' || value === 'never') return value
    const everyMs = typeof value === 'string' ? msOf(value) : undefined
    return everyMs === undefined ? undefined : { everyMs }
  }),
  fromText: asItIs,
  show: (value) => (typeof value === 'string' ? quoted(value) : durationShown(value.everyMs)),
}

/** Without zod's own words for what is wrong: each kind says what it takes. */
function by<Value>(schema: z.ZodMiniType<Value>): Kind<Value>['read'] {
  return (value) => schema.safeParse(value).data
}

/** Makes something of texts and numbers, or refuses them. */
function made<Value>(make: (value: string | number) => Value | undefined): Kind<Value>['read'] {
  const given = by(z.union([z.string(), z.number()]))
  return (value) => {
    const one = given(value)
    return one === undefined ? undefined : make(one)
  }
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= max
}

function msOf(text: string): number | undefined {
  try {
    return durationMs(text as Duration, 'the setting')
  } catch {
    return undefined
  }
}

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const

function durationShown(ms: number): string {
  const [unit, each] = units.find(([, size]) => ms > 0 && ms % size === 0) ?? ['ms', 1]
  return quoted(`${ms / each}${unit}`)
}
