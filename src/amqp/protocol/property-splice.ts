/*
 * Properties rewritten by their bytes: one is set, replaced or taken out, the others stay as they came.
 *
 *   flags │ … │ value │ …     ─▶     flags' │ … │ value' │ …
 */

import { Buffer } from 'node:buffer'
import type { HeaderTable } from '../../embedded/routing/header-value.ts'
import { ByteWriter } from './byte-writer.ts'
import { encodeTable } from './field-table.ts'
import { placeOf, propertyAt, propertyFlags, type TextProperty, valueBytes } from './properties.ts'
import { asBuffer } from './wire-reader.ts'

/** Undefined takes the property out; the same bytes come back when it was not there. */
export function withText(bytes: Uint8Array, name: TextProperty, text: string | undefined): Buffer {
  if (text === undefined) return spliced(bytes, propertyFlags[name], undefined)
  const writer = new ByteWriter()
  writer.shortstr(text)
  return spliced(bytes, propertyFlags[name], writer.take())
}

/** Headers as a table or as table bytes; undefined takes them out. */
export function withHeaders(
  bytes: Uint8Array,
  headers: HeaderTable | Uint8Array | undefined,
): Buffer {
  if (headers === undefined) return spliced(bytes, propertyFlags.headers, undefined)
  const writer = new ByteWriter()
  writer.longstr(headers instanceof Uint8Array ? headers : encodeTable(headers))
  return spliced(bytes, propertyFlags.headers, writer.take())
}

function spliced(bytes: Uint8Array, flag: number, value: Uint8Array | undefined): Buffer {
  const there = propertyAt(bytes, flag) !== -1
  if (!there && value === undefined) return asBuffer(bytes)
  const from = placeOf(bytes, flag)
  const end = there ? from + valueBytes(bytes, from, flag) : from
  const result = Buffer.concat([bytes.subarray(0, from), value ?? none, bytes.subarray(end)])
  const flags = result.readUInt16BE(0)
  result.writeUInt16BE(value === undefined ? flags & ~flag : flags | flag, 0)
  return result
}

const none = new Uint8Array(0)
