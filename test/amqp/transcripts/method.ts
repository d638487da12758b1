/*
 * A method as a name and its fields, from and to the payload of a frame, by the layouts.
 */

import { layoutNamed, layoutWithId, type MethodField } from './method-layouts.ts'
import { OctetReader, OctetWriter } from './octets.ts'
import type { ValueTable } from './typed-value.ts'
import { quoted, tableText } from './typed-value.ts'

export type FieldValue = boolean | number | bigint | string | ValueTable
export type Fields = Readonly<Record<string, FieldValue>>

export interface Method {
  readonly name: string
  readonly fields: Fields
}

/** Fields that are not given are zero, empty or false. */
export function methodPayload(name: string, given: Fields = {}): Buffer {
  const { classId, methodId, fields } = layoutNamed(name)
  const unknown = Object.keys(given).find((key) => !fields.some((field) => field.name === key))
  if (unknown !== undefined) throw new Error(`${name} has no field ${unknown}`)
  const writer = new OctetWriter().integer(classId, 2).integer(methodId, 2)
  for (let n = 0; n < fields.length; n++) {
    const bits = bitsFrom(fields, n)
    if (bits.length > 0) {
      const octet = bits.reduce((sum, bit, at) => sum | (given[bit.name] === true ? 1 << at : 0), 0)
      writer.integer(octet, 1)
      n += bits.length - 1
    } else {
      const { type, name: field } = fields[n] as MethodField
      writeField(writer, type, given[field])
    }
  }
  return writer.bytes
}

export function methodOf(payload: Uint8Array): Method {
  const reader = new OctetReader(payload)
  const classId = reader.unsigned(2)
  const methodId = reader.unsigned(2)
  const layout = layoutWithId(classId, methodId)
  if (layout === undefined) return { name: `unknown.${classId}.${methodId}`, fields: {} }
  const fields: Record<string, FieldValue> = {}
  for (let n = 0; n < layout.fields.length; n++) {
    const bits = bitsFrom(layout.fields, n)
    if (bits.length > 0) {
      const octet = reader.unsigned(1)
      for (const [at, bit] of bits.entries()) fields[bit.name] = (octet & (1 << at)) !== 0
      n += bits.length - 1
    } else {
      const { type, name } = layout.fields[n] as MethodField
      fields[name] = readField(reader, type)
    }
  }
  return { name: layout.name, fields }
}

/** The run of bits that begins at that field. */
function bitsFrom(fields: readonly MethodField[], from: number): readonly MethodField[] {
  const end = fields.findIndex(({ type }, at) => at >= from && type !== 'bit')
  return fields.slice(from, end === -1 ? undefined : end)
}

function writeField(writer: OctetWriter, type: string, value: FieldValue | undefined): void {
  if (type === 'shortstr') writer.shortString((value as string) ?? '')
  else if (type === 'longstr') writer.longBytes(Buffer.from((value as string) ?? '', 'latin1'))
  else if (type === 'table') writer.table((value as ValueTable) ?? {})
  else writer.integer((value as number) ?? 0, octetsOf(type))
}

function readField(reader: OctetReader, type: string): FieldValue {
  if (type === 'shortstr') return reader.shortString()
  if (type === 'longstr') return reader.longBytes().toString('latin1')
  if (type === 'table') return reader.table()
  return reader.unsigned(octetsOf(type))
}

function octetsOf(type: string): number {
  const octets = { octet: 1, short: 2, long: 4, longlong: 8 }[type]
  if (octets === undefined) throw new Error(`no field has the type ${type}`)
  return octets
}

/** `queue="orders" durable messageCount=3`; false bits and reserved fields that are zero are left out. */
export function fieldsText(fields: Fields): string {
  return Object.entries(fields)
    .filter(([name, value]) => value !== false && !(/^r\d$/.test(name) && !value))
    .map(([name, value]) => {
      if (value === true) return name
      if (typeof value === 'string') return `${name}=${quoted(value)}`
      return `${name}=${typeof value === 'object' ? tableText(value) : value}`
    })
    .join(' ')
}
