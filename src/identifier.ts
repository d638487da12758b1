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

import { randomBytes } from 'node:crypto'

export type MintId = () => string

const counterMax = 0xfff
const hex = Array.from({ length: 65_536 }, (_, n) => n.toString(16).padStart(4, '0'))

/** `random16` returns 16 random bits. */
export function idSource(wallMs: () => number, random16: () => number = pooledRandom16()): MintId {
  let lastMs = 0
  let counter = counterMax
  let prefix = ''
  return () => {
    const nowMs = Math.floor(wallMs())
    if (nowMs > lastMs || counter >= counterMax) {
      lastMs = Math.max(nowMs, lastMs + (counter >= counterMax ? 1 : 0))
      counter = random16() & 0xff
      const t = lastMs.toString(16).padStart(12, '0')
      prefix = `${t.slice(0, 8)}-${t.slice(8)}-7`
    } else {
      counter++
    }
    const variant = hex[0x8000 | (random16() & 0x3fff)]
    const c = (hex[counter] as string).slice(1)
    return `${prefix}${c}-${variant}-${hex[random16()]}${hex[random16()]}${hex[random16()]}`
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
