import { Buffer } from 'node:buffer'
import { hash } from 'node:crypto'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/**
 * The 16 bytes by which a forgotten id is remembered: a UUID's own, otherwise the first 16 of the
 * id's SHA-256. UUIDs are exact and, as version 7, rise with time, so that their table grows at one
 * end. A chance match among 128 bits (one in 10^20 for a billion chosen ids) would only call an
 * unknown id forgotten; ids that still have their outcome are looked up by the whole id, before.
 */
export function forgottenKey(id: string): Uint8Array {
  if (id.length === 36 && uuid.test(id)) return Buffer.from(id.replaceAll('-', ''), 'hex')
  return hash('sha256', id, 'buffer').subarray(0, 16)
}
