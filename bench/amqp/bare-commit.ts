/*
 * The log of the bare loop: what is appended gathers, one write and one fdatasync go for all of it,
 * then everyone whose message was in it is told, once each.
 */

import { Buffer } from 'node:buffer'
import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'

interface Told {
  /** Messages up to that number are safe. */
  confirm(count: number): void
}

const recordHeaderBytes = 8

export class BareCommit {
  readonly #file: FileHandle
  #gathering: Buffer = Buffer.allocUnsafeSlow(1 << 20)
  #written: Buffer = Buffer.allocUnsafeSlow(1 << 20)
  #length = 0
  #position = 0
  #told = new Map<Told, number>()
  #committing = false

  constructor(file: FileHandle) {
    this.#file = file
  }

  append(bytes: Buffer, from: number, end: number): void {
    const length = end - from
    const at = this.#length
    if (at + recordHeaderBytes + length > this.#gathering.length) this.#grow(length)
    this.#length = at + recordHeaderBytes + length
    bytes.copy(this.#gathering, at + recordHeaderBytes, from, end)
    this.#gathering.writeUInt32LE(length, at)
    this.#gathering.writeUInt32LE(crc32(bytes.subarray(from, end)), at + 4)
    if (this.#committing) return
    this.#committing = true
    setImmediate(() => this.#commitAll())
  }

  whenSynced(told: Told, count: number): void {
    this.#told.set(told, count)
  }

  #grow(length: number): void {
    const larger = Buffer.allocUnsafeSlow(2 * (this.#gathering.length + length))
    this.#gathering.copy(larger, 0, 0, this.#length)
    this.#gathering = larger
  }

  async #commitAll(): Promise<void> {
    while (this.#length > 0) {
      const batch = this.#gathering.subarray(0, this.#length)
      const told = this.#told
      ;[this.#gathering, this.#written] = [this.#written, this.#gathering]
      this.#length = 0
      this.#told = new Map()
      await this.#file.write(batch, 0, batch.length, this.#position)
      this.#position += batch.length
      await this.#file.datasync()
      for (const [one, count] of told) one.confirm(count)
      // What comes of it is read before the next batch is closed.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    this.#committing = false
  }
}
