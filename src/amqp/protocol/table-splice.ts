/*
 * Tables rewritten by their bytes: what is not touched keeps its order and its wire types.
 *
 *   ┌ a ┬ CC ┬ b ┐   tableWithout CC ─▶   ┌ a ┬ b ┐   tableWith x ─▶   ┌ a ┬ b ┬ x ┐
 *
 * All of these take and give table bytes: fields without the length in front.
 */

import { Buffer } from 'node:buffer'
import type { HeaderTable, HeaderValue } from '../../embedded/routing/header-value.ts'
import { ByteWriter } from './byte-writer.ts'
import { FieldScan } from './field-scan.ts'
import { readValue, writeValue } from './field-table.ts'
import { WireReader } from './wire-reader.ts'

/** The fields that are not named. */
export function tableWithout(tableBytes: Uint8Array, names: readonly string[]): Buffer {
  const kept: Buffer[] = []
  const scan = new FieldScan(tableBytes)
  while (scan.next())
    if (!names.some((name) => scan.isNamed(name)))
      kept.push(scan.bytes.subarray(scan.from, scan.end))
  return Buffer.concat(kept)
}

/** The additions take the place of fields of their names. */
export function tableWith(tableBytes: Uint8Array, additions: HeaderTable): Buffer {
  const encoded = [...additions].map(([name, value]) => [name, encodedValue(value)] as const)
  return tableWithEncoded(tableBytes, new Map(encoded))
}

/** As {@link tableWith}, of type octets and values: where a type of the wire is asked for. */
export function tableWithEncoded(
  tableBytes: Uint8Array,
  additions: ReadonlyMap<string, Uint8Array>,
): Buffer {
  const writer = new ByteWriter()
  writer.raw(tableWithout(tableBytes, [...additions.keys()]))
  for (const [name, value] of additions) {
    writer.shortstr(name)
    writer.raw(value)
  }
  return writer.take()
}

/** The first field of that name, read alone; undefined when there is none. */
export function fieldOf(tableBytes: Uint8Array, name: string): HeaderValue | undefined {
  const scan = new FieldScan(tableBytes)
  while (scan.next())
    if (scan.isNamed(name)) return readValue(new WireReader(scan.bytes, scan.valueFrom, scan.end))
  return undefined
}

function encodedValue(value: HeaderValue): Buffer {
  const writer = new ByteWriter()
  writeValue(writer, value)
  return writer.take()
}
