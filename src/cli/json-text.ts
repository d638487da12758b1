/*
 * JSON that passes through the command as it was written: numbers of any length, spaces, order and
 * all. What was sent is what the consumer reads, and what came back is what is printed.
 */

import { Buffer } from 'node:buffer'
import { type Codec, json, text } from '../index.ts'

export class JsonText {
  readonly text: string

  constructor(written: string) {
    this.text = written
  }

  /** On one line. A line feed in JSON stands between its parts, never inside a text. */
  get onOneLine(): string {
    return this.text.replaceAll(/[ \t]*[\r\n]+\s*/g, ' ').trim()
  }
}

/**
 * JSON in and out as it was written. Any other value is written as the `json` codec does, so that a
 * command's plain text comes home as a JSON text.
 */
export const asWritten: Codec<unknown> = {
  contentType: json.contentType,
  encode: (value) => (value instanceof JsonText ? Buffer.from(value.text) : json.encode(value)),
  decode: (body) => new JsonText(text.decode(body)),
  check: (value) => (value instanceof JsonText ? undefined : json.check?.(value)),
}

/**
 * The JSON that a text is, or undefined when it is none.
 * Fails with `unserialisable` when it is JSON that consumers could not read: nested too deep, or with
 * half of a surrogate pair.
 */
export function jsonIn(written: string): JsonText | undefined {
  let value: unknown
  try {
    value = JSON.parse(written)
  } catch {
    return undefined
  }
  json.check?.(value)
  return new JsonText(written)
}

/** One line of JSON; JsonText stands in it as it was written. */
export function jsonLine(fields: Readonly<Record<string, unknown>>): string {
  const parts: string[] = []
  for (const [name, value] of Object.entries(fields)) {
    const written = value instanceof JsonText ? value.onOneLine : JSON.stringify(value)
    if (written !== undefined) parts.push(`${JSON.stringify(name)}:${written}`)
  }
  return `{${parts.join(',')}}`
}
