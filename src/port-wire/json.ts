/*
 * What is rare and has many fields goes as JSON: settings, filters, the facts of an error. A number
 * without end is written as 1e999, which every reader of JSON takes for one.
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

/** Fails with `protocol-fault`. */
export function readJson(reader: ByteReader): unknown {
  const text = reader.text()
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw wireFault('a frame holds what is not JSON', cause)
  }
}
