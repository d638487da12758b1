/*
 * `Idempotency-Key` is the message's id: a text in quotes as the draft of the header has it, or bare.
 */

import { Buffer } from 'node:buffer'
import { HomingError } from '../../errors.ts'

/** Undefined when there is none. Fails with `bad-argument`. */
export function idempotencyKeyFrom(header: string | null): string | undefined {
  if (header === null) return undefined
  const text = header.trim()
  if (!text.startsWith('"')) return utf8(text)
  const [, quoted] = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text) ?? []
  if (quoted !== undefined) return utf8(quoted.replaceAll(/\\(["\\])/g, '$1'))
  throw new HomingError(
    'bad-argument',
    `the header Idempotency-Key is ${text.slice(0, 60)}; give an id, with quotes around it or without`,
  )
}

/** Headers come byte by byte. */
function utf8(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all that is ASCII is as it is
  if (/^[\x00-\x7f]*$/.test(text)) return text
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(text, 'latin1'))
  } catch (cause) {
    throw new HomingError('bad-argument', 'the header Idempotency-Key is no UTF-8', { cause })
  }
}
