/*
 * Avro bodies by the optional package avsc. An Avro body does not name its schema: both sides must
 * hold the same one (or resolve it themselves and pass an avsc Type).
 */

import type { Codec } from './codec.ts'
import { optionalModule } from './optional-module.ts'

/** What is used of an avsc Type. */
export interface AvroType<T = unknown> {
  toBuffer(value: T): Uint8Array
  fromBuffer(body: Buffer): T
}

/**
 * Avro, by the package avsc (`npm install avsc`). Takes an avsc Type, or an Avro schema as an object.
 * Input and result mostly differ: `codec: { input: avro(a), output: avro(b) }`.
 *
 * @example
 * const reading = queue('reading', {
 *   codec: { input: avro({ type: 'record', name: 'R', fields: [{ name: 'celsius', type: 'double' }] }) },
 * })
 */
export function avro<T = unknown>(schema: AvroType<T> | object | string): Codec<T> {
  let type: AvroType<T> | undefined = isAvroType<T>(schema) ? schema : undefined
  return {
    contentType: 'application/avro',
    async load() {
      if (type !== undefined) return
      const avsc = await optionalModule('avsc', 'avro()', () => import('avsc'))
      type = avsc.default.Type.forSchema(schema as never) as unknown as AvroType<T>
    },
    encode: (value) => new Uint8Array(loaded(type).toBuffer(value)),
    decode: (body) =>
      loaded(type).fromBuffer(Buffer.from(body.buffer, body.byteOffset, body.byteLength)),
  }
}

function isAvroType<T>(schema: object | string): schema is AvroType<T> {
  return typeof schema === 'object' && 'toBuffer' in schema && 'fromBuffer' in schema
}

function loaded<T>(type: AvroType<T> | undefined): AvroType<T> {
  if (type === undefined) throw new Error('avsc is not loaded yet')
  return type
}
