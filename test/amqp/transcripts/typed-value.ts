/*
 * Values of a field table with the letter of their type, in RabbitMQ's dialect.
 *
 *   t bool   b B int8   s u int16   I i int32   l int64   L int64   f d float   D decimal
 *   S long string   x bytes   A array   T timestamp   F table   V void
 *
 * A scenario writes plain values where the usual type will do: 'text' is S, 5 is I, true is t, null
 * is V; `typed('b', 5)` says otherwise. What is received always tells its letter.
 */

export interface Typed {
  readonly letter: string
  readonly value: PlainValue
}

export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly Value[]
  | ValueTable

export type Value = PlainValue | Typed

export interface ValueTable {
  readonly [name: string]: Value
}

const isTyped = (value: Value): value is Typed =>
  typeof value === 'object' && value !== null && 'letter' in value && 'value' in value

export const typed = (letter: string, value: PlainValue): Typed => ({ letter, value })

/** The letter that a plain value gets. */
export function withLetter(value: Value): Typed {
  if (isTyped(value)) return value
  if (value === null) return typed('V', value)
  if (typeof value === 'boolean') return typed('t', value)
  if (typeof value === 'bigint') return typed('l', value)
  if (typeof value === 'number') return typed(Number.isInteger(value) ? 'I' : 'd', value)
  if (typeof value === 'string') return typed('S', value)
  if (value instanceof Uint8Array) return typed('x', value)
  return typed(Array.isArray(value) ? 'A' : 'F', value)
}

/** One line: `"text"`, `I:5`, `t:true`, `[…]`, `{name: …}` with sorted names. */
export function valueText(value: Value): string {
  const { letter, value: plain } = withLetter(value)
  if (plain === null) return 'void'
  if (letter === 'S') return quoted(plain as string)
  if (plain instanceof Uint8Array) return `${letter}:${Buffer.from(plain).toString('hex')}`
  if (Array.isArray(plain)) return `[${plain.map(valueText).join(', ')}]`
  if (letter === 'T') return isNow(Number(plain)) ? 'T:<now>' : `T:${plain}`
  if (typeof plain === 'object') return tableText(plain as ValueTable)
  return `${letter}:${plain}`
}

export function tableText(table: ValueTable): string {
  const parts = Object.keys(table)
    .toSorted()
    .map((name) => `${name}: ${valueText(table[name] ?? null)}`)
  return `{${parts.join(', ')}}`
}

/** Strings are kept as one character an octet, so that what is not UTF-8 stays visible. */
export function quoted(octets: string): string {
  const visible = octets.replaceAll(/[\p{Cc}"]/gu, (c) => `\\x${c.charCodeAt(0).toString(16)}`)
  return `"${visible}"`
}

/** Made by the broker during this run, give or take the clock: two brokers never agree on it. */
function isNow(seconds: number): boolean {
  return Math.abs(seconds - Date.now() / 1000) < 3600
}
