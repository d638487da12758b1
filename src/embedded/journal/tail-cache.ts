/*
 * Pieces of segments in memory: the journal's own tail, and pieces read back ahead of a consumer.
 * Bounded by bytes; the oldest piece goes first. Buffers are never reused, because bodies handed to
 * consumers are views of them.
 */

interface Piece {
  readonly segment: number
  readonly from: number
  readonly end: number
  readonly bytes: Buffer
}

export class TailCache {
  readonly #bytesMax: number
  #pieces: Piece[] = []
  #bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  add(segment: number, from: number, bytes: Buffer): void {
    this.#pieces.push({ segment, from, end: from + bytes.length, bytes })
    this.#bytes += bytes.length
    let drop = 0
    while (this.#bytes > this.#bytesMax && drop < this.#pieces.length - 1) {
      this.#bytes -= (this.#pieces[drop++] as Piece).bytes.length
    }
    if (drop > 0) this.#pieces = this.#pieces.slice(drop)
  }

  /** The bytes of that range when one piece holds all of it. */
  find(segment: number, from: number, length: number): Buffer | undefined {
    for (let i = this.#pieces.length - 1; i >= 0; i--) {
      const piece = this.#pieces[i] as Piece
      if (piece.segment === segment && from >= piece.from && from + length <= piece.end) {
        return piece.bytes.subarray(from - piece.from, from - piece.from + length)
      }
    }
    return undefined
  }
}
