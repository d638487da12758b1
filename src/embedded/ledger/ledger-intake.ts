import type { LedgerBatch } from './ledger.ts'

/** Batches that go to the worker in one piece and are stored in one transaction. */
export interface LedgerChunk {
  events: ArrayBuffer
  /** Bytes of the buffer that hold events. */
  readonly length: number
  /** LSN of the last of them. */
  readonly lastLsn: number
}

const chunkBytesMin = 256 * 1024
/** About 20,000 outcomes: a transaction that takes a tenth of a second. */
const chunkBytesMax = 4 * 1024 * 1024
const sparesMax = 2

/**
 * Gathers what is fed into chunks, by copying: the bytes fed belong to the journal. Buffers come
 * back from the worker and are used again.
 */
export class LedgerIntake {
  readonly #full: LedgerChunk[] = []
  readonly #spares: ArrayBuffer[] = []
  #bytes = new Uint8Array(0)
  #length = 0
  #lastLsn: number | undefined

  get isEmpty(): boolean {
    return this.#full.length === 0 && this.#lastLsn === undefined
  }

  /** Enough gathered that waiting for more saves nothing. */
  get isPlenty(): boolean {
    return this.#full.length > 0 || this.#length >= chunkBytesMin
  }

  push({ events, lastLsn }: LedgerBatch): void {
    if (this.#length > 0 && this.#length + events.length > chunkBytesMax) this.#seal()
    this.#ensure(this.#length + events.length)
    this.#bytes.set(events, this.#length)
    this.#length += events.length
    this.#lastLsn = lastLsn
  }

  /** The oldest chunk, or undefined when nothing waits. */
  take(): LedgerChunk | undefined {
    if (this.#full.length === 0) this.#seal()
    return this.#full.shift()
  }

  giveBack(events: ArrayBuffer): void {
    const isUsual = events.byteLength >= chunkBytesMin && events.byteLength <= chunkBytesMax
    if (isUsual && this.#spares.length < sparesMax) this.#spares.push(events)
  }

  /** Drops what was gathered. */
  clear(): void {
    this.#full.length = 0
    this.#spares.length = 0
    this.#startOver()
  }

  #seal(): void {
    if (this.#lastLsn === undefined) return
    const { buffer: events } = this.#bytes
    this.#full.push({ events, length: this.#length, lastLsn: this.#lastLsn })
    this.#startOver()
  }

  #startOver(): void {
    this.#bytes = new Uint8Array(0)
    this.#length = 0
    this.#lastLsn = undefined
  }

  #ensure(bytes: number): void {
    if (bytes <= this.#bytes.length) return
    const spare = this.#spares.pop()
    const larger =
      spare !== undefined && spare.byteLength >= bytes
        ? new Uint8Array(spare)
        : new Uint8Array(Math.max(chunkBytesMin, this.#bytes.length * 2, bytes))
    larger.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = larger
  }
}
