/*
 * A disk in memory, for `memory:` engines: nothing survives the process, `sync` costs nothing.
 * Files grow by doubling, like the arrays they are.
 */

import type { Disk, DiskFile } from './disk.ts'

class MemoryFile implements DiskFile {
  #bytes = Buffer.alloc(0)
  #size = 0

  async write(bytes: Uint8Array, position: number): Promise<void> {
    const end = position + bytes.length
    if (end > this.#bytes.length) {
      const larger = Buffer.alloc(Math.max(end, this.#bytes.length * 2, 4096))
      this.#bytes.copy(larger, 0, 0, this.#size)
      this.#bytes = larger
    }
    this.#bytes.set(bytes, position)
    this.#size = Math.max(this.#size, end)
  }

  async sync(): Promise<void> {}

  async read(into: Uint8Array, position: number): Promise<number> {
    const part = this.#bytes.subarray(position, Math.min(position + into.length, this.#size))
    into.set(part)
    return part.length
  }

  async size(): Promise<number> {
    return this.#size
  }

  async close(): Promise<void> {}
}

export function memoryDisk(): Disk {
  const files = new Map<string, MemoryFile>()
  const existing = (name: string): MemoryFile => {
    const file = files.get(name)
    if (!file) throw Object.assign(new Error(`no file ${name} in memory`), { code: 'ENOENT' })
    return file
  }
  return {
    async create(name) {
      if (files.has(name)) throw Object.assign(new Error(`${name} exists`), { code: 'EEXIST' })
      const file = new MemoryFile()
      files.set(name, file)
      return file
    },
    open: async (name) => existing(name),
    list: async () => [...files.keys()],
    async rename(from, to) {
      files.set(to, existing(from))
      files.delete(from)
    },
    async remove(name) {
      existing(name)
      files.delete(name)
    },
    async syncDirectory() {},
    freeBytes: async () => Number.POSITIVE_INFINITY,
  }
}
