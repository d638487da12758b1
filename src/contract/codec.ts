/*
 * Body codecs: a value to bytes and back. Which one wrote a body is told by its content type, so a
 * consumer also reads what a foreign sender wrote as JSON or text, whatever the contract's codec is.
 *
 * No value at all (`undefined`) is no body at all: content type '' and zero bytes, with every codec.
 * Rule: what would not come back the same is refused before it is sent, never found out after.
 */

import { HomingError } from '../errors.ts'
import type { EncodedBody } from '../message/homecoming.ts'

export interface Codec<T = unknown> {
  /** Marks the bodies written by it, at most 255 bytes. */
  readonly contentType: string
  /** Throws when the value cannot be written. Must not keep a view of the value's own bytes. */
  encode(value: T): Uint8Array
  /** Throws when the bytes cannot be read. The bytes are valid only during the call. */
  decode(body: Uint8Array): T
  /**
   * Looks for what would be written but come back different: throws when it is a mistake in any
   * case; returns the path of the first value that a schema may know to read back (a Date as text).
   */
  check?(value: unknown): string | undefined
  /** Reads bodies of every content type, as they are. */
  readonly readsAll?: boolean
  /** Loads an optional package before the first use. */
  load?(): Promise<void>
}

/** What a codec carries, for contracts without a schema. */
export type Carried<K> = K extends Codec<infer T> ? T : unknown

export const noBody: EncodedBody = { contentType: '', body: new Uint8Array(0) }

/** Runs a codec's `encode`; whatever it throws becomes `unserialisable`. */
export function encodeWith(codec: Codec, value: unknown): Uint8Array {
  try {
    return codec.encode(value)
  } catch (cause) {
    if (cause instanceof HomingError) throw cause
    throw new HomingError(
      'unserialisable',
      `the value cannot be written as ${codec.contentType}: ${reason(cause)}`,
      { cause },
    )
  }
}

/** Runs a codec's `decode`; whatever it throws becomes `undecodable`. */
export function decodeWith(codec: Codec, body: Uint8Array): unknown {
  try {
    return codec.decode(body)
  } catch (cause) {
    if (cause instanceof HomingError) throw cause
    throw new HomingError(
      'undecodable',
      `a body of ${body.length} bytes cannot be read as ${codec.contentType}: ${reason(cause)}`,
      { cause },
    )
  }
}

function reason(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
