/*
 * CC and BCC: further routing keys of a message, in its headers, as arrays of long strings.
 *
 * BCC is removed before the message is stored, so that no recipient sees it.
 */

import { preconditionFailed } from './amqp-error.ts'
import { ElementScan, FieldScan } from './field-scan.ts'
import { fieldType } from './field-type.ts'
import { hasHeaders, headerBytesOf } from './properties.ts'
import { withHeaders } from './property-splice.ts'
import { tableWithout } from './table-splice.ts'
import { looseText } from './wire-reader.ts'

/** The keys of CC, then those of BCC. What is no array, and elements that are no text, name nobody. */
export function carbonCopies(properties: Uint8Array): readonly string[] {
  if (!hasHeaders(properties)) return nobody
  const headers = headerBytesOf(properties) as Uint8Array
  const keys = [...keysOf(headers, 'CC'), ...keysOf(headers, 'BCC')]
  return keys.length === 0 ? nobody : keys
}

/** Refuses with 406 a message whose CC or BCC is no array, as RabbitMQ does. */
export function checkCarbonCopies(properties: Uint8Array): void {
  if (!hasHeaders(properties)) return
  for (const name of ['CC', 'BCC']) {
    const found = find(headerBytesOf(properties) as Uint8Array, name)
    if (found !== undefined && found.type !== fieldType.array)
      throw preconditionFailed(`invalid message: header '${name}' is not an array`)
  }
}

/** The same bytes when there is no BCC. */
export function withoutBcc(properties: Uint8Array): Uint8Array {
  if (!hasHeaders(properties)) return properties
  const headers = headerBytesOf(properties) as Uint8Array
  if (find(headers, 'BCC') === undefined) return properties
  return withHeaders(properties, tableWithout(headers, ['BCC']))
}

const nobody: readonly string[] = []

function keysOf(headers: Uint8Array, name: string): readonly string[] {
  const found = find(headers, name)
  if (found?.type !== fieldType.array) return nobody
  const keys: string[] = []
  const elements = new ElementScan(found.bytes, found.valueFrom + 5, found.end)
  while (elements.next())
    if (elements.type === fieldType.text)
      keys.push(looseText(elements.bytes, elements.from + 5, elements.end))
  return keys
}

function find(headers: Uint8Array, name: string): FieldScan | undefined {
  const scan = new FieldScan(headers)
  while (scan.next()) if (scan.isNamed(name)) return scan
  return undefined
}
