/*
 * What is rare and has many fields goes as JSON: settings, filters, the facts of an error. A number
 * without end is written as 1e999, which every reader of JSON takes for one.
 *
 * Rule: a value costs far more memory than its two bytes, so that values are counted before they are made.
 */

import type { ByteReader, ByteWriter } from '../bytes.ts'
import { HomingError } from '../errors.ts'
import { wireFault } from './frame.ts'

/** Of Node since 21; the types do not know it yet. */
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown }

const endless = (_key: string, value: unknown): unknown => {
  if (value === Number.POSITIVE_INFINITY) return rawJSON('1e999')
  return value === Number.NEGATIVE_INFINITY ? rawJSON('-1e999') : value
}

/** Fails with `bad-argument` for what cannot be JSON. */
export function writeJson(writer: ByteWriter, value: unknown): void {
  writer.text(jsonOf(value))
}

export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, endless) ?? 'null'
  } catch (cause) {
    throw new HomingError(
      'bad-argument',
      `a value cannot be sent over the connection: ${String(cause)}`,
      { cause },
    )
  }
}

/** Of one call: a gather of the greatest size, twice over. */
export const jsonPartsMax = 250_000
/** Nothing in a text as short as this costs much. */
const shortChars = 64 * 1024

/** Values, or names of values. It is enough to know whether there are more than {@link jsonPartsMax}. */
export function hasTooManyParts(text: string): boolean {
  if (text.length <= shortChars) return false
  let parts = 0
  for (let at = 0; at < text.length && parts <= jsonPartsMax; at++) {
    const char = text[at]
    if (char === '"') at = endOfString(text, at)
    else if (char === ',' || char === ':' || char === '[' || char === '{') parts++
  }
  return parts > jsonPartsMax
}

/** `from`: where its first quotation mark is. */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    const char = text[at]
    if (char === '"') return at
    if (char === '\\') at++
  }
  return text.length
}

/** Of a call. Fails with `protocol-fault`. */
export function readJson(reader: ByteReader): unknown {
  const text = reader.text()
  if (hasTooManyParts(text)) throw wireFault(`a call holds over ${jsonPartsMax} values`)
  return parsed(text)
}

/** Of a server, which is believed. Fails with `protocol-fault`. */
export const readLongJson = (reader: ByteReader): unknown => parsed(reader.text())

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw wireFault('a frame holds what is not JSON', cause)
  }
}
