/*
 * Text and binary bodies, which pass untouched: the bytes received are the bytes sent.
 */

import { Buffer, isUtf8 } from 'node:buffer'
import type { Codec } from './codec.ts'
import { utf8 } from './json-codec.ts'

/**
 * Texts as UTF-8, without quotes or escapes.
 *
 * @example
 * const shout = queue('shout', { codec: text })
 * await home.call(shout, 'hello') // the handler returns a text as well
 */
export const text: Codec<string> = {
  contentType: 'text/plain; charset=utf-8',
  readsAll: true,
  encode(value) {
    if (typeof value !== 'string') throw new TypeError(`it is ${kind(value)}, not a text`)
    if (!value.isWellFormed()) throw new TypeError('it has half of a surrogate pair')
    return Buffer.from(value)
  },
  decode(body) {
    if (!isUtf8(body)) throw new TypeError('it is not UTF-8')
    return utf8(body)
  },
}

/**
 * Bytes. A Uint8Array (a Buffer is one) goes in, a Uint8Array comes out.
 *
 * @example
 * const zip = queue('zip', { codec: binary })
 */
export const binary: Codec<Uint8Array> = {
  contentType: 'application/octet-stream',
  readsAll: true,
  encode(value) {
    if (!(value instanceof Uint8Array))
      throw new TypeError(`it is ${kind(value)}, not a Uint8Array`)
    // A copy: the caller may go on writing into its own before the engine has stored it.
    return new Uint8Array(value)
  },
  decode: (body) => new Uint8Array(body),
}

function kind(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `of type ${typeof value}`
}
