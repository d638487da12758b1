import type { ByteWriter } from '../../bytes.ts'

const u16Max = 65_535

/**
 * Deliveries made, and those of them that do not count against the limit. A message that is given back
 * again and again has more of both than two bytes hold: then both are lowered alike, and as many count.
 */
export function writeAttempts(writer: ByteWriter, attempts: number, excused: number): void {
  const over = Math.max(0, attempts - u16Max)
  writer.u16(attempts - over)
  writer.u16(Math.max(0, excused - over))
}
