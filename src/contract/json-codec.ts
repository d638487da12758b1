import { Buffer, isUtf8 } from 'node:buffer'
import type { Codec } from './codec.ts'
import { checkSerialisable, jsonReach } from './serialisable.ts'

/** JSON (RFC 8259) in UTF-8: the codec of a contract that names none. */
export const json: Codec = {
  contentType: 'application/json',
  check: (value) => checkSerialisable(value, jsonReach),
  encode: (value) => Buffer.from(JSON.stringify(value)),
  decode(body) {
    if (!isUtf8(body)) throw new TypeError('it is not UTF-8')
    return JSON.parse(utf8(body))
  },
}

/** The text of UTF-8 bytes known to be well-formed. */
export function utf8(bytes: Uint8Array): string {
  if (Buffer.isBuffer(bytes)) return bytes.toString('utf8')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}
