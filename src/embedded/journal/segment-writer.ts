/*
 * Bytes to a segment, as durable as `sync` asks.
 *
 *   always        write + fdatasync, before the batch is told
 *   { everyMs }   write; fdatasync by a timer            never   write
 *
 * Rule: a batch that met a full disk is written again as a whole, into the room that the reserve
 * leaves; every other error is the end of the journal, which its caller sees to. Where syncs are not
 * waited for, a segment is synced once more before the first write to the next one.
 */

import { type Clock, sleep, type Timer } from '../../clock.ts'
import type { DiskFile } from './disk.ts'
import type { Reserve } from './reserve.ts'

/** `always`: a confirm waits for fdatasync. `never`, `{ everyMs }`: it waits for the write only. */
export type Sync = 'always' | 'never' | { readonly everyMs: number }

const fullRetryMs = 100

export class SegmentWriter {
  readonly #clock: Clock
  readonly #sync: Sync
  readonly #reserve: Reserve
  readonly #onFailed: (error: unknown) => void
  #timer: Timer | undefined
  /** The file of the last write. */
  #file: DiskFile | undefined

  constructor(parts: {
    clock: Clock
    sync: Sync
    reserve: Reserve
    /** A sync that no batch waits for has failed. */
    onFailed: (error: unknown) => void
  }) {
    this.#clock = parts.clock
    this.#sync = parts.sync
    this.#reserve = parts.reserve
    this.#onFailed = parts.onFailed
  }

  async write(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
    for (;;) {
      try {
        await this.#writeOnce(file, bytes, position)
        if (this.#reserve.full) await this.#reserve.retake()
        return
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code
        if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error
        const first = !this.#reserve.full
        await this.#reserve.giveUp()
        if (!first) await sleep(this.#clock, fullRetryMs)
      }
    }
  }

  async #writeOnce(file: DiskFile, bytes: Uint8Array, position: number): Promise<void> {
    if (this.#sync === 'always') {
      if (file.writeSynced) return file.writeSynced(bytes, position)
      await file.write(bytes, position)
      return file.sync()
    }
    if (this.#file !== file) await this.#file?.sync()
    this.#file = file
    await file.write(bytes, position)
    this.#syncLater()
  }

  #syncLater(): void {
    if (typeof this.#sync !== 'object' || this.#timer) return
    this.#timer = this.#clock.after(this.#sync.everyMs, () => {
      this.#timer = undefined
      this.safe().catch(() => undefined)
    })
  }

  /** What was written is durable, whatever `sync` says. A sync that fails ends the journal. */
  async safe(): Promise<void> {
    if (this.#sync === 'always') return
    try {
      await this.#file?.sync()
    } catch (error) {
      this.#onFailed(error)
      throw error
    }
  }

  stop(): void {
    this.#timer?.cancel()
  }
}
