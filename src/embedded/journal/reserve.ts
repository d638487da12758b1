/*
 * The reserve: a file of real bytes that nobody needs, given up when the disk is full.
 *
 * Rule: a full disk refuses new messages, and must still take the settlements of those it has
 * (invariant 42). What was gathered when the disk ran full is written into the room that giving up
 * the reserve makes; new messages are refused until the reserve could be made again. Making it and
 * giving it up wait for each other: half of one and half of the other would leave none.
 */

import type { Disk } from './disk.ts'

const name = 'reserve'
const chunkBytes = 256 * 1024
/** Less is no reserve worth having. */
const usefulBytes = 4 * 1024

export class Reserve {
  readonly #disk: Disk
  readonly #bytes: number
  #making: Promise<void> | undefined
  /** True while the reserve is given up. */
  full = false

  constructor(disk: Disk, bytes: number) {
    this.#disk = disk
    this.#bytes = bytes
  }

  /** Makes the reserve, smaller on a small disk. Leaves `full` set when there is no room for it. */
  make(): Promise<void> {
    this.#making ??= this.#make().finally(() => {
      this.#making = undefined
    })
    return this.#making
  }

  /**
   * Begins to make the reserve: resolves when it is known whether there is room, so that opening an
   * engine does not wait for megabytes of zeros.
   */
  async begin(): Promise<void> {
    const room = Promise.withResolvers<void>()
    this.#making ??= this.#make(room.resolve).finally(() => {
      room.resolve()
      this.#making = undefined
    })
    await room.promise
  }

  /** Resolves when nothing is being made. */
  async rest(): Promise<void> {
    await this.#making
  }

  async #make(roomIsKnown: () => void = () => undefined): Promise<void> {
    await this.#remove()
    try {
      const free = await this.#disk.freeBytes()
      const wanted = Math.min(this.#bytes, Math.floor(free / 8))
      if (wanted < Math.min(this.#bytes, usefulBytes)) throw new Error('no room')
      roomIsKnown()
      // In memory there is nothing to reserve.
      if (free < Number.POSITIVE_INFINITY && wanted > 0) await this.#fill(wanted)
      this.full = false
    } catch {
      await this.#remove()
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
    await this.#making?.catch(() => undefined)
    this.full = true
    await this.#remove()
  }

  /** Takes the reserve again once there is room for it twice; clears `full` when it worked. */
  async retake(): Promise<void> {
    if (!this.full || this.#making) return this.#making
    const free = await this.#disk.freeBytes().catch(() => 0)
    const enough = 2 * Math.max(usefulBytes, Math.min(this.#bytes, chunkBytes))
    if (this.full && free >= enough) await this.make()
  }

  async #remove(): Promise<void> {
    await this.#disk.remove(name).catch(() => undefined)
  }
}
