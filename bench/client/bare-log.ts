/*
 * The floor under confirmed sends: the same bytes in a plain append-only file, with the same group
 * commit and a checksum a record, and nothing else. No queue, no id, no index, no consumer.
 *
 *   u32 length · u32 crc32 of the body · body        one write + one fdatasync for all who wait
 */

import { Buffer } from 'node:buffer'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'
import { runClient } from './run-client.ts'

export interface BareLogSettings {
  readonly directory: string
  readonly load: Load
  readonly bodyBytes: number
}

const headerBytes = 8

class BareLog {
  readonly #file: FileHandle
  #gathering = Buffer.allocUnsafeSlow(1 << 20)
  #written = Buffer.allocUnsafeSlow(1 << 20)
  #length = 0
  #waiting: (() => void)[] = []
  #position = 0
  #committing = false

  constructor(file: FileHandle) {
    this.#file = file
  }

  /** Resolves when the body is synced. */
  append(body: Uint8Array): Promise<void> {
    const at = this.#reserve(headerBytes + body.length)
    this.#gathering.writeUInt32LE(body.length, at)
    this.#gathering.writeUInt32LE(crc32(body), at + 4)
    this.#gathering.set(body, at + headerBytes)
    const synced = new Promise<void>((resolve) => this.#waiting.push(resolve))
    if (!this.#committing) {
      this.#committing = true
      // After this turn, so that all who append in it share the first commit as well.
      setImmediate(() => this.#commitAll())
    }
    return synced
  }

  #reserve(bytes: number): number {
    const at = this.#length
    this.#length += bytes
    if (this.#length > this.#gathering.length) {
      const larger = Buffer.allocUnsafeSlow(this.#length * 2)
      this.#gathering.copy(larger, 0, 0, at)
      this.#gathering = larger
    }
    return at
  }

  async #commitAll(): Promise<void> {
    while (this.#length > 0) {
      const batch = this.#gathering.subarray(0, this.#length)
      const told = this.#waiting
      ;[this.#gathering, this.#written] = [this.#written, this.#gathering]
      this.#length = 0
      this.#waiting = []
      await this.#file.write(batch, 0, batch.length, this.#position)
      this.#position += batch.length
      await this.#file.datasync()
      for (const resolve of told) resolve()
      // Whoever was just told appends its next record before the next batch is closed.
      await new Promise<void>((resolve) => setImmediate(resolve))
    }
    this.#committing = false
  }
}

runClient(async (settings: BareLogSettings): Promise<LoadResult> => {
  const file = await open(join(settings.directory, 'bare.log'), 'wx')
  const log = new BareLog(file)
  const body = Buffer.alloc(settings.bodyBytes, 'homing ')
  const result = await closedLoop(settings.load, () => log.append(body))
  await file.close()
  return result
})
