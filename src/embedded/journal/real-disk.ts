/*
 * The real disk: one directory, through node:fs. Directories are 0700, files 0600.
 * Callbacks instead of fs/promises: one thread-pool hop and no extra object per operation.
 */

import fs from 'node:fs'
import { join } from 'node:path'
import type { Disk, DiskFile } from './disk.ts'

const promised = <T>(start: (done: (error: Error | null, value: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => {
    start((error, value) => (error ? reject(error) : resolve(value)))
  })

function writeAll(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const step = (from: number): void => {
      fs.write(fd, bytes, from, bytes.length - from, position + from, (error, written) => {
        if (error) reject(error)
        else if (from + written === bytes.length) resolve()
        else step(from + written)
      })
    }
    step(0)
  })
}

class RealFile implements DiskFile {
  readonly #fd: number
  readonly #path: string
  /** The same file, opened O_DSYNC: a write to it returns when it is durable. */
  #syncedFd: number | undefined

  constructor(fd: number, path: string) {
    this.#fd = fd
    this.#path = path
  }

  write(bytes: Uint8Array, position: number): Promise<void> {
    return writeAll(this.#fd, bytes, position)
  }

  async writeSynced(bytes: Uint8Array, position: number): Promise<void> {
    this.#syncedFd ??= this.#openSynced()
    if (this.#syncedFd !== undefined) return writeAll(this.#syncedFd, bytes, position)
    await this.write(bytes, position)
    await this.sync()
  }

  /** Undefined when too many files are open: that is no reason to end the journal. */
  #openSynced(): number | undefined {
    try {
      return fs.openSync(this.#path, fs.constants.O_WRONLY | fs.constants.O_DSYNC)
    } catch {
      return undefined
    }
  }

  sync(): Promise<void> {
    return promised<void>((done) => fs.fdatasync(this.#fd, (error) => done(error, undefined)))
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      const step = (from: number): void => {
        fs.read(this.#fd, into, from, into.length - from, position + from, (error, count) => {
          if (error) reject(error)
          else if (count === 0 || from + count === into.length) resolve(from + count)
          else step(from + count)
        })
      }
      step(0)
    })
  }

  async size(): Promise<number> {
    return (await promised<fs.Stats>((done) => fs.fstat(this.#fd, done))).size
  }

  close(): Promise<void> {
    if (this.#syncedFd !== undefined) fs.closeSync(this.#syncedFd)
    return promised<void>((done) => fs.close(this.#fd, (error) => done(error ?? null, undefined)))
  }
}

export function realDisk(directory: string): Disk {
  const path = (name: string): string => join(directory, name)
  const open = async (name: string, flags: string): Promise<DiskFile> =>
    new RealFile(
      await promised<number>((done) => fs.open(path(name), flags, 0o600, done)),
      path(name),
    )
  return {
    create: (name) => open(name, 'wx+'),
    open: (name) => open(name, 'r+'),
    list: () => promised<string[]>((done) => fs.readdir(directory, done)),
    rename: (from, to) =>
      promised<void>((done) => fs.rename(path(from), path(to), (error) => done(error, undefined))),
    remove: (name) =>
      promised<void>((done) => fs.unlink(path(name), (error) => done(error, undefined))),
    async syncDirectory() {
      const fd = await promised<number>((done) => fs.open(directory, 'r', done))
      try {
        await promised<void>((done) => fs.fsync(fd, (error) => done(error, undefined)))
      } finally {
        fs.closeSync(fd)
      }
    },
    async freeBytes() {
      const stats = await promised<fs.StatsFs>((done) => fs.statfs(directory, done))
      return stats.bavail * stats.bsize
    },
  }
}
