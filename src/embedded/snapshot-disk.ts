/*
 * A directory as it was at one moment, for reading only: names and sizes are taken at once, what is
 * appended or made later is not seen, nothing can be changed.
 *
 * Rule: sizes of journal segments are taken newest first. What a newer segment holds was written
 * after everything in the older ones, so a picture taken in this order has no hole, even while
 * another process goes on writing.
 */

import fs from 'node:fs'
import fsPromises from 'node:fs/promises'
import { join } from 'node:path'
import { HomingError } from '../errors.ts'
import type { Disk, DiskFile } from './journal/disk.ts'
import { segmentNumber } from './journal/segment.ts'

export interface SnapshotDisk extends Disk {
  /** Bytes of each file, by name. */
  readonly sizes: ReadonlyMap<string, number>
}

export function snapshotDisk(directory: string): SnapshotDisk {
  const sizes = sizesOf(directory)
  const refuse = (): Promise<never> => Promise.reject(readOnly(directory))
  return {
    sizes,
    list: () => Promise.resolve([...sizes.keys()]),
    open: async (name) => {
      const handle = await fsPromises.open(join(directory, name), 'r')
      return new SnapshotFile(handle, sizes.get(name) ?? 0, directory)
    },
    create: refuse,
    rename: refuse,
    remove: refuse,
    syncDirectory: refuse,
    freeBytes: () => Promise.resolve(Number.POSITIVE_INFINITY),
  }
}

class SnapshotFile implements DiskFile {
  readonly #handle: fsPromises.FileHandle
  readonly #bytes: number
  readonly #directory: string

  constructor(handle: fsPromises.FileHandle, bytes: number, directory: string) {
    this.#handle = handle
    this.#bytes = bytes
    this.#directory = directory
  }

  async read(into: Uint8Array, position: number): Promise<number> {
    const wanted = Math.max(0, Math.min(into.length, this.#bytes - position))
    let count = 0
    while (count < wanted) {
      const { bytesRead } = await this.#handle.read(into, count, wanted - count, position + count)
      if (bytesRead === 0) break
      count += bytesRead
    }
    return count
  }

  write(): Promise<never> {
    return Promise.reject(readOnly(this.#directory))
  }

  /** Recovery makes sure of what it believes. Nothing was written here, so there is nothing to do. */
  sync(): Promise<void> {
    return Promise.resolve()
  }

  size(): Promise<number> {
    return Promise.resolve(this.#bytes)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

function sizesOf(directory: string): Map<string, number> {
  const names = fs
    .readdirSync(directory)
    .sort((a, b) => (segmentNumber(b) ?? 0) - (segmentNumber(a) ?? 0))
  const sizes = new Map<string, number>()
  for (const name of names) {
    // A file may go away between the two calls; then it was not needed any more.
    const stats = fs.statSync(join(directory, name), { throwIfNoEntry: false })
    if (stats?.isFile()) sizes.set(name, stats.size)
  }
  return sizes
}

const readOnly = (directory: string): HomingError =>
  new HomingError('not-permitted', `${directory} was opened for reading only`)
