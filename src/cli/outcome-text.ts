/*
 * Outcomes and values as people and programs read them.
 */

import { Buffer } from 'node:buffer'
import type { OutcomeRow } from '../index.ts'
import { JsonText, jsonLine } from './json-text.ts'
import type { Terminal } from './terminal.ts'
import { harmless } from './text-width.ts'

/** The one line of JSON of an outcome. */
export function outcomeJson(row: OutcomeRow, value: unknown = row.value): string {
  const { id, queue, code, attempts, acceptedAt, finishedAt } = row
  const ok = code === 'ok'
  return jsonLine({
    id,
    queue,
    ok,
    code,
    ...valueFields(ok ? 'value' : 'data', value),
    attempts,
    acceptedAt,
    finishedAt,
  })
}

/** A value as a field of a line of JSON; bytes as base64 in a field that says so. */
export function valueFields(name: string, value: unknown): Readonly<Record<string, unknown>> {
  if (!(value instanceof Uint8Array)) return { [name]: value }
  return { [`${name}Base64`]: Buffer.from(value).toString('base64') }
}

/** A value on one line, for a table. */
export function valueLine(value: unknown): string {
  if (value === undefined) return ''
  if (value instanceof JsonText) return value.onOneLine
  if (value instanceof Uint8Array) return `${value.length} bytes`
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A value on as many lines as it takes. */
export function valueText(value: unknown): string {
  if (value instanceof JsonText) return value.text
  if (value instanceof Uint8Array) return `${value.length} bytes (--json shows them as base64)`
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

/** What failed, on one line. */
export function failureLine(code: string, data: unknown): string {
  const known = (typeof data === 'object' && data !== null ? data : {}) as Record<string, unknown>
  if (code === 'thrown' && typeof known.message === 'string') {
    return `${String(known.name)}: ${known.message}`
  }
  if (code === 'invalid' && Array.isArray(known.issues)) {
    const texts = known.issues.map((issue: { message?: unknown }) => String(issue.message))
    return `${String(known.side)}: ${texts.join('; ')}`
  }
  if (typeof known.reason === 'string') return known.reason
  return Object.keys(known).length === 0 && typeof data === 'object' ? '' : valueLine(data)
}

/** The outcome's code in its colour. */
export const codeStyled = (terminal: Terminal, code: string): string =>
  terminal.style(code === 'ok' ? 'green' : 'red', code)

/** `2026-11-21 08:43:00`, in the time zone of this machine. */
export function timeText(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
}

/** `12 ms`, `3.4 s`, `5 min`, `2.1 h`, `3 days`. */
export function durationText(ms: number): string {
  if (ms < 1_000) return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`
  if (ms < 3_600_000) return `${Math.round(ms / 60_000)} min`
  if (ms < 86_400_000) return `${Number((ms / 3_600_000).toFixed(1))} h`
  return `${Number((ms / 86_400_000).toFixed(1))} days`
}

/** `1,234`. */
export const countText = (count: number): string => count.toLocaleString('en-US')

/** `1.5 MiB`. */
export function bytesText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB']
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? countText(value) : value.toFixed(1)} ${units[unit]}`
}

/** Names and values below each other, names aligned. */
export async function facts(
  terminal: Terminal,
  pairs: readonly (readonly [name: string, value: string | undefined])[],
): Promise<void> {
  const shown = pairs.filter(([, value]) => value !== undefined)
  const width = Math.max(...shown.map(([name]) => name.length))
  for (const [name, value = ''] of shown) {
    const indented = harmless(value).replaceAll('\n', `\n${' '.repeat(width + 2)}`)
    await terminal.line(`${terminal.style('dim', name.padEnd(width))}  ${indented}`)
  }
}
