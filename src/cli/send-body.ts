/*
 * From bytes on the command line, in a pipe or on a line to a body.
 *
 *   --binary           bytes, untouched
 *   --text             a text
 *   what is JSON       JSON, as it was written
 *   everything else    a text
 */

import { type Buffer, isUtf8 } from 'node:buffer'
import type { BodyKind } from './cli-contract.ts'
import { jsonIn } from './json-text.ts'
import { Refusal } from './refusal.ts'

export interface Body {
  readonly kind: BodyKind
  readonly value: unknown
}

export interface KindOptions {
  readonly text?: true
  readonly binary?: true
}

/** Reads a body; `what` names it in errors. */
export function bodyFrom(bytes: Buffer, { text, binary }: KindOptions, what: string): Body {
  if (binary) return { kind: 'binary', value: bytes }
  if (!isUtf8(bytes)) {
    throw new Refusal('usage', `${what} is not UTF-8 text; send it as bytes with --binary`)
  }
  const written = bytes.toString('utf8')
  const json = text ? undefined : jsonIn(written)
  return json === undefined ? { kind: 'text', value: written } : { kind: 'json', value: json }
}
