/*
 * What the disk itself takes: append the bytes, fdatasync, again, one at a time. `calls: 'sync'`
 * blocks the thread and is the disk alone; `'async'` goes through Node's thread pool, as anything
 * must that keeps serving meanwhile.
 */

import { Buffer } from 'node:buffer'
import { closeSync, fdatasync, fdatasyncSync, openSync, write, writeSync } from 'node:fs'
import { join } from 'node:path'
import { closedLoop, type Load, type LoadResult } from './closed-loop.ts'
import { runClient } from './run-client.ts'

export interface DiskAppendSettings {
  readonly directory: string
  readonly load: Load
  readonly bytes: number
  readonly calls: 'sync' | 'async'
}

runClient(async (settings: DiskAppendSettings): Promise<LoadResult> => {
  const descriptor = openSync(join(settings.directory, 'append.log'), 'wx')
  const bytes = Buffer.alloc(settings.bytes, 'homing ')
  const position = (n: number): number => n * bytes.length
  const appendSync = async (n: number): Promise<void> => {
    writeSync(descriptor, bytes, 0, bytes.length, position(n))
    fdatasyncSync(descriptor)
  }
  const appendAsync = (n: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const synced = (error: Error | null): void => (error ? reject(error) : resolve())
      write(descriptor, bytes, 0, bytes.length, position(n), (error) =>
        error ? reject(error) : fdatasync(descriptor, synced),
      )
    })
  const result = await closedLoop(
    settings.load,
    settings.calls === 'sync' ? appendSync : appendAsync,
  )
  closeSync(descriptor)
  return result
})
