/*
 * The first eight bytes of a connection: `AMQP 0 0 9 1` (AMQP 0-9-1 §4.2.2), cut anywhere.
 */

const expected = Uint8Array.of(0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1)

export class ProtocolHeader {
  #count = 0

  /** Takes bytes of it from the chunk: how many, or -1 as soon as it is another protocol. */
  take(chunk: Uint8Array): number {
    let taken = 0
    while (this.#count < expected.length && taken < chunk.length) {
      if (chunk[taken] !== expected[this.#count]) return -1
      this.#count++
      taken++
    }
    return taken
  }

  get isComplete(): boolean {
    return this.#count === expected.length
  }
}
