/*
 * One open file of a simulated disk. The disk runs its operations, so that they are numbered, can fail
 * and take time; this file says what each of them does to the bytes.
 */

import type { DiskFile } from '../embedded/journal/disk.ts'
import { type DiskOperationKind, diskError } from './disk-fault.ts'
import { beginSync, beginWrite, type Inode } from './disk-state.ts'
import type { RandomSource } from './random.ts'

export interface Effect<T> {
  /** Runs when the operation takes effect. */
  readonly end: () => T
  /** Runs instead when it fails. */
  readonly fail?: () => void
}

/** What a file needs of its disk. */
export interface DiskMachine {
  readonly random: RandomSource
  /** Bytes that still fit. */
  roomBytes(): number
  operate<T>(
    kind: DiskOperationKind,
    name: string,
    bytes: number,
    begin: (shorten: boolean) => Effect<T>,
  ): Promise<T>
}

export class SimulatedFile implements DiskFile {
  readonly #disk: DiskMachine
  readonly #name: string
  readonly #inode: Inode
  #closed = false

  constructor(disk: DiskMachine, name: string, inode: Inode) {
    this.#disk = disk
    this.#name = name
    this.#inode = inode
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return this.#disk.operate('write', this.#name, bytes.length, (shorten) => {
      this.#mustBeOpen('write')
      const takenBytes = shorten
        ? this.#disk.random.below(bytes.length)
        : this.#fitting(bytes, position)
      const copy = bytes.slice(0, takenBytes)
      const show = beginWrite(this.#inode, copy, position)
      return {
        end: () => {
          show()
          if (takenBytes < bytes.length) throw diskError('ENOSPC', 'write', this.#name)
          this.#mustBeSame(bytes, copy)
        },
      }
    })
  }

  sync(): Promise<void> {
    return this.#disk.operate('sync', this.#name, 0, () => {
      this.#mustBeOpen('fdatasync')
      const sync = beginSync(this.#inode)
      return { end: sync.succeed, fail: () => sync.fail(this.#disk.random) }
    })
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return this.#disk.operate('read', this.#name, into.length, () => {
      this.#mustBeOpen('read')
      return {
        end: () => {
          const { seen, seenLength } = this.#inode
          const found = seen.subarray(
            Math.min(position, seenLength),
            Math.min(position + into.length, seenLength),
          )
          into.set(found)
          return found.length
        },
      }
    })
  }

  size(): Promise<number> {
    return this.#disk.operate('size', this.#name, 0, () => {
      this.#mustBeOpen('fstat')
      return { end: () => this.#inode.seenLength }
    })
  }

  close(): Promise<void> {
    return this.#disk.operate('close', this.#name, 0, () => {
      this.#mustBeOpen('close')
      this.#closed = true
      return { end: () => {} }
    })
  }

  #fitting(bytes: Uint8Array, position: number): number {
    const growthBytes = position + bytes.length - this.#inode.seenLength
    const missingBytes = Math.max(0, growthBytes - this.#disk.roomBytes())
    return Math.max(0, bytes.length - missingBytes)
  }

  #mustBeOpen(call: string): void {
    if (this.#closed) throw diskError('EBADF', call, this.#name)
  }

  /** The kernel may read the buffer at any moment of the call, so it must not change meanwhile. */
  #mustBeSame(bytes: Uint8Array, copy: Uint8Array): void {
    for (let n = 0; n < copy.length; n++) {
      if (bytes[n] !== copy[n])
        throw new Error(`bytes of a write to '${this.#name}' changed under way`)
    }
  }
}
