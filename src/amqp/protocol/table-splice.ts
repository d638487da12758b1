/*
 * Tables rewritten by their bytes: what is not touched keeps its order and its wire types.
 *
 *   ┌ a ┬ CC ┬ b ┐   tableWithout CC ─▶   ┌ a ┬ b ┐   tableWith x ─▶   ┌ a ┬ b ┬ x ┐
 *
 * All of these take and give table bytes: fields without the length in front.
 */

import type { Buffer } from 'node:buffer'
import type { HeaderTable, HeaderValue } from '../../embedded/routing/header-value.ts'
import { ByteWriter } from './byte-writer.ts'
import { FieldScan } from './field-scan.ts'
import { readValue, writeValue } from './field-table.ts'
import { WireReader } from './wire-reader.ts'

/** The fields that are not named. */
export function tableWithout(tableBytes: Uint8Array, names: readonly string[]): Buffer {
  const writer = new ByteWriter()
  writeWithout(writer, tableBytes, names)
  return writer.take()
}

/** The additions take the place of fields of their names. */
export function tableWith(tableBytes: Uint8Array, additions: HeaderTable): Buffer {
  const writer = new ByteWriter()
  writeWithout(writer, tableBytes, [...additions.keys()])
  for (const [name, value] of additions) writeField(writer, name, value)
  return writer.take()
}

/** Copies the fields that are not named. */
export function writeWithout(
  writer: ByteWriter,
  tableBytes: Uint8Array,
  names: readonly string[],
): void {
  const scan = new FieldScan(tableBytes)
  let from = 0
  // Fields that stay and follow each other are copied as one.
  while (scan.next()) {
    if (!names.some((name) => scan.isNamed(name))) continue
    writer.raw(tableBytes.subarray(from, scan.from))
    from = scan.end
  }
  writer.raw(tableBytes.subarray(from))
}

export function writeField(writer: ByteWriter, name: string, value: HeaderValue): void {
  writer.shortstr(name)
  writeValue(writer, value)
}

/** The first field of that name, read alone; undefined when there is none. */
export function fieldOf(tableBytes: Uint8Array, name: string): HeaderValue | undefined {
  const scan = new FieldScan(tableBytes)
  while (scan.next())
    if (scan.isNamed(name)) return readValue(new WireReader(scan.bytes, scan.valueFrom, scan.end))
  return undefined
}
