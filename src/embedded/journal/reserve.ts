/*
 * The reserve: a file of real bytes that nobody needs, given up when the disk is full.
 *
 * Rule: a full disk refuses new messages, and must still take the settlements of those it has
 * (invariant 42). What was gathered when the disk ran full is written into the room that giving up
 * the reserve makes; new messages are refused until the reserve could be made again.
 */

import type { Disk } from './disk.ts'

const name = 'reserve'
const chunkBytes = 256 * 1024

export class Reserve {
  readonly #disk: Disk
  readonly #bytes: number
  /** True while the reserve is given up. */
  full = false

  constructor(disk: Disk, bytes: number) {
    this.#disk = disk
    this.#bytes = bytes
  }

  /** Makes the reserve, smaller on a small disk. Leaves `full` set when there is no room for it. */
  async make(): Promise<void> {
    await this.#disk.remove(name).catch(() => undefined)
    const free = await this.#disk.freeBytes()
    // In memory there is nothing to reserve; a nearly full disk has nothing to give.
    if (free === Number.POSITIVE_INFINITY) return
    const wanted = Math.min(this.#bytes, Math.floor(free / 8))
    try {
      if (wanted < chunkBytes / 64) throw new Error('no room')
      await this.#fill(wanted)
      this.full = false
    } catch {
      await this.#disk.remove(name).catch(() => undefined)
      this.full = true
    }
  }

  async #fill(bytes: number): Promise<void> {
    const file = await this.#disk.create(name)
    try {
      const chunk = Buffer.alloc(Math.min(chunkBytes, bytes))
      for (let at = 0; at < bytes; at += chunk.length) {
        await file.write(chunk.subarray(0, Math.min(chunk.length, bytes - at)), at)
      }
    } finally {
      await file.close()
    }
  }

  /** Gives the room back to the disk. Harmless when already given up. */
  async giveUp(): Promise<void> {
    this.full = true
    await this.#disk.remove(name).catch(() => undefined)
  }

  /** Takes the reserve again once there is room for it twice; clears `full` when it worked. */
  async retake(): Promise<void> {
    const free = await this.#disk.freeBytes().catch(() => 0)
    if (this.full && free >= 2 * Math.min(this.#bytes, chunkBytes)) await this.make()
  }
}
