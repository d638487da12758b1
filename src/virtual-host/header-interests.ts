/*
 * Which headers of a message mean something to a broker: one walk over the table bytes, nothing read.
 */

import { FieldScan } from '../amqp/protocol/field-scan.ts'
import { headerBytesOf } from '../amqp/protocol/properties.ts'

/** Bits. */
export const interest = {
  carbonCopy: 1,
  blindCopy: 2,
  delay: 4,
  /** Something that begins with `x-homing-`. */
  homing: 8,
} as const

const capitalC = 0x43
const capitalB = 0x42
const smallX = 0x78
const smallH = 0x68
const homingPrefix = 'x-homing-'

export function headerInterests(properties: Uint8Array): number {
  const headers = headerBytesOf(properties)
  if (headers === undefined || headers.length === 0) return 0
  let found = 0
  const scan = new FieldScan(headers)
  const { bytes } = scan
  while (scan.next()) {
    const first = bytes[scan.from + 1]
    if (first === smallX) found |= extension(scan)
    else if (first === capitalC && scan.isNamed('CC')) found |= interest.carbonCopy
    else if (first === capitalB && scan.isNamed('BCC')) found |= interest.blindCopy
  }
  return found
}

function extension(scan: FieldScan): number {
  if (scan.isNamed('x-delay')) return interest.delay
  const isOurs = scan.bytes[scan.from + 3] === smallH && scan.name.startsWith(homingPrefix)
  return isOurs ? interest.homing : 0
}
