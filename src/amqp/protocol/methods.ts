/*
 * Methods as values: what a method frame carries, read and written by the table of all methods.
 *
 *   payload   class u16 │ method u16 │ fields
 *
 * Each method is an object with its name and fields; the union tells them apart by the name. Both
 * directions can be read and written, for clients in tests. The methods of every message have faster
 * ways of their own: hot-methods.ts to read them, frame-writer.ts to write them.
 */

import type { HeaderTable } from '../../embedded/routing/header-value.ts'
import { notImplemented } from './amqp-error.ts'
import type { ByteWriter } from './byte-writer.ts'
import { readTable, writeTable } from './field-table.ts'
import { type FieldKind, type MethodRow, methodTable } from './method-table.ts'
import { WireReader } from './wire-reader.ts'

type Table = typeof methodTable
export type MethodName = keyof Table

interface FieldTypes {
  bit: boolean
  octet: number
  short: number
  long: number
  tag: number
  text: string
  words: string
  bytes: Uint8Array
  table: HeaderTable
}

type FieldsOf<Row> = Row extends readonly [number, number, string, infer Fields]
  ? {
      readonly [F in keyof Fields as F extends `reserved${number}`
        ? never
        : F]: FieldTypes[Fields[F] & FieldKind]
    }
  : never

type MethodOf<N extends MethodName> = { readonly name: N } & FieldsOf<Table[N]>

type SentBy<S extends string> = {
  [N in MethodName]: Table[N][2] extends S | 'both' ? N : never
}[MethodName]

/** Distributes over the names, so that a switch on `name` narrows. */
type Union<N extends MethodName> = N extends MethodName ? MethodOf<N> : never

export type ClientMethod = Union<SentBy<'client'>>
export type ServerMethod = Union<SentBy<'server'>>
export type Method = ClientMethod | ServerMethod
/** One method by its name: `MethodNamed<'queue.declare'>`. */
export type MethodNamed<N extends MethodName> = Extract<Method, { readonly name: N }>

interface Shape {
  readonly name: MethodName
  readonly id: number
  readonly fromClient: boolean
  readonly fields: readonly {
    readonly name: string
    readonly kind: FieldKind
    readonly reserved: boolean
  }[]
}

const shapes = new Map<number, Shape>()
const shapesByName = new Map<MethodName, Shape>()

for (const [name, [classId, methodId, sender, fields]] of Object.entries<MethodRow>(methodTable)) {
  const shape: Shape = {
    name: name as MethodName,
    id: classId * 0x10000 + methodId,
    fromClient: sender !== 'server',
    fields: Object.entries(fields).map(([field, kind]) => {
      return { name: field, kind, reserved: field.startsWith('reserved') }
    }),
  }
  shapes.set(shape.id, shape)
  shapesByName.set(shape.name, shape)
}

/** Class in the upper, method in the lower 16 bits. */
export const methodId = (name: MethodName): number => shapeOf(name).id

export const methodName = (id: number): MethodName | undefined => shapes.get(id)?.name

/** Whether clients send it. Whoever is sent a method of the wrong direction refuses it with 503. */
export const isClientMethod = (method: Method): method is ClientMethod =>
  shapeOf(method.name).fromClient

/** Reads a method frame's payload. Refuses an unknown method with 540, a malformed one with 501. */
export function decodeMethod(bytes: Uint8Array, from = 0, end = bytes.length): Method {
  const reader = new WireReader(bytes, from, end)
  const classId = reader.short()
  const id = reader.short()
  const shape = shapes.get(classId * 0x10000 + id)
  if (shape === undefined) throw notImplemented(`method ${id} of class ${classId} is not known`)
  const method: Record<string, unknown> = { name: shape.name }
  let bit = 0
  for (const field of shape.fields) {
    if (field.kind !== 'bit') bit = 0
    const value = field.kind === 'bit' ? readBit(reader, bit++) : readField(reader, field.kind)
    if (!field.reserved) method[field.name] = value
  }
  reader.finish(shape.name)
  return method as unknown as Method
}

/** The first of several bits moves on to their octet, the others look back at it. */
function readBit(reader: WireReader, bit: number): boolean {
  if (bit === 0) reader.skip(1)
  return (((reader.bytes[reader.at - 1] as number) >> bit) & 1) === 1
}

function readField(reader: WireReader, kind: Exclude<FieldKind, 'bit'>): unknown {
  switch (kind) {
    case 'octet':
      return reader.octet()
    case 'short':
      return reader.short()
    case 'long':
      return reader.long()
    case 'tag':
      return reader.longlong()
    case 'text':
      return reader.shortstr()
    case 'words':
      return reader.longstr().toString()
    case 'bytes':
      return reader.longstr()
    case 'table':
      return readTable(reader)
    default:
      return kind satisfies never
  }
}

/** Writes a method frame's payload. */
export function encodeMethod(writer: ByteWriter, method: Method): void {
  const shape = shapeOf(method.name)
  const values = method as unknown as Readonly<Record<string, unknown>>
  writer.long(shape.id)
  let bit = 0
  for (const field of shape.fields) {
    const value = field.reserved ? unset[field.kind] : values[field.name]
    if (field.kind !== 'bit') bit = 0
    if (field.kind === 'bit') writeBit(writer, bit++, value === true)
    else fieldWriters[field.kind](writer, value as never)
  }
}

const unset = { bit: false, short: 0, text: '', bytes: '' } as Readonly<Record<FieldKind, unknown>>

function writeBit(writer: ByteWriter, bit: number, value: boolean): void {
  if (bit === 0) writer.octet(0)
  if (value) (writer.bytes[writer.at - 1] as number) |= 1 << bit
}

const fieldWriters: {
  readonly [K in Exclude<FieldKind, 'bit'>]: (writer: ByteWriter, value: FieldTypes[K]) => void
} = {
  octet: (writer, value) => writer.octet(value),
  short: (writer, value) => writer.short(value),
  long: (writer, value) => writer.long(value),
  tag: (writer, value) => writer.longlong(value),
  text: (writer, value) => writer.shortstr(value),
  words: (writer, value) => writer.longstr(value),
  bytes: (writer, value) => writer.longstr(value),
  table: writeTable,
}

function shapeOf(name: MethodName): Shape {
  return shapesByName.get(name) as Shape
}
