/*
 * Fields of a table, walked without reading what they hold: to check received bytes, to find one
 * field, and to keep or leave out whole fields when a table is rewritten.
 *
 *   from       valueFrom                end
 *   ├ name ────┼ type octet │ value ────┤ next field …
 */

import type { Buffer } from 'node:buffer'
import { frameError } from './amqp-error.ts'
import { within } from './field-table.ts'
import { fieldType } from './field-type.ts'
import { looseText, WireReader } from './wire-reader.ts'

export class FieldScan {
  /** The field is `bytes` from `from` to `end`; from `valueFrom` on it is type octet and value. */
  from = 0
  valueFrom = 0
  end = 0
  readonly #reader: WireReader

  constructor(tableBytes: Uint8Array, from = 0, end = tableBytes.length) {
    this.#reader = new WireReader(tableBytes, from, end)
  }

  get bytes(): Buffer {
    return this.#reader.bytes
  }

  get type(): number {
    return this.bytes[this.valueFrom] as number
  }

  get name(): string {
    return looseText(this.bytes, this.from + 1, this.valueFrom)
  }

  /** Moves to the next field; false after the last. */
  next(): boolean {
    const reader = this.#reader
    if (reader.at === reader.end) return false
    this.from = reader.at
    reader.skip(reader.octet())
    this.valueFrom = reader.at
    skipValue(reader, 1)
    this.end = reader.at
    return true
  }

  /** Compares without making a text of the name, when it is ASCII. */
  isNamed(name: string): boolean {
    const { bytes } = this
    const from = this.from + 1
    const count = this.valueFrom - from
    if (count < name.length) return false
    for (let n = 0; n < name.length; n++) {
      const code = name.charCodeAt(n)
      if (code > 0x7f) return this.name === name
      if (code !== bytes[from + n]) return false
    }
    return count === name.length
  }
}

/** Elements of an array, from what follows its length to its end. */
export class ElementScan {
  /** The element is `bytes` from `from`, at its type octet, to `end`. */
  from = 0
  end = 0
  readonly #reader: WireReader

  constructor(bytes: Uint8Array, from = 0, end = bytes.length) {
    this.#reader = new WireReader(bytes, from, end)
  }

  get bytes(): Buffer {
    return this.#reader.bytes
  }

  get type(): number {
    return this.bytes[this.from] as number
  }

  next(): boolean {
    const reader = this.#reader
    if (reader.at === reader.end) return false
    this.from = reader.at
    skipValue(reader, 1)
    this.end = reader.at
    return true
  }
}

/** Refuses with 501 what cannot be read as table bytes; allocates nothing for what can. */
export function checkFields(reader: WireReader): void {
  skipFields(reader, 1)
}

function skipFields(reader: WireReader, depth: number): void {
  while (reader.at < reader.end) {
    reader.skip(reader.octet())
    skipValue(reader, depth)
  }
}

function skipElements(reader: WireReader, depth: number): void {
  while (reader.at < reader.end) skipValue(reader, depth)
}

function skipValue(reader: WireReader, depth: number): void {
  const type = reader.octet()
  if (type === fieldType.text || type === fieldType.bytes) reader.skip(reader.long())
  else if (type === fieldType.table) within(reader, depth + 1, skipFields)
  else if (type === fieldType.array) within(reader, depth + 1, skipElements)
  else reader.skip(sizeOf(type))
}

/** Octets of values whose type says how many. */
function sizeOf(type: number): number {
  switch (type) {
    case fieldType.nothing:
      return 0
    case fieldType.bool:
    case fieldType.int8:
    case fieldType.uint8:
      return 1
    case fieldType.int16:
    case fieldType.uint16:
      return 2
    case fieldType.int32:
    case fieldType.uint32:
    case fieldType.float:
      return 4
    case fieldType.decimal:
      return 5
    case fieldType.int64:
    case fieldType.int64Too:
    case fieldType.timestamp:
    case fieldType.double:
      return 8
    default:
      throw frameError(`field type ${type} is not known`)
  }
}
