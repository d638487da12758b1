/*
 * What of the machine the server uses, and how much it may.
 */

import { readdir, readFile, statfs } from 'node:fs/promises'
import process from 'node:process'
import v8 from 'node:v8'
import type { Marks } from './gauges.ts'

export interface Resources {
  /** Bytes that the program holds. */
  readonly memoryBytes: number
  /** Bytes that the system has lent to the process. */
  readonly residentBytes: number
  /** In use above which publishers are blocked. */
  readonly memoryBytesMax: number
  /** Undefined for an engine in memory, or where the system does not tell. */
  readonly diskFreeBytes: number | undefined
  /** Free below which publishers are blocked. */
  readonly diskFreeBytesMin: number
  /** Open files and sockets; undefined where the system does not tell. */
  readonly openFiles: number | undefined
  readonly openFilesMax: number | undefined
}

/** `directory`: of the data, undefined in memory. Never fails. */
export async function readResources(
  marks: Marks,
  directory: string | undefined,
): Promise<Resources> {
  const { used_heap_size, external_memory } = v8.getHeapStatistics()
  const [diskFreeBytes, openFiles, openFilesMax] = await Promise.all([
    told(directory === undefined ? undefined : freeBytes(directory)),
    told(readdir('/proc/self/fd').then(({ length }) => length)),
    told(readFile('/proc/self/limits', 'utf8').then(openFilesLimit)),
  ])
  return {
    memoryBytes: used_heap_size + external_memory,
    residentBytes: process.memoryUsage.rss(),
    ...marks,
    diskFreeBytes,
    openFiles,
    openFilesMax,
  }
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

function openFilesLimit(text: string): number | undefined {
  const [, soft] = /^Max open files +(\d+)/m.exec(text) ?? []
  return soft === undefined ? undefined : Number(soft)
}

const told = async <T>(answer: Promise<T> | undefined): Promise<T | undefined> => {
  try {
    return await answer
  } catch {
    return undefined
  }
}
