/*
 * Message ids: UUIDv7 (RFC 9562 §5.7), 36 characters.
 *
 *   tttttttt-tttt-7ccc-vrrr-rrrrrrrrrrrr     t = ms since 1970, c = counter, v = variant, r = random
 *
 * Rule: ids of one source rise strictly, also within a millisecond and when the clock steps back:
 * the 12 bits of rand_a are a counter (method 1 of §6.2), and an exhausted counter borrows the next ms.
 * Ours and not a package's: it is on the hot path, and clock and randomness are passed in so that a
 * simulation with one seed mints the same ids again.
 */

import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'

export type MintId = () => string

const counterMax = 0xfff
const idBytes = 36
const hexDigits = Buffer.from('0123456789abcdef', 'latin1')

/** Writes the lowest `digits` hexadecimal digits of a number, the last one at `end - 1`. */
function writeHex(into: Buffer, end: number, digits: number, value: number): void {
  let rest = value
  for (let at = end - 1; at >= end - digits; at--) {
    into[at] = hexDigits[rest & 15] as number
    rest >>>= 4
  }
}

/** `random16` returns 16 random bits. */
export function idSource(wallMs: () => number, random16: () => number = pooledRandom16()): MintId {
  const text = Buffer.from('00000000-0000-7000-8000-000000000000', 'latin1')
  let lastMs = 0
  let counter = counterMax
  return () => {
    const nowMs = Math.floor(wallMs())
    if (nowMs > lastMs || counter >= counterMax) {
      lastMs = Math.max(nowMs, lastMs + (counter >= counterMax ? 1 : 0))
      counter = random16() & 0xff
      writeHex(text, 8, 8, Math.floor(lastMs / 0x10000))
      writeHex(text, 13, 4, lastMs % 0x10000)
    } else {
      counter++
    }
    writeHex(text, 18, 3, counter)
    writeHex(text, 23, 4, 0x8000 | (random16() & 0x3fff))
    writeHex(text, 28, 4, random16())
    writeHex(text, 32, 4, random16())
    writeHex(text, 36, 4, random16())
    return text.toString('latin1', 0, idBytes)
  }
}

function pooledRandom16(): () => number {
  const pool = new Uint16Array(4096)
  const bytes = new Uint8Array(pool.buffer)
  let next = pool.length
  return () => {
    if (next === pool.length) {
      bytes.set(randomBytes(bytes.length))
      next = 0
    }
    return pool[next++] as number
  }
}
